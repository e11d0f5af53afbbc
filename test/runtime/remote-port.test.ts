import test from 'ava';
import { createPort } from '../../src/runtime/port.ts';
import { createRemoteIn, createRemoteOut } from '../../src/runtime/remote-port.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function sender(credit = { itemsMax: 3, bytesMax: 10 }) {
  const emitted: [number, number, boolean][] = [];
  const flushed: number[] = [];
  const accepted: number[] = [];
  const refused: number[] = [];
  const remote = createRemoteOut<number>({
    credit,
    bytesOf: (bytes) => bytes,
    emit: (number, bytes, flush) => void emitted.push([number, bytes, flush]),
    flush: () => void flushed.push(emitted.length),
  });
  const send = (bytes: number, signal?: AbortSignal) =>
    remote.out.send(bytes, signal).then(
      () => accepted.push(bytes),
      () => refused.push(bytes),
    );
  return { ...remote, remote, emitted, flushed, accepted, refused, send };
}

test('items go out in order as far as the credit reaches, and the one that uses it up asks for haste', async (t) => {
  const { out, emitted, accepted, send, remote } = sender();
  for (const bytes of [2, 3, 5, 1]) void send(bytes);
  t.deepEqual(emitted, [
    [1, 2, false],
    [2, 3, false],
    [3, 5, true],
  ]);
  t.true(out.blocked);
  remote.accepted(2);
  await turn();
  t.deepEqual(accepted, [2, 3]);
  t.deepEqual(emitted.slice(3), [[4, 1, false]]);
  remote.accepted(4);
  await turn();
  t.deepEqual(accepted, [2, 3, 5, 1]);
});

test('a larger item passes when nothing else is kept, and small ones do not overtake it', async (t) => {
  const { emitted, flushed, send, remote } = sender();
  void send(4);
  void send(50);
  void send(1);
  t.deepEqual(emitted.length, 1);
  t.deepEqual(flushed, [1]);
  remote.accepted(1);
  t.deepEqual(emitted.slice(1), [[2, 50, true]]);
  remote.accepted(2);
  t.deepEqual(emitted.slice(2), [[3, 1, false]]);
});

test('what waits for credit can be taken back, what has gone cannot', async (t) => {
  const { emitted, accepted, refused, send, remote } = sender({ itemsMax: 1, bytesMax: 10 });
  const [first, second] = [new AbortController(), new AbortController()];
  void send(1, first.signal);
  void send(2, second.signal);
  void send(3);
  first.abort();
  second.abort();
  await turn();
  t.deepEqual(refused, [2]);
  const handedOver = remote.handedOver().then(() => emitted.length);
  remote.accepted(1);
  t.is(await handedOver, 2);
  remote.accepted(2);
  await turn();
  t.deepEqual(accepted, [1, 3]);
});

test('words of acceptance that come late, twice or too high change nothing that they should not', async (t) => {
  const { accepted, send, remote, emitted } = sender();
  for (const bytes of [1, 2, 3]) void send(bytes);
  remote.accepted(2);
  remote.accepted(1);
  remote.accepted(2);
  await turn();
  t.deepEqual(accepted, [1, 2]);
  remote.accepted(99);
  await turn();
  t.deepEqual(accepted, [1, 2, 3]);
  void send(4);
  t.deepEqual(emitted.at(-1), [4, 4, false]);
});

test('the other end takes each number once, refuses a hole, and says once what one commit accepted', async (t) => {
  const port = createPort<string>({ itemsMax: 100, bytesMax: 100 }, () => 1);
  const told: number[] = [];
  const remote = createRemoteIn(port.out, (number) => void told.push(number));
  remote.take(1, 'a');
  remote.take(2, 'b');
  remote.take(1, 'a again');
  remote.take(2, 'b again');
  remote.take(3, 'c');
  t.throws(() => remote.take(5, 'e'), { message: 'item 5 came after item 3' });
  const seen: string[] = [];
  void port.in.consume({ itemsMax: 10, bytesMax: 100 }, new AbortController().signal, async (items) => {
    seen.push(...items);
  });
  await turn();
  t.deepEqual(seen, ['a', 'b', 'c']);
  t.deepEqual(told, [3]);
});
