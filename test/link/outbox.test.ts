import test from 'ava';
import type { EdgeStore } from '../../src/contract/store.ts';
import type { SegmentHeader } from '../../src/domain/segment.ts';
import { Outbox } from '../../src/link/outbox.ts';
import { range } from '../helpers/two-sides-facts.ts';
import { segment } from './fixtures.ts';

/** A store that holds these segments of `readings`, the first of which are acknowledged. */
function storeOf(bodies: readonly Buffer[], acknowledged = 0) {
  const held = bodies.map((body, i) => segment(i + 1, { body }));
  const read: number[] = [];
  const store = {
    streams: () => ['readings'],
    head: () => ({ acknowledged }),
    header: (_: string, sequence: number) =>
      sequence > acknowledged ? held[sequence - 1]?.header : undefined,
    policies: { sending: () => {} },
    async body({ sequence }: SegmentHeader) {
      read.push(sequence);
      return held[sequence - 1]!.body;
    },
  };
  return { store: store as unknown as EdgeStore, read, held };
}

const bodies = (count: number, bytes: number) => range(1, count).map(() => Buffer.alloc(bytes, 0x61));

/** Compresses when told, in whatever order. */
function slowPacking() {
  const waiting: (() => void)[] = [];
  const compress = async (body: Uint8Array) => {
    const turn = Promise.withResolvers<void>();
    waiting.push(turn.resolve);
    await turn.promise;
    return body.subarray(0, 10);
  };
  return { packing: { compress, level: 1 }, waiting };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('segments come in order, whichever was compressed first', async (t) => {
  const { store } = storeOf(bodies(4, 1_000));
  const { packing, waiting } = slowPacking();
  const outbox = new Outbox(store, 'uploader', packing);
  outbox.startAt('readings', 1);
  const order: number[] = [];
  const sender = (async () => {
    for (let next = outbox.take(); next; next = outbox.take())
      order.push((await next.packed).header.sequence);
  })();
  await settled();
  t.is(waiting.length, 4);
  for (const ready of waiting.toReversed()) {
    ready();
    await settled();
  }
  await sender;
  t.deepEqual(order, range(1, 4));
});

test('while one is on its way the next ones are compressed, a few at a time', async (t) => {
  const { store, read } = storeOf(bodies(20, 1_000));
  const { packing, waiting } = slowPacking();
  const outbox = new Outbox(store, 'uploader', packing);
  outbox.startAt('readings', 1);
  const first = outbox.take()!;
  await settled();
  t.deepEqual(read, range(1, 4));
  for (const ready of waiting.splice(0)) ready();
  t.is((await first.packed).compression, 'zstd');
});

test('what is compressed ahead is bounded in bytes, but for a single segment that is larger', async (t) => {
  for (const [bytes, ahead] of [
    [3 * 2 ** 20, 3],
    [20 * 2 ** 20, 1],
  ] as const) {
    const { store, read } = storeOf(bodies(6, bytes));
    const { packing, waiting } = slowPacking();
    const outbox = new Outbox(store, 'uploader', packing);
    outbox.startAt('readings', 1);
    outbox.take();
    await settled();
    t.is(read.length, ahead);
    for (const ready of waiting) ready();
  }
});

test('without compression nothing is read before its turn', async (t) => {
  const { store, read } = storeOf(bodies(5, 1_000));
  const outbox = new Outbox(store, 'uploader', null);
  outbox.startAt('readings', 2);
  t.is(outbox.take()!.header.sequence, 2);
  t.deepEqual(read, [2]);
});

test('a body that does not shrink goes plain, and a tiny one is not tried', async (t) => {
  const { store, held } = storeOf([Buffer.alloc(100, 0x61), Buffer.alloc(1_000, 0x61)]);
  let tried = 0;
  const compress = async (body: Uint8Array) => {
    tried += 1;
    return body;
  };
  const outbox = new Outbox(store, 'uploader', { compress, level: 1 });
  outbox.startAt('readings', 1);
  for (const { body } of held) {
    const packed = await outbox.take()!.packed;
    t.is(packed.compression, 'none');
    t.is(packed.body, body);
  }
  t.is(tried, 1);
});

test('a body that shrinks more than a cloud believes goes plain', async (t) => {
  const { store, held } = storeOf([Buffer.alloc(100_000, 0x61)]);
  for (const [frameBytes, compression] of [
    [374, 'none'],
    [375, 'zstd'],
  ] as const) {
    const compress = async () => Buffer.alloc(frameBytes);
    const outbox = new Outbox(store, 'uploader', { compress, level: 1 });
    outbox.startAt('readings', 1);
    const packed = await outbox.take()!.packed;
    t.is(packed.compression, compression);
    t.is(packed.body.length, compression === 'none' ? held[0]!.body.length : frameBytes);
  }
});

test('a cloud that acknowledged more than was sent is not sent it, and the rest follows', async (t) => {
  const { store } = storeOf(bodies(5, 100), 3);
  const outbox = new Outbox(store, 'uploader', null);
  outbox.startAt('readings', 2);
  t.is(outbox.take()!.header.sequence, 4);
  t.is(outbox.take()!.header.sequence, 5);
  t.is(outbox.take(), null);
});
