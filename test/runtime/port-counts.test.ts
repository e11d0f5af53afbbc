import test from 'ava';
import { createPort } from '../../src/runtime/port.ts';
import { consumer, type Item, turn } from './port-fixtures.ts';

function metered() {
  let now = 1_000;
  const accepted: number[] = [];
  const port = createPort<Item>({ itemsMax: 2, bytesMax: 100 }, ({ bytes }) => bytes, {
    now: () => now,
    readingsOf: ({ id }) => id,
    accepted: ({ id }) => void accepted.push(id),
  });
  const at = (ms: number) => {
    now = ms;
  };
  return { port, accepted, at };
}

test('a port counts what goes in when it has credit, and what comes out when it is dealt with', async (t) => {
  const { port, accepted, at } = metered();
  for (const [i, id] of [3, 4, 5].entries()) {
    at(1_000 + i);
    void port.out.send({ id, bytes: 10 * id });
  }
  const { handled } = consumer(port, { itemsMax: 1, bytesMax: 100 });
  await turn();
  const before = { readingsIn: 7, bytesIn: 70, readingsOut: 0, bytesOut: 0, oldestMs: 1_000 };
  t.deepEqual(port.counts(), before);
  at(2_000);
  handled[0]!.end();
  await turn();
  t.deepEqual(port.counts(), {
    readingsIn: 12,
    bytesIn: 120,
    readingsOut: 3,
    bytesOut: 30,
    oldestMs: 1_001,
  });
  for (const i of [1, 2]) {
    handled[i]!.end();
    await turn();
  }
  t.deepEqual(port.counts(), {
    readingsIn: 12,
    bytesIn: 120,
    readingsOut: 12,
    bytesOut: 120,
    oldestMs: null,
  });
  t.deepEqual(accepted, [3, 4, 5]);
});

test('each sender hears of its own items, once they are dealt with, and not of those it took back', async (t) => {
  const { port } = metered();
  const heard: Record<string, number[]> = { a: [], b: [] };
  const a = port.sender(({ id }) => void heard.a!.push(id));
  const b = port.sender(({ id }) => void heard.b!.push(id));
  const done = [a.send({ id: 1, bytes: 1 }), b.send({ id: 2, bytes: 1 })];
  const abort = new AbortController();
  const back = a.send({ id: 3, bytes: 1 }, abort.signal);
  const last = b.send({ id: 4, bytes: 1 });
  t.true(a.blocked && b.blocked);
  abort.abort(new Error('taken back'));
  await t.throwsAsync(back, { message: 'taken back' });
  const { handled } = consumer(port);
  await turn();
  t.deepEqual(heard, { a: [], b: [] });
  handled[0]!.end();
  await Promise.all(done);
  t.deepEqual(heard, { a: [1], b: [2] });
  await turn();
  handled[1]!.end();
  await last;
  t.deepEqual(heard, { a: [1], b: [2, 4] });
});

test('a handler that fails has dealt with nothing', async (t) => {
  const { port, accepted } = metered();
  const heard: number[] = [];
  void port.sender(({ id }) => void heard.push(id)).send({ id: 1, bytes: 1 });
  const first = consumer(port);
  await turn();
  first.handled[0]!.fail(new Error('no'));
  await t.throwsAsync(first.done);
  t.deepEqual([heard, accepted], [[], []]);
  const second = consumer(port);
  await turn();
  second.handled[0]!.end();
  await turn();
  t.deepEqual([heard, accepted], [[1], [1]]);
});
