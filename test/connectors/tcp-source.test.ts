import test, { type ExecutionContext } from 'ava';
import { tcpSource } from '../../machines/tcp-source.ts';
import { tcpSourceEffects } from '../../src/connectors/tcp-source-effects.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { createNetwork, type MemoryNetwork } from '../helpers/memory-network.ts';
import { rawPeer } from '../helpers/pair.ts';
import { dial, type FakeStore, fakeStore, reading, runSource } from './fixtures.ts';

function run(t: ExecutionContext, config: object = {}, store: FakeStore = fakeStore()) {
  const parsed = tcpSource.config.parse({ port: 0, ...config });
  const { max, 'per-address': perAddress } = parsed.connections;
  const caps = { maxConnections: max, maxConnectionsPerAddress: perAddress };
  return runSource(
    t,
    parsed,
    (env) =>
      tcpSourceEffects({
        ...env,
        transport: (turnedAway) => createTcpTransport({ clock: env.clock, caps, turnedAway }),
      }),
    store,
  );
}

const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => reading(from + i)).join('');

test('lines become readings in order, a value that is none gets the device and sensor of the config', async (t) => {
  const source = await run(t, { device: 'gate', sensor: 'door', unit: '1' });
  const sender = dial(t, source.port);
  sender.end(`${reading(1)}7\n{"open":true}\n`);
  await sender.until(() => sender.seen.ended);
  const time = '2026-01-01T00:00:00.000Z';
  t.deepEqual(source.store.readings(), [
    { device: 'd', sensor: 's', value: 1 },
    { device: 'gate', sensor: 'door', time, value: 7, unit: '1' },
    { device: 'gate', sensor: 'door', time, value: { open: true }, unit: '1' },
  ]);
  t.is(source.store.batches[0]!.stream, 'readings');
});

test('a line torn anywhere is one line, and the last one needs no newline', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  for (const byte of reading(1)) {
    sender.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  sender.end(reading(2).trimEnd());
  await sender.until(() => sender.seen.ended);
  t.is(source.store.text(), reading(1) + reading(2));
});

test('a sender that ends sees the end of the connection only when its last line is accepted', async (t) => {
  const source = await run(t);
  source.store.hold();
  const sender = dial(t, source.port);
  sender.end(reading(1));
  await source.clock.flush();
  while (source.store.waiting() === 0) await source.clock.flush();
  await source.clock.flush();
  t.false(sender.seen.ended);
  source.store.resume();
  await sender.until(() => sender.seen.ended);
  t.is(source.store.count(), 1);
});

test('a sender is told after the commit, in sums, with each refused line and its reason before them', async (t) => {
  const source = await run(t, { acks: true, stream: 'doors' });
  source.store.hold();
  const sender = dial(t, source.port);
  sender.send(`${reading(1)}nope\n\n${reading(2)}`);
  while (source.store.waiting() === 0) await source.clock.flush();
  t.is(sender.seen.text, '');
  source.store.resume();
  await sender.until(() => sender.last()?.line === 4);
  const [refusal, sum] = sender.lines();
  t.is(refusal.line, 2);
  t.regex(refusal.refused, /^is not JSON/);
  t.deepEqual(sum, { accepted: 2, refused: 1, line: 4 });
  t.is(source.store.batches[0]!.stream, 'doors');
  sender.end('worse');
  await sender.until(() => sender.seen.ended);
  t.deepEqual(sender.last(), { accepted: 2, refused: 2, line: 5 });
});

test('batches that one commit takes are told of in one line', async (t) => {
  const source = await run(t, { acks: true });
  source.store.hold();
  const sender = dial(t, source.port);
  for (let i = 0; i < 20; i++) {
    sender.send(reading(i));
    while (source.store.waiting() <= i) await source.clock.flush();
  }
  source.store.resume();
  await sender.until(() => sender.last()?.line === 20);
  t.true(sender.lines().length <= 2);
});

test('a block of nothing but bad lines is told in a bounded number of lines and counted in full', async (t) => {
  const source = await run(t, { acks: true });
  const sender = dial(t, source.port);
  sender.send('x\n'.repeat(5_000));
  await sender.until(() => sender.last()?.line === 5_000);
  const lines = sender.lines();
  const worded = lines.filter(({ refused, line }) => typeof refused === 'string' && line > 0).length;
  const more = lines.reduce((sum, { refusedMore = 0 }) => sum + refusedMore, 0);
  t.is(worded + more, 5_000);
  t.true(worded <= 500);
  t.deepEqual(sender.last(), { accepted: 0, refused: 5_000, line: 5_000 });
});

test('while the store takes nothing, no more is read than the bounds allow', async (t) => {
  const source = await run(t);
  source.store.hold();
  const sender = dial(t, source.port);
  const block = Buffer.from(many(0, 20_000));
  let written = 0;
  // What the kernel, both sockets and the source hold together ends some time.
  for (let quiet = 0; quiet < 200; quiet++) {
    if (!sender.socket.writableNeedDrain) {
      sender.send(block);
      written += block.length;
      quiet = 0;
    }
    await source.clock.flush();
    if (written > 64 * 2 ** 20) break;
  }
  t.true(written < 40 * 2 ** 20, `${written} bytes were taken`);
  source.store.resume();
  sender.end();
  await sender.until(() => sender.seen.ended);
  t.is(source.store.count(), (written / block.length) * 20_000);
});

test('with a full port not even the first bytes of a new connection are taken', async (t) => {
  const source = await run(t, {}, fakeStore({ itemsMax: 1, bytesMax: 1_000 }));
  source.store.hold();
  const first = dial(t, source.port);
  first.send(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  const others = [2, 3, 4].map((value) => {
    const sender = dial(t, source.port);
    sender.end(reading(value));
    return sender;
  });
  for (let i = 0; i < 100; i++) await source.clock.flush();
  t.is(source.store.waiting(), 1);
  source.store.resume();
  for (const sender of others) await sender.until(() => sender.seen.ended);
  t.is(source.store.count(), 4);
});

test('a sender that reads nothing of what it is told is held back, and disconnected in the end', async (t) => {
  let network: MemoryNetwork | undefined;
  const config = tcpSource.config.parse({ acks: true, 'ack-timeout': '5s' });
  const source = await runSource(t, config, (env) => {
    network = createNetwork(env.clock, { bufferBytes: 200 });
    const { transport } = network.join();
    return tcpSourceEffects({ ...env, transport: () => transport });
  });
  const dialled = network!.join().transport.dial({
    ...{ host: '127.0.0.1', port: source.port, timeoutMs: 1_000 },
    signal: new AbortController().signal,
  });
  const sender = rawPeer(await source.clock.until(dialled));
  sender.pause();
  for (let i = 0; i < 100; i++) {
    sender.write(Buffer.from(reading(i)));
    await source.clock.advance(10);
  }
  t.true(source.store.count() < 20);
  await source.clock.advance(5_000);
  t.true(sender.closed);
  t.regex(source.notes.at(-1)!, /did not read what it was told, and was disconnected/);
});

test('without acks the log tells the first refusals, and the sum when the connection ends', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.end(`${reading(1)}${'nope\n'.repeat(50)}`);
  await sender.until(() => sender.seen.ended);
  sender.socket.destroy();
  await source.until(() => source.notes.some((note) => note.startsWith('from ')));
  const refused = source.notes.filter((note) => / was refused: is not JSON/.test(note));
  t.is(refused.length, 5);
  t.regex(refused[0]!, /^127\.0\.0\.1:\d+: line 2 /);
  t.regex(source.notes.at(-1)!, /^from 127\.0\.0\.1:\d+: 1 accepted, 50 refused$/);
});

test('however many connections bring bad lines, the log stays bounded', async (t) => {
  const source = await run(t);
  for (let i = 0; i < 30; i++) {
    const sender = dial(t, source.port);
    sender.end('nope\nnope\n');
    await sender.until(() => sender.seen.ended);
  }
  t.true(source.notes.length <= 21);
  await source.clock.advance(60_000);
  t.regex(source.notes.at(-1)!, /^\d+ more lines like these were left out$/);
});

test('told to end, it lets what it took be accepted, tells the sender, and drops the line that is not whole', async (t) => {
  const source = await run(t, { acks: true });
  source.store.hold();
  const sender = dial(t, source.port);
  sender.send(`${reading(1)}${reading(2)}{"device":`);
  while (source.store.waiting() === 0) await source.clock.flush();
  source.close();
  await source.clock.flush();
  const late = dial(t, source.port);
  await late.until(() => late.seen.closed);
  source.store.resume();
  await sender.until(() => sender.seen.ended);
  t.deepEqual(sender.last(), { accepted: 2, refused: 0, line: 2 });
  sender.end();
  await source.ended;
  t.is(source.store.count(), 2);
});

test('told to end, it waits neither for a sender that does not, nor for a disk that takes nothing', async (t) => {
  const source = await run(t, { acks: true });
  const idle = dial(t, source.port);
  idle.send(reading(1));
  await idle.until(() => idle.last()?.line === 1);
  source.store.hold();
  const stuck = dial(t, source.port);
  stuck.send(reading(2));
  while (source.store.waiting() === 0) await source.clock.flush();
  source.close();
  while (source.clock.pending === 0) await source.clock.flush();
  await source.clock.until(source.ended);
  t.is(source.clock.monotonic(), 2_000);
  t.deepEqual(stuck.lines(), []);
  t.is(source.clock.pending, 0);
});

test('ended at once, it leaves no socket and no timer', async (t) => {
  const source = await run(t, { 'idle-timeout': '1m' });
  source.store.hold();
  const sender = dial(t, source.port);
  sender.send(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  source.abort();
  await source.ended;
  await sender.until(() => sender.seen.ended || sender.seen.closed);
  t.is(source.clock.pending, 0);
});

test('a reset drops the half line, and what was whole is accepted', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(`${reading(1)}{"dev`);
  await source.store.until(() => source.store.count() === 1);
  sender.socket.resetAndDestroy();
  const next = dial(t, source.port);
  next.end(reading(2));
  await next.until(() => next.seen.ended);
  t.is(source.store.text(), reading(1) + reading(2));
});

test('a line that is too long is refused by its number, however long it is', async (t) => {
  const source = await run(t, { acks: true, 'line-max': '100B' });
  const sender = dial(t, source.port);
  sender.send(`${reading(1)}"`);
  for (let i = 0; i < 50; i++) sender.send('x'.repeat(100_000));
  sender.end(`"\n${reading(3)}`);
  await sender.until(() => sender.seen.ended);
  t.like(
    sender.lines().find(({ refused }) => typeof refused === 'string'),
    { line: 2 },
  );
  t.deepEqual(sender.last(), { accepted: 2, refused: 1, line: 3 });
});

test('a connection too many is turned away and told of', async (t) => {
  const source = await run(t, { connections: { max: 1 } });
  const sender = dial(t, source.port);
  sender.send(reading(1));
  await source.store.until(() => source.store.count() === 1);
  const other = dial(t, source.port);
  await other.until(() => other.seen.closed);
  t.regex(source.notes.at(-1)!, /was turned away: maxConnections/);
});

test('with an idle timeout a silent connection is ended, one that speaks is not', async (t) => {
  const source = await run(t, { 'idle-timeout': '10s' });
  const sender = dial(t, source.port);
  sender.send(reading(1));
  await source.store.until(() => source.store.count() === 1);
  await source.clock.advance(9_000);
  sender.send(reading(2));
  await source.store.until(() => source.store.count() === 2);
  await source.clock.advance(9_000);
  t.false(sender.seen.ended);
  await source.clock.advance(1_000);
  await sender.until(() => sender.seen.ended);
  t.is(source.store.count(), 2);
});

test('an address that is taken is named', async (t) => {
  const source = await run(t);
  await t.throwsAsync(run(t, { port: source.port }), { code: 'address-in-use' });
});
