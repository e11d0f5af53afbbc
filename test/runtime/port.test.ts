import test from 'ava';
import { all, consumer, open, sender, turn } from './port-fixtures.ts';

test('an item is accepted when the receiver has dealt with it, and not before', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  send(1);
  await turn();
  t.deepEqual(accepted, []);
  const { handled } = consumer(port);
  await turn();
  t.deepEqual(
    handled.map(({ ids }) => ids),
    [[1]],
  );
  t.deepEqual(accepted, []);
  t.is(port.in.pending, 1);
  handled[0]!.end();
  await turn();
  t.deepEqual(accepted, [1]);
  t.is(port.in.pending, 0);
  t.is(port.accepted, 1);
});

test('credit is counted in items', async (t) => {
  const port = open(2, 100);
  const { send } = sender(port);
  send(1);
  t.false(port.out.blocked);
  send(2);
  t.true(port.out.blocked);
  send(3);
  t.is(port.in.pending, 2);
  const { handled } = consumer(port, { itemsMax: 1, bytesMax: 100 });
  await turn();
  handled[0]!.end();
  await turn();
  t.is(port.in.pending, 2, 'the third took the place of the first');
});

test('credit is counted in bytes', async (t) => {
  const port = open(100, 10);
  const { accepted, send } = sender(port);
  send(1, 6);
  send(2, 5);
  t.is(port.in.pending, 1);
  t.true(port.out.blocked);
  const { handled } = consumer(port);
  await turn();
  t.deepEqual(handled[0]!.ids, [1]);
  handled[0]!.end();
  await turn();
  t.deepEqual(accepted, [1]);
  t.deepEqual(handled[1]!.ids, [2]);
});

test('a single item larger than all credit passes an empty port', async (t) => {
  const port = open(10, 10);
  const { accepted, send } = sender(port);
  send(1, 50);
  send(2, 50);
  t.is(port.in.pending, 1);
  const { handled } = consumer(port, { itemsMax: 10, bytesMax: 10 });
  await turn();
  t.deepEqual(handled[0]!.ids, [1]);
  handled[0]!.end();
  await turn();
  handled[1]!.end();
  await turn();
  t.deepEqual(accepted, [1, 2]);
});

test('a small item does not overtake a large one that waits for credit', async (t) => {
  const port = open(10, 10);
  const { send } = sender(port);
  send(1, 8);
  send(2, 9);
  send(3, 1);
  t.is(port.in.pending, 1);
  t.true(port.out.blocked);
  const { handled } = consumer(port);
  await turn();
  handled[0]!.end();
  await turn();
  send(4, 1);
  handled[1]!.end();
  await turn();
  handled[2]!.end();
  await turn();
  t.deepEqual(
    handled.map(({ ids }) => ids),
    [[1], [2, 3], [4]],
  );
});

test('a handler gets what waits, in order, up to its limits', async (t) => {
  const port = open(100, 1_000);
  const { send } = sender(port);
  for (let id = 1; id <= 5; id++) send(id, 10);
  const { handled } = consumer(port, { itemsMax: 2, bytesMax: 1_000 });
  await turn();
  handled[0]!.end();
  await turn();
  t.deepEqual(
    handled.map(({ ids }) => ids),
    [
      [1, 2],
      [3, 4],
    ],
  );
  const other = open(100, 1_000);
  const more = sender(other);
  for (let id = 1; id <= 5; id++) more.send(id, 10);
  t.deepEqual((await firstOf(other, { itemsMax: 100, bytesMax: 25 })).ids, [1, 2]);
  t.deepEqual((await firstOf(other, { itemsMax: 100, bytesMax: 5 })).ids, [1], 'one item at least');
});

async function firstOf(port: ReturnType<typeof open>, limits: typeof all) {
  const { abort, handled, done } = consumer(port, limits);
  await turn();
  handled[0]!.fail(new Error('only looked'));
  await done.catch(() => {});
  abort.abort();
  return handled[0]!;
}

test('a handler that rejects leaves its items at the head, and the next consumer gets them again', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  send(1);
  send(2);
  const first = consumer(port);
  await turn();
  send(3);
  first.handled[0]!.fail(new Error('no disk'));
  await t.throwsAsync(first.done, { message: 'no disk' });
  t.deepEqual(accepted, []);
  const second = consumer(port);
  await turn();
  t.deepEqual(second.handled[0]!.ids, [1, 2, 3]);
});

test('a handler that throws at once is passed on alike', async (t) => {
  const port = open(10, 100);
  sender(port).send(1);
  const bad = port.in.consume(all, new AbortController().signal, () => {
    throw new TypeError('a bug');
  });
  await t.throwsAsync(bad, { message: 'a bug' });
  const { handled } = consumer(port);
  await turn();
  t.deepEqual(handled[0]!.ids, [1]);
});

test('one handler runs at a time, though two consumers wait', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  const first = consumer(port, { itemsMax: 1, bytesMax: 100 });
  const second = consumer(port, { itemsMax: 1, bytesMax: 100 });
  await turn();
  const started = () => [...first.handled, ...second.handled];
  for (let id = 1; id <= 4; id++) send(id);
  for (let round = 1; round <= 4; round++) {
    await turn();
    t.is(started().length, round);
    started()
      .find(({ ids }) => ids[0] === round)!
      .end();
  }
  await turn();
  t.deepEqual(accepted, [1, 2, 3, 4]);
  t.is(port.accepted, 4);
});

test('a handler of an actor that is gone is waited for, and what it deals with is not handled twice', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  send(1);
  const old = consumer(port);
  await turn();
  old.abort.abort();
  const young = consumer(port);
  send(2);
  await turn();
  t.is(young.handled.length, 0);
  old.handled[0]!.end();
  await old.done;
  await turn();
  t.deepEqual(accepted, [1]);
  t.deepEqual(
    young.handled.map(({ ids }) => ids),
    [[2]],
  );
});

test('a consumer ends when it is aborted, whether it waits or not', async (t) => {
  const port = open(10, 100);
  const idle = consumer(port);
  await turn();
  idle.abort.abort();
  await idle.done;
  const late = new AbortController();
  late.abort();
  sender(port).send(1);
  await port.in.consume(all, late.signal, async () => t.fail());
  t.is(port.in.pending, 1);
});

test('a sender that gives up while it waits for credit takes its item back; those behind move up', async (t) => {
  const port = open(10, 10);
  const { accepted, refused, send } = sender(port);
  const abort = new AbortController();
  send(1, 5);
  send(2, 9, abort.signal);
  send(3, 5);
  t.is(port.in.pending, 1);
  abort.abort();
  await turn();
  t.deepEqual(refused, [2]);
  t.is(port.in.pending, 2);
  const { handled } = consumer(port);
  await turn();
  handled[0]!.end();
  await turn();
  t.deepEqual(accepted, [1, 3]);
});

test('what has been taken stays taken when its sender gives up', async (t) => {
  const port = open(1, 10);
  const { accepted, refused, send } = sender(port);
  const abort = new AbortController();
  send(1, 1, abort.signal);
  send(2, 1, abort.signal);
  const { handled } = consumer(port);
  await turn();
  handled[0]!.end();
  await turn();
  t.is(port.in.pending, 1);
  abort.abort();
  await turn();
  handled[1]!.end();
  await turn();
  t.deepEqual([accepted, refused], [[1, 2], []]);
});

test('a sender that gave up before finds no room and is refused', async (t) => {
  const port = open(1, 10);
  const abort = new AbortController();
  abort.abort(new Error('too late'));
  void port.out.send({ id: 1, bytes: 1 });
  await t.throwsAsync(port.out.send({ id: 2, bytes: 1 }, abort.signal), { message: 'too late' });
  t.is(port.in.pending, 1);
});

test('idle waits for what waits, what is handled, and what waits for credit', async (t) => {
  const port = open(1, 10);
  const never = new AbortController().signal;
  await port.idle(never);
  const { send } = sender(port);
  send(1);
  send(2);
  let idle = false;
  const waiting = port.idle(never).then(() => {
    idle = true;
  });
  const { handled } = consumer(port);
  await turn();
  handled[0]!.end();
  await turn();
  t.false(idle);
  handled[1]!.end();
  await waiting;
  send(3);
  const enough = new AbortController();
  const given = port.idle(enough.signal);
  enough.abort();
  await given;
  t.is(port.in.pending, 1);
});
