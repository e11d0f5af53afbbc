import test from 'ava';
import type { Connection } from '../../src/contract/transport.ts';
import { createSimNetwork } from '../../src/sim/network.ts';
import { createVirtualClock } from '../../src/sim/virtual-clock.ts';
import { transportSuite, watchEnd } from '../suites/transport.ts';

transportSuite(test, 'simulated', async () => {
  const clock = createVirtualClock();
  const access = createSimNetwork(clock).join('here');
  return {
    transport: access.transport,
    capped(caps) {
      const turnedAway: string[] = [];
      const note = (remote: string, why: string) => turnedAway.push(`${remote} ${why}`);
      return { transport: access.transportWith({ caps, turnedAway: note }), turnedAway };
    },
    settle: (promise) => clock.until(promise),
  };
});

const { signal } = new AbortController();
const at = { host: '127.0.0.1', port: 7070 };

/** Two edges and a cloud that echoes. */
async function three() {
  const clock = createVirtualClock();
  const network = createSimNetwork(clock);
  const cloud = network.join('cloud');
  const taken: { remote: string; end: ReturnType<typeof watchEnd> }[] = [];
  await cloud.transport.listen(at, (connection: Connection) => {
    taken.push({ remote: connection.remote, end: watchEnd(connection) });
  });
  const edges = new Map(['edge-1', 'edge-2'].map((name) => [name, network.join(name)]));
  const dial = async (name: string) => {
    const connection = await clock.until(
      edges.get(name)!.transport.dial({ ...at, timeoutMs: 5_000, signal }),
    );
    return { connection, ...watchEnd(connection) };
  };
  return { clock, network, cloud, edges, dial, taken };
}

test('what listens on a host of its own is found there first, and by its name from elsewhere', async (t) => {
  const { clock, network, edges, dial, taken } = await three();
  const own: string[] = [];
  for (const [name, { transport }] of edges)
    await transport.listen({ ...at, port: 5_000 }, () => own.push(name));
  for (const [name, { transport }] of edges) {
    await clock.until(transport.dial({ host: 'localhost', port: 5_000, timeoutMs: 1_000, signal }));
    t.is(own.at(-1), name);
  }
  const stranger = network.join('feeder');
  await clock.until(stranger.transport.dial({ host: 'edge-2', port: 5_000, timeoutMs: 1_000, signal }));
  t.is(own.at(-1), 'edge-2');
  await dial('edge-1');
  t.regex(taken[0]!.remote, /^edge-1:\d+$/);
});

test('a partition between two hosts leaves the others alone', async (t) => {
  const { clock, network, dial, taken } = await three();
  const [one, two] = [await dial('edge-1'), await dial('edge-2')];
  network.blackHole(['edge-1', 'cloud']);
  for (const { connection } of [one, two]) connection.write(Buffer.from('x'));
  await clock.advance(60_000);
  t.deepEqual(
    taken.map(({ end }) => end.seen.text),
    ['', 'x'],
  );
  await t.throwsAsync(dial('edge-1'), { message: /no answer within 5000 ms/ });
  await dial('edge-2');
  network.heal(['edge-1', 'cloud']);
  await dial('edge-1');
  t.deepEqual([one.seen.closes, two.seen.closes], [[], []]);
});

test('in a stall nothing is lost, and everything arrives in order once it is over', async (t) => {
  const { clock, network, dial, taken } = await three();
  const one = await dial('edge-1');
  network.stall();
  for (const text of ['a', 'b', 'c']) one.connection.write(Buffer.from(text));
  await clock.advance(10_000);
  t.is(taken[0]!.end.seen.text, '');
  network.heal();
  await clock.advance(10);
  t.is(taken[0]!.end.seen.text, 'abc');
});

test('a connection is cut in the middle of what is under way, and both ends hear of it', async (t) => {
  const { clock, network, dial, taken } = await three();
  const one = await dial('edge-1');
  network.cutAfter(5, ['edge-1', 'cloud']);
  one.connection.write(Buffer.from('123456789'));
  await clock.advance(10);
  t.is(taken[0]!.end.seen.text, '12345');
  t.deepEqual([one.seen.closes[0]?.code, taken[0]!.end.seen.closes[0]?.code], ['link-lost', 'link-lost']);
});

test('an orphaned connection is lost for who dialled and open for who was dialled', async (t) => {
  const { clock, network, dial, taken } = await three();
  const one = await dial('edge-1');
  network.orphan();
  await clock.advance(60_000);
  t.is(one.seen.closes[0]?.code, 'link-lost');
  t.deepEqual(taken[0]!.end.seen.closes, []);
  await dial('edge-1');
  t.is(taken.length, 2);
});

test('a process that dies hears nothing more; its peers hear of a reset, or of nothing when the power went', async (t) => {
  for (const how of ['reset', 'silence'] as const) {
    const { clock, cloud, edges, dial, taken } = await three();
    const one = await dial('edge-1');
    cloud.die(how);
    one.connection.write(Buffer.from('x'));
    await clock.advance(100);
    t.deepEqual(taken[0]!.end.seen, { text: '', bytes: 0, drains: 0, closes: [] });
    t.is(one.seen.closes.length, how === 'reset' ? 1 : 0);
    await t.throwsAsync(dial('edge-2'), { message: /nothing listens there/ });
    edges.get('edge-1')!.die(how);
    await clock.advance(20_000);
    t.is(one.seen.closes.length, how === 'reset' ? 1 : 0);
    t.is(clock.pending, 0);
  }
});

test('latency and bandwidth delay what is under way, and keep its order', async (t) => {
  const clock = createVirtualClock();
  let next = 0;
  const network = createSimNetwork(clock, { bytesPerMs: 10 });
  network.latencyMs = () => [1, 1, 30, 5, 1][next++ % 5]!;
  const access = network.join('here');
  let far: ReturnType<typeof watchEnd> | undefined;
  await access.transport.listen(at, (connection) => {
    far = watchEnd(connection);
  });
  const near = await clock.until(access.transport.dial({ ...at, timeoutMs: 1_000, signal }));
  const startMs = clock.monotonic();
  for (const text of ['a'.repeat(1_000), 'b', 'c']) near.write(Buffer.from(text));
  await clock.until(far!.until(() => far!.seen.bytes === 1_002));
  t.regex(far!.seen.text, /^a+b?c?$/);
  t.true(clock.monotonic() - startMs >= 100);
});
