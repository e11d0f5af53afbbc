import test from 'ava';
import { tcpSource } from '../../machines/tcp-source.ts';
import { tcpSourceEffects } from '../../src/connectors/tcp-source-effects.ts';
import { createNetwork, type MemoryNetwork } from '../helpers/memory-network.ts';
import { rawPeer } from '../helpers/pair.ts';
import { dial, fakeStore, reading, runSource } from './fixtures.ts';
import { run } from './tcp-fixtures.ts';

const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => reading(from + i)).join('');

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
  t.regex(source.notes.at(-1)!, /was turned away: connections\.max is reached$/);
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
  t.false(sender.seen.closed);
  await source.clock.advance(1_000);
  await sender.until(() => sender.seen.closed);
  t.is(source.store.count(), 2);
});

test('bytes that are no text at all are refused line by line, and the next sender is served', async (t) => {
  const source = await run(t, { acks: true });
  const noise = dial(t, source.port);
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + (i >> 3) * 17) & 0xff));
  noise.send(bytes);
  noise.end();
  await noise.until(() => noise.seen.ended);
  t.true(noise.last().refused > 100);
  const sender = dial(t, source.port);
  sender.end(reading(1));
  await sender.until(() => sender.seen.ended);
  t.is(source.store.text().split('\n').at(-2), reading(1).trimEnd());
});
