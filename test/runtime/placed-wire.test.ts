import test from 'ava';
import { type FromPlaced, type WireLink, WireReceiver, WireSender } from '../../src/runtime/placed-wire.ts';

type Got = { message: FromPlaced; body: string };

function wire() {
  const got: Got[] = [];
  const frames: string[] = [];
  const bytes: Uint8Array[] = [];
  const link: WireLink = {
    send(message) {
      const text = JSON.stringify(message);
      if (Buffer.byteLength(text) >= 64 * 1_024) throw new RangeError('too long');
      frames.push(text);
      return true;
    },
    sendBytes: (part) => void bytes.push(part),
  };
  const sender = new WireSender<FromPlaced>(link);
  const receiver = new WireReceiver<FromPlaced>((message, body) =>
    got.push({ message, body: Buffer.from(body).toString() }),
  );
  const hearMessages = () => {
    for (const frame of frames.splice(0)) receiver.take(JSON.parse(frame));
  };
  return { sender, receiver, got, frames, bytes, hearMessages };
}

const flush = (actor: string): FromPlaced => ({ type: 'flush', actor });
const item = (number: number): FromPlaced => ({ type: 'item', actor: 'a', number, item: {} });

test('a message waits for its bytes, whatever comes first and however they are torn, and so do those behind it', (t) => {
  const { sender, receiver, got, bytes, hearMessages } = wire();
  sender.send(item(1), Buffer.from('first body'));
  sender.send(flush('a'));
  sender.send(item(2), Buffer.from('second'));
  sender.send(item(3));
  sender.send(flush('b'));
  hearMessages();
  t.deepEqual(got, []);
  const all = Buffer.concat(bytes);
  for (let i = 0; i < all.length; i += 3) receiver.takeBytes(all.subarray(i, i + 3));
  t.deepEqual(
    got.map(({ message, body }) => [message.type, 'number' in message ? message.number : 0, body]),
    [
      ['item', 1, 'first body'],
      ['flush', 0, ''],
      ['item', 2, 'second'],
      ['item', 3, ''],
      ['flush', 0, ''],
    ],
  );
});

test('bytes that come before their messages wait for them, several bodies in one chunk', (t) => {
  const { sender, receiver, got, bytes, hearMessages } = wire();
  for (const n of [1, 2, 3]) sender.send(item(n), Buffer.from(`body ${n}`));
  receiver.takeBytes(Buffer.concat(bytes));
  t.deepEqual(got, []);
  hearMessages();
  t.deepEqual(
    got.map(({ body }) => body),
    ['body 1', 'body 2', 'body 3'],
  );
});

test('a message that is longer than the link takes goes in slices, whatever its characters', (t) => {
  const { sender, got, frames, hearMessages } = wire();
  const text = '\u0000"\\é\u{1f327}'.repeat(20_000);
  sender.send({ type: 'report', actor: 'a', report: { type: 'note', text }, atMs: 1 });
  sender.send(flush('a'));
  t.true(frames.length > 10);
  hearMessages();
  t.like(got[0]!.message, { type: 'report', report: { text } });
  t.like(got[1]!.message, flush('a'));
});

test('a body or a message beyond all reason ends the link', (t) => {
  const { receiver } = wire();
  t.throws(() => receiver.take({ m: item(1), n: 2 ** 31 }), { message: /a body of/ });
  t.throws(() => {
    for (let i = 0; i < 3_000; i++) receiver.take({ s: 'x'.repeat(8_192) });
  });
});
