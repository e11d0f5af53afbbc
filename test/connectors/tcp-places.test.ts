import test from 'ava';
import { Outlet } from '../../src/connectors/outlet.ts';
import { dial, type FakeStore, fakeStore, reading } from './fixtures.ts';
import { ndjson, post, run as runHttp } from './http-fixtures.ts';
import { run, someTurns } from './tcp-fixtures.ts';

/** Who waits for a turn at any outlet of this process; the tests of this file run one after the other. */
const waiting = new Set<() => boolean>();
const whenOpen = Outlet.prototype.whenOpen;
Outlet.prototype.whenOpen = function (wake) {
  waiting.add(wake);
  const stop = whenOpen.call(this, () => {
    waiting.delete(wake);
    return wake();
  });
  return () => {
    waiting.delete(wake);
    stop();
  };
};

/** A store that has taken all it can, by the word of one sender. */
function tightStore(): FakeStore {
  const store = fakeStore({ itemsMax: 1, bytesMax: 1_000 });
  store.hold();
  return store;
}

test.serial(
  'a sender that is gone leaves nothing behind, however long the store takes nothing',
  async (t) => {
    const source = await run(t, {}, tightStore());
    dial(t, source.port).send(reading(1));
    while (source.store.waiting() === 0) await source.clock.flush();
    const senders = [2, 3, 4].map((value) => {
      const sender = dial(t, source.port);
      sender.send(reading(value));
      return sender;
    });
    while (waiting.size < 4) await source.clock.flush();
    for (const { socket } of senders) socket.resetAndDestroy();
    // Node.js 22 does not see the end of a connection that it has not begun to read, until it may read.
    const seesEnds = Number.parseInt(process.versions.node, 10) >= 24;
    if (!seesEnds) source.store.resume();
    // The first one is still there.
    const left = seesEnds ? 1 : 0;
    while (waiting.size > left) await source.clock.flush();
    t.is(waiting.size, left);
  },
);

test.serial('a request that was told to come back leaves nothing behind either', async (t) => {
  const source = await runHttp(t, {}, tightStore());
  const first = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  const second = post(source.port, reading(2), ndjson);
  while (waiting.size === 0 || source.clock.pending < 2) await source.clock.flush();
  await source.clock.advance(1_000);
  t.is((await second).status, 429);
  t.is(waiting.size, 0);
  source.store.resume();
  t.is((await first).status, 200);
});

test.serial('senders who are gone, but cannot be seen to be, do not keep the places for long', async (t) => {
  const source = await run(t, { connections: { max: 3 } }, tightStore());
  const first = dial(t, source.port);
  first.send(reading(1));
  while (source.store.waiting() === 0) await source.clock.flush();
  for (const value of [2, 3]) {
    const sender = dial(t, source.port);
    sender.send(reading(value));
    while (waiting.size < value) await source.clock.flush();
    sender.socket.destroy();
  }
  const early = dial(t, source.port);
  await early.until(() => early.seen.closed);
  t.regex(source.notes.at(-1)!, /^127\.0\.0\.1:\d+ was turned away: connections\.max is reached$/);
  await source.clock.advance(10_000);
  const late = dial(t, source.port);
  late.end(reading(5));
  await source.until(() => source.notes.some((note) => note.endsWith('and was disconnected')));
  t.regex(source.notes.at(-1)!, /was held back for long while a new connection needed the place/);
  source.store.resume();
  await late.until(() => late.seen.ended);
  t.true(source.store.text().endsWith(reading(5)));
});

test.serial(
  'whoever is read from keeps its place, and whoever is held back keeps it while there are others',
  async (t) => {
    const source = await run(t, { connections: { max: 2 } }, fakeStore({ itemsMax: 1, bytesMax: 1_000 }));
    const reader = dial(t, source.port);
    reader.send(reading(1));
    await source.store.until(() => source.store.count() === 1);
    await source.clock.advance(20_000);
    source.store.hold();
    const held = dial(t, source.port);
    held.end(reading(2));
    while (source.store.waiting() === 0) await source.clock.flush();
    await source.clock.advance(20_000);
    t.false(held.seen.closed || held.seen.ended);
    source.store.resume();
    await held.until(() => held.seen.ended);
    held.socket.destroy();
    const next = dial(t, source.port);
    next.end(reading(3));
    await next.until(() => next.seen.ended);
    await someTurns(source.clock);
    t.false(reader.seen.closed);
    t.is(source.store.count(), 3);
  },
);

test.serial('one address has fewer places than there are', async (t) => {
  const source = await run(t);
  const senders = Array.from({ length: 64 }, () => dial(t, source.port));
  for (const sender of senders) sender.send(reading(1));
  await source.store.until(() => source.store.count() === 64);
  const other = dial(t, source.port);
  await other.until(() => other.seen.closed);
  t.regex(source.notes.at(-1)!, /connections\.per-address is reached$/);
});
