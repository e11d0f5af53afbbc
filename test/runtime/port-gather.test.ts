import test from 'ava';
import { all, open, sender, turn } from './port-fixtures.ts';

/** A consumer that gathers until the test, or the port, says that it is enough. */
function gathering(port: ReturnType<typeof open>, limits = all) {
  const abort = new AbortController();
  const handled: number[][] = [];
  const gathers: { end: () => void; enough: AbortSignal }[] = [];
  const done = port.in.consume(
    {
      ...limits,
      gather: (enough) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        gathers.push({ end: resolve, enough });
        return promise;
      },
    },
    abort.signal,
    async (items) => void handled.push(items.map(({ id }) => id)),
  );
  return { abort, handled, gathers, done };
}

test('items gather from the first one until it is time, and are handed out together', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  const { handled, gathers } = gathering(port);
  await turn();
  t.is(gathers.length, 0, 'nothing waits, so nothing is timed');
  send(1);
  await turn();
  send(2);
  await turn();
  t.deepEqual(handled, []);
  t.deepEqual(accepted, []);
  gathers[0]!.end();
  await turn();
  t.deepEqual(handled, [[1, 2]]);
  t.deepEqual(accepted, [1, 2]);
  send(3);
  await turn();
  t.is(gathers.length, 2, 'the next ones gather anew');
});

test('gathering ends at the limits of the handler, and when the port is out of credit', async (t) => {
  const byItems = open(10, 100);
  const one = gathering(byItems, { itemsMax: 2, bytesMax: 100 });
  for (const id of [1, 2]) sender(byItems).send(id);
  await turn();
  t.deepEqual(one.handled, [[1, 2]]);
  t.true(one.gathers[0]!.enough.aborted, 'whoever waits for the time need not any more');
  const byBytes = open(10, 100);
  const two = gathering(byBytes, { itemsMax: 10, bytesMax: 50 });
  sender(byBytes).send(1, 50);
  await turn();
  t.deepEqual(two.handled, [[1]]);
  const outOfCredit = open(2, 100);
  const three = gathering(outOfCredit);
  for (const id of [1, 2]) sender(outOfCredit).send(id);
  await turn();
  t.deepEqual(three.handled, [[1, 2]]);
});

test('a port in a hurry gathers no more', async (t) => {
  const port = open(10, 100);
  const { send } = sender(port);
  const { handled } = gathering(port);
  send(1);
  await turn();
  t.deepEqual(handled, []);
  port.hurry();
  await turn();
  t.deepEqual(handled, [[1]]);
  send(2);
  await turn();
  t.deepEqual(handled, [[1], [2]]);
});

test('a consumer that is aborted while it gathers leaves everything for the next one', async (t) => {
  const port = open(10, 100);
  const { accepted, send } = sender(port);
  const first = gathering(port);
  send(1);
  await turn();
  first.abort.abort();
  await first.done;
  t.true(first.gathers[0]!.enough.aborted);
  t.deepEqual(accepted, []);
  const second = gathering(port);
  await turn();
  second.gathers[0]!.end();
  await turn();
  t.deepEqual(second.handled, [[1]]);
  t.deepEqual(first.handled, []);
});

test('a sender that waits ends the gathering of what was sent so far, and of nothing later', async (t) => {
  const port = open(10, 100);
  const { send } = sender(port);
  const { handled } = gathering(port);
  send(1);
  send(2);
  await turn();
  t.deepEqual(handled, []);
  port.out.flush();
  await turn();
  t.deepEqual(handled, [[1, 2]]);
  send(3);
  await turn();
  t.deepEqual(handled, [[1, 2]], 'what came later gathers');
});
