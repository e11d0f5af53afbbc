import test from 'ava';
import { dial, fakeStore, reading } from './fixtures.ts';
import { json, ndjson, post, run } from './http-fixtures.ts';

test('a port without credit is waited for a second, then answered 429, and nothing is taken', async (t) => {
  const source = await run(t, {}, fakeStore({ itemsMax: 1, bytesMax: 1_000 }));
  source.store.hold();
  const first = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  const second = post(source.port, reading(2), ndjson);
  // The deadline of the first one's commit, and the second one's of credit.
  while (source.clock.pending < 2) await source.clock.flush();
  await source.clock.advance(1_000);
  t.is((await second).status, 429);
  const third = post(source.port, reading(3), ndjson);
  while (source.clock.pending < 2) await source.clock.flush();
  source.store.resume();
  t.deepEqual([(await first).status, (await third).status], [200, 200]);
  t.is(source.store.text(), reading(1) + reading(3));
  t.is(source.clock.pending, 0);
});

test('a body too large is answered 413 whether its length was told or not, and nothing is taken', async (t) => {
  const source = await run(t, { 'body-max': '1KiB' });
  const body = reading(1).repeat(200);
  const told = await post(source.port, body, ndjson);
  t.is(told.status, 413);
  const chunked = dial(t, source.port);
  chunked.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 3; i++) chunked.send(`258\r\n${'x'.repeat(600)}\r\n`);
  await chunked.until(() => chunked.seen.text.startsWith('HTTP/1.1 413'));
  chunked.end('0\r\n\r\n');
  await chunked.until(() => chunked.seen.ended);
  t.is(source.store.count(), 0);
});

test('short values that would become too much are answered 413, and nothing is taken', async (t) => {
  const source = await run(t, { 'body-max': '1MiB' });
  const { status, body } = await post(source.port, `[${'1,'.repeat(200_000)}1]`, json);
  t.is(status, 413);
  t.is(body.error, 'the readings made of the values in the body would come to more than 2MiB');
  t.is(source.store.count(), 0);
});

test('a body in a great many tiny pieces is one request', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const body = reading(1).repeat(1_000);
  sender.send(`${[...body].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`);
  await sender.until(() => sender.seen.text.includes('"accepted":1000'));
  t.true(source.store.batches.length <= 2);
});

test('a sender that asks first is told to go on, or why not', async (t) => {
  const source = await run(t);
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
  const sender = dial(t, source.port);
  sender.send(head(reading(1).length));
  await sender.until(() => sender.seen.text.startsWith('HTTP/1.1 100'));
  sender.send(reading(1));
  await sender.until(() => sender.seen.text.includes('HTTP/1.1 200'));
  source.status.state = 'full';
  const other = dial(t, source.port);
  other.send(head(reading(1).length));
  await other.until(() => other.seen.text.startsWith('HTTP/1.1 429'));
  t.is(source.store.count(), 1);
});

test('what is no HTTP is answered 400, and the next sender is served', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(reading(1));
  await sender.until(() => sender.seen.ended);
  t.regex(sender.seen.text, /^HTTP\/1\.1 400 /);
  t.is((await post(source.port, reading(2), ndjson)).status, 200);
});

test('a sender that goes away in its body leaves nothing behind', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${reading(1)}`);
  await source.clock.flush();
  sender.socket.resetAndDestroy();
  t.is((await post(source.port, reading(2), ndjson)).status, 200);
  t.is(source.store.text(), reading(2));
});

test('all bodies together are bounded: what is too much is told to come back', async (t) => {
  const source = await run(t, { 'body-max': '64KiB' });
  const slow = Array.from({ length: 8 }, () => {
    const sender = dial(t, source.port);
    sender.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n${' '.repeat(65_535)}`);
    return sender;
  });
  // As soon as all of theirs has been read, there is no room for another.
  while ((await post(source.port, ' ', ndjson)).status !== 429) await source.clock.flush();
  for (const sender of slow) {
    sender.send(' ');
    await sender.until(() => sender.seen.text.startsWith('HTTP/1.1 200'));
  }
  t.is((await post(source.port, ' '.repeat(65_536), ndjson)).status, 200);
});

test('told to end, it answers what it took, and refuses what is still arriving', async (t) => {
  const source = await run(t);
  source.store.hold();
  const taken = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  const arriving = dial(t, source.port);
  arriving.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${reading(2)}`);
  const idle = dial(t, source.port);
  idle.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
  await idle.until(() => idle.seen.text.includes('"accepted":0'));
  source.close();
  await arriving.until(() => arriving.seen.text.startsWith('HTTP/1.1 503'));
  await idle.until(() => idle.seen.ended);
  source.store.resume();
  t.is((await taken).status, 200);
  arriving.end();
  await source.ended;
  await t.throwsAsync(post(source.port, reading(3), ndjson), { code: 'ECONNREFUSED' });
  t.is(source.store.text(), reading(1));
  t.is(source.clock.pending, 0);
});

test('told to end, it does not wait for a disk that takes nothing', async (t) => {
  const source = await run(t);
  source.store.hold();
  const stuck = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  source.close();
  const pending = source.clock.pending;
  while (source.clock.pending <= pending) await source.clock.flush();
  await source.clock.advance(2_000);
  const { status, body } = await stuck;
  t.deepEqual([status, body.mayBeAccepted], [503, true]);
  await source.ended;
  t.is(source.clock.pending, 0);
});

test('an address that is taken is named', async (t) => {
  const source = await run(t);
  await t.throwsAsync(run(t, { port: source.port }), { code: 'address-in-use' });
});

test('a request that does not arrive is given up, in its head or in its body', async (t) => {
  const source = await run(t, { 'request-timeout': '1s' });
  const starts = ['POST / HTTP/1.1\r\nHo', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1'];
  const senders = starts.map((start) => {
    const sender = dial(t, source.port);
    sender.send(start);
    return sender;
  });
  for (const sender of senders) {
    await sender.until(() => sender.seen.ended || sender.seen.closed);
    t.regex(sender.seen.text, /^HTTP\/1\.1 408 /);
  }
  t.is(source.store.count(), 0);
});
