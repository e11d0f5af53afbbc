import test from 'ava';
import { dial, fakeStore, reading } from './fixtures.ts';
import { run, someTurns } from './tcp-fixtures.ts';

/** How a sender's connection ended: in order, or with an error. */
async function ending(sender: ReturnType<typeof dial>): Promise<'in order' | 'reset'> {
  await sender.until(() => sender.seen.ended || sender.seen.closed);
  return sender.seen.ended ? 'in order' : 'reset';
}

test('what the disk did not take in time before the end is not passed off as accepted', async (t) => {
  const source = await run(t);
  source.store.hold();
  const sender = dial(t, source.port);
  sender.end(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  source.close();
  await source.clock.until(source.ended);
  t.is(await ending(sender), 'reset');
  t.is(source.clock.pending, 0);
});

test('nor is what waited for a place in the port', async (t) => {
  const source = await run(t, {}, fakeStore({ itemsMax: 1, bytesMax: 1_000 }));
  source.store.hold();
  const first = dial(t, source.port);
  first.end(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  const second = dial(t, source.port);
  second.end(reading(2));
  await someTurns(source.clock);
  source.abort();
  t.deepEqual([await ending(first), await ending(second)], ['reset', 'reset']);
  await source.ended;
  t.is(source.clock.pending, 0);
});

test('told to end before the sender has ended, it resets: what may be on its way is not accepted', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(reading(1));
  await source.store.until(() => source.store.count() === 1);
  source.close();
  t.is(await ending(sender), 'reset');
  await source.ended;
  t.is(source.store.text(), reading(1));
});

test('told to end, it still ends in order with a sender who has ended, and whose lines are accepted', async (t) => {
  const source = await run(t);
  source.store.hold();
  const sender = dial(t, source.port);
  sender.end(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  await someTurns(source.clock);
  source.close();
  source.store.resume();
  t.is(await ending(sender), 'in order');
  await source.ended;
  t.is(source.store.count(), 1);
});

for (const [what, rest] of [
  ['half a line', '{"device":'],
  ['nothing', ''],
] as const) {
  test(`an idle sender that has left ${what} behind is reset, unless it is told by acks what was accepted`, async (t) => {
    for (const acks of [false, true]) {
      const source = await run(t, { 'idle-timeout': '10s', acks });
      const sender = dial(t, source.port);
      sender.send(`${reading(1)}${rest}`);
      await source.store.until(() => source.store.count() === 1);
      await someTurns(source.clock);
      await source.clock.advance(10_000);
      t.is(await ending(sender), acks ? 'in order' : 'reset');
      t.is(source.store.text(), reading(1));
    }
  });
}

test('a number that no newline ends is refused, for it may be half of one; what shows its end is taken', async (t) => {
  const source = await run(t, { acks: true });
  const last = async (text: string) => {
    const sender = dial(t, source.port);
    sender.end(text);
    await sender.until(() => sender.seen.ended);
    return sender;
  };
  const cut = await last(`${reading(1)}12`);
  t.deepEqual(cut.lines().at(-2), {
    line: 2,
    refused: 'is a number that no newline ends: it may be cut short',
  });
  t.deepEqual(cut.last(), { accepted: 1, refused: 1, line: 2 });
  for (const whole of ['12\n', '12\r\n', '12 ', '[1]', '"1"', '{"a":1}', 'true', reading(1).trimEnd()]) {
    t.deepEqual((await last(whole)).last(), { accepted: 1, refused: 0, line: 1 }, whole);
  }
});

test('a byte order mark before the first line is passed over, also in pieces; elsewhere it is refused', async (t) => {
  const source = await run(t, { acks: true });
  const mark = Buffer.of(0xef, 0xbb, 0xbf);
  const sender = dial(t, source.port);
  for (const byte of mark) {
    sender.send(Buffer.of(byte));
    await someTurns(source.clock);
  }
  sender.send(reading(1));
  sender.send(mark);
  sender.end(reading(2));
  await sender.until(() => sender.seen.ended);
  t.deepEqual(sender.last(), { accepted: 1, refused: 1, line: 2 });
  t.is(source.store.text(), reading(1));
});

test('an HTTP request is hung up on, whatever lines its body holds: a web page must not be able to write', async (t) => {
  const source = await run(t);
  for (const head of ['POST / HTTP/1.1', 'GET /x HTTP/1.1', 'OPTIONS * HTTP/1.1']) {
    const browser = dial(t, source.port);
    browser.end(`${head}\r\nHost: 127.0.0.1\r\n\r\n${reading(1)}`);
    t.is(await ending(browser), 'reset', head);
  }
  t.is(source.store.count(), 0);
  const sender = dial(t, source.port);
  sender.end(reading(1));
  t.is(await ending(sender), 'in order');
  t.is(source.store.count(), 1);
});
