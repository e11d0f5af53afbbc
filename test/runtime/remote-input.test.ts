import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import type { ReceivedSegment } from '../../src/contract/port.ts';
import type { CloudStore, Mean, Receipt, SensorMean } from '../../src/contract/store.ts';
import type { SegmentRef } from '../../src/domain/segment.ts';
import type { FromPlaced, ToPlaced } from '../../src/runtime/placed-wire.ts';
import { createPort } from '../../src/runtime/port.ts';
import { StoreAnswers, StoreQuestions } from '../../src/runtime/remote-cloud.ts';
import { InputGiver, InputTaker } from '../../src/runtime/remote-input.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const all = { itemsMax: 100, bytesMax: 1_000_000 };
const refOf = (sequence: number): SegmentRef => ({ edge: 'e', epoch: '0'.repeat(32), stream: 's', sequence });

function segmentOf(sequence: number, stored: Promise<unknown> = Promise.resolve()): ReceivedSegment {
  return { ref: refOf(sequence), fromSeq: sequence, count: 1, body: Buffer.from(`body ${sequence}`), stored };
}

const open = () => createPort<ReceivedSegment>({ itemsMax: 1_000, bytesMax: 1_000_000 }, () => 1);

/** One life of the other process: messages go as text, each a turn later, and none once it is dead. */
function life(port: ReturnType<typeof open>) {
  let alive = true;
  const later = (message: object, act: (copy: never) => void) => {
    const text = JSON.stringify(message);
    setImmediate(() => alive && act(JSON.parse(text) as never));
  };
  const giver = new InputGiver('a', port.in, (message, body) =>
    later(message, (copy: ToPlaced) => taker.hear(copy as never, body ?? new Uint8Array())),
  );
  const taker = new InputTaker('a', (message) =>
    later(message, (copy: FromPlaced) => giver.hear(copy as never)),
  );
  return {
    taker,
    die() {
      alive = false;
      giver.end();
    },
  };
}

test('segments come with their bodies, in order, and are accepted when they were dealt with', async (t) => {
  const port = open();
  const accepted: number[] = [];
  for (const n of [1, 2, 3]) port.out.send(segmentOf(n)).then(() => accepted.push(n));
  const { taker } = life(port);
  const seen: string[] = [];
  const work = Promise.withResolvers<void>();
  void taker.consume(all, new AbortController().signal, async (segments) => {
    seen.push(...segments.map(({ ref, body }) => `${ref.sequence} ${Buffer.from(body)}`));
    await work.promise;
  });
  for (let i = 0; i < 5; i++) await turn();
  t.deepEqual(seen, ['1 body 1', '2 body 2', '3 body 3']);
  t.deepEqual(accepted, []);
  work.resolve();
  for (let i = 0; i < 5; i++) await turn();
  t.deepEqual(accepted, [1, 2, 3]);
  t.is(port.in.pending, 0);
});

test('limits bind, and who leaves gets nothing more', async (t) => {
  const port = open();
  for (const n of [1, 2, 3, 4, 5]) void port.out.send(segmentOf(n));
  const { taker } = life(port);
  const abort = new AbortController();
  const batches: number[] = [];
  const done = taker.consume({ itemsMax: 2, bytesMax: 1_000 }, abort.signal, async (segments) => {
    batches.push(segments.length);
    if (batches.length === 2) abort.abort();
  });
  await done;
  t.deepEqual(batches, [2, 2]);
  t.is(port.in.pending, 1);
});

test('what was not dealt with waits for the next life, also when the last one died over it', async (t) => {
  const port = open();
  const accepted: number[] = [];
  for (let n = 1; n <= 50; n++) port.out.send(segmentOf(n)).then(() => accepted.push(n));
  const seen: number[] = [];
  for (let lives = 0; accepted.length < 50; lives++) {
    t.true(lives < 100);
    const { taker, die } = life(port);
    let batches = 0;
    void taker.consume({ itemsMax: 3, bytesMax: 1_000 }, new AbortController().signal, async (segments) => {
      batches += 1;
      seen.push(...segments.map(({ ref }) => ref.sequence));
      // The third one is not finished in this life.
      if (batches === 3) await new Promise(() => {});
    });
    for (let i = 0; i < 20; i++) await turn();
    die();
    await turn();
  }
  t.deepEqual(
    accepted,
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  // Twice only what a life left undone, and then at once.
  t.deepEqual([...new Set(seen)], accepted);
  t.true(
    seen.every((n, i) => i === 0 || n === seen[i - 1]! + 1 || (n <= seen[i - 1]! && n > seen[i - 1]! - 3)),
  );
});

test('a batch that could not be dealt with stays, and its handler is told why', async (t) => {
  const port = open();
  void port.out.send(segmentOf(1));
  const { taker } = life(port);
  const none = new AbortController().signal;
  const failed = taker.consume(all, none, async () => {
    throw new FogrunError('store-full', 'not now');
  });
  await t.throwsAsync(failed, { code: 'store-full' });
  t.is(port.in.pending, 1);
  const seen: number[] = [];
  void taker.consume(
    all,
    none,
    async (segments) => void seen.push(...segments.map(({ ref }) => ref.sequence)),
  );
  for (let i = 0; i < 8; i++) await turn();
  t.deepEqual(seen, [1]);
  t.is(port.in.pending, 0);
});

test('a consumer hears when a segment is stored, and why it is not', async (t) => {
  const port = open();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  void port.out.send(segmentOf(1, first.promise));
  void port.out.send(segmentOf(2, second.promise));
  const { taker } = life(port);
  const told: string[] = [];
  void taker.consume(all, new AbortController().signal, async (segments) => {
    for (const { ref, stored } of segments) {
      stored.then(
        () => told.push(`${ref.sequence} stored`),
        ({ code }) => told.push(`${ref.sequence} ${code}`),
      );
    }
  });
  for (let i = 0; i < 8; i++) await turn();
  t.deepEqual(told, []);
  second.reject(new FogrunError('segment-refused', 'out of order'));
  first.resolve();
  for (let i = 0; i < 8; i++) await turn();
  t.deepEqual(told.sort(), ['1 stored', '2 segment-refused']);
});

test("a store's answers are those that it gives itself, page by page", async (t) => {
  const receipts = Array.from({ length: 1_203 }, (_, i) => ({
    header: { ...refOf(i + 1), type: 'readings', count: 1, hash: new Uint8Array(32) },
  })) as unknown as Receipt[];
  const finished: [string, number, readonly SensorMean[]][] = [];
  const mean: Mean = { timeMs: 1, mean: 1_013.25, readings: 3 };
  const store = {
    unfinished: () => receipts.values(),
    body: async ({ header }: Receipt) => {
      if (header.sequence === 7) throw new FogrunError('store-corrupt', 'the seventh is gone');
      return Buffer.from(`body ${header.sequence}`);
    },
    finish: async (consumer: string, ref: SegmentRef, means: readonly SensorMean[]) => {
      finished.push([consumer, ref.sequence, means]);
    },
    means: (edge: string, sensor: string, sinceMs: number) =>
      edge === 'e' && sensor === 'p' && sinceMs === 5 ? [mean] : [],
  } as unknown as CloudStore;
  const answers = new StoreAnswers(store, (message, body) =>
    setImmediate(() => questions.hear(JSON.parse(JSON.stringify(message)), body ?? new Uint8Array())),
  );
  const questions = new StoreQuestions('a', (message) =>
    setImmediate(() => answers.hear(JSON.parse(JSON.stringify(message)))),
  );
  const seen: number[] = [];
  for await (const segment of questions.unfinished('c')) {
    const { sequence } = segment.header;
    seen.push(sequence);
    if (sequence === 7) await t.throwsAsync(questions.body(segment), { code: 'store-corrupt' });
    if (sequence % 600 === 0) t.is(Buffer.from(await questions.body(segment)).toString(), `body ${sequence}`);
  }
  t.deepEqual(
    seen,
    Array.from({ length: 1_203 }, (_, i) => i + 1),
  );
  t.deepEqual(await questions.means('e', 'p', 5), [mean]);
  t.deepEqual(await questions.means('other', 'p', 5), []);
  await questions.finish('c', refOf(3), [{ sensor: 'p', value: mean }]);
  t.deepEqual(finished, [['c', 3, [{ sensor: 'p', value: mean }]]]);
});
