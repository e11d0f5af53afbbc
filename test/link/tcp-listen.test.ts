import net from 'node:net';
import test from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/contract/transport.ts';
import { openCloudLink } from '../../src/link/cloud-link.ts';
import { openEdgeLink } from '../../src/link/edge-link.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { hello, recorder, segment, welcome } from './fixtures.ts';
import { clock, connected, loopback, never, watch } from './tcp-fixtures.ts';

test('a port in use is named, with advice', async (t) => {
  const transport = createTcpTransport({ clock });
  const listener = await transport.listen(loopback, () => {});
  const error = await t.throwsAsync(
    transport.listen({ ...loopback, port: listener.port }, () => {}),
    {
      code: 'address-in-use',
      message: `another process listens on 127.0.0.1:${listener.port}`,
    },
  );
  t.regex((error as unknown as Problem).advice, /choose another port/);
  await listener.close();
});

test('an address of another machine, and a port that cannot be, are refused', async (t) => {
  const transport = createTcpTransport({ clock });
  await t.throwsAsync(
    transport.listen({ host: '192.0.2.1', port: 0 }, () => {}),
    { code: 'address-refused', message: /192\.0\.2\.1:0 is no address of this machine/ },
  );
  await t.throwsAsync(
    transport.listen({ host: '127.0.0.1', port: 70_000 }, () => {}),
    { code: 'address-refused' },
  );
});

test('a listener that was closed frees its address at once, and its connections live on', async (t) => {
  const { transport, listener, near, far } = await connected();
  await listener.close();
  await listener.close();
  const again = await transport.listen({ ...loopback, port: listener.port }, () => {});
  const farSide = watch(far);
  watch(near);
  near.write(Buffer.from('still here'));
  await farSide.until(() => farSide.text() === 'still here');
  near.destroy();
  await farSide.closed();
  await again.close();
  t.pass();
});

for (const [cap, caps] of [
  ['connections.max', { maxConnections: 1 }],
  ['connections.per-address', { maxConnectionsPerAddress: 1 }],
  ['connections.ungreeted', { maxUngreeted: 1 }],
] as const) {
  test(`beyond ${cap} a connection is turned away and counted; a place that gets free is given again`, async (t) => {
    const away: [string, string][] = [];
    let turned: () => void = () => {};
    const turnedAway = new Promise<void>((resolve) => {
      turned = resolve;
    });
    const transport = createTcpTransport({
      clock,
      caps,
      turnedAway(remote, why) {
        away.push([remote, why]);
        turned();
      },
    });
    const accepted: Connection[] = [];
    const waiting: (() => void)[] = [];
    const listener = await transport.listen(loopback, (connection) => {
      accepted.push(connection);
      watch(connection);
      waiting.shift()?.();
    });
    const dial = () => transport.dial({ ...loopback, port: listener.port, timeoutMs: 5_000, signal: never });
    const next = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    const firstAccepted = next();
    const first = watch(await dial());
    await firstAccepted;
    const second = await dial().then(watch, () => undefined);
    await turnedAway;
    await second?.closed();
    t.is(away[0]![1], `${cap} is reached`);
    t.regex(away[0]![0], /^127\.0\.0\.1:\d+$/);
    t.is(first.closes.length, 0);
    if (cap === 'connections.ungreeted') {
      accepted[0]!.greeted?.();
      accepted[0]!.greeted?.();
    } else {
      accepted[0]!.destroy();
      await first.closed();
    }
    const thirdAccepted = next();
    const third = await dial();
    await thirdAccepted;
    t.is(accepted.length, 2);
    third.destroy();
    for (const connection of accepted) connection.destroy();
    await listener.close();
  });
}

test('an address that fills the places of strangers does not keep others out', async (t) => {
  const away: string[] = [];
  const transport = createTcpTransport({
    clock,
    caps: { maxUngreeted: 2 },
    turnedAway: (_, why) => void away.push(why),
  });
  const connections: Connection[] = [];
  const accepted = Promise.withResolvers<void>();
  const listener = await transport.listen(loopback, (connection) => {
    connections.push(connection);
    watch(connection);
    if (connections.length === 3) accepted.resolve();
  });
  const target = { ...loopback, port: listener.port, timeoutMs: 5_000, signal: never };
  const oldest = watch(await transport.dial(target));
  const younger = watch(await transport.dial(target));
  const other = net.connect({ host: loopback.host, port: listener.port, localAddress: '127.0.0.2' });
  t.teardown(() => other.destroy());
  await accepted.promise;
  await oldest.closed();
  t.is(younger.closes.length, 0);
  t.regex(connections[2]!.remote, /^127\.0\.0\.2:/);
  t.deepEqual(away, ['connections.ungreeted is reached, and its address has most of them']);
  for (const connection of connections) connection.destroy();
  await listener.close();
});

test('a whole link over TCP', async (t) => {
  const { listener, near, far } = await connected();
  const edgeSide = recorder();
  const cloudSide = recorder();
  const cloud = openCloudLink(far, { clock, on: cloudSide.on });
  const segments = new Promise<void>((resolve) => {
    cloudSide.on.segment = (header) => {
      cloud.acknowledge(header.stream, header.sequence, header.hash, []);
      if (header.sequence === 50) resolve();
    };
  });
  cloudSide.on.goodbye = () => cloud.goodbye('bye');
  const edge = openEdgeLink(near, { clock, hello, on: edgeSide.on });
  t.is((await cloud.hello).edge, 'attic');
  cloud.welcome(welcome);
  await edge.greeting;
  for (let sequence = 1; sequence <= 50; sequence++) {
    const { header, body } = segment(sequence, { body: Buffer.alloc(200_000, sequence) });
    await edge.send(header, body);
  }
  await segments;
  await edge.goodbye('stopping');
  t.is(edgeSide.acks.length, 50);
  t.is(edgeSide.log.at(-1), 'closed in order');
  await listener.close();
});
