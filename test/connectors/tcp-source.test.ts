import test from 'ava';
import { dial, reading } from './fixtures.ts';
import { run, someTurns } from './tcp-fixtures.ts';

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
  while (source.store.waiting() === 0) await source.clock.flush();
  await someTurns(source.clock);
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
  await someTurns(source.clock);
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
  await sender.until(() => sender.seen.closed);
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

test('an address that is taken is named', async (t) => {
  const source = await run(t);
  await t.throwsAsync(run(t, { port: source.port }), { code: 'address-in-use' });
});
