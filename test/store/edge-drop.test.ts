import test from 'ava';
import fc from 'fast-check';
import type { EdgeStore } from '../../src/contract/store.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { acknowledge, begin, c, chargeOf, crash, discard, greet, r, send } from './edge-world.ts';

const dropOldest = { bytesMax: 40_000, whenFull: 'drop-oldest' } as const;

async function gapAt(store: EdgeStore, sequence: number) {
  return JSON.parse(Buffer.from(await store.body(store.header(r, sequence)!)).toString());
}

/** Appends segments of ten readings each. */
async function fill(store: EdgeStore, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.append([batch(10)], 1);
}

/** The first whole run of numbers that the store still holds as readings. */
function heldSeqs(store: EdgeStore): number[] {
  return store
    .held(r)
    .filter(({ type, discarded }) => type === 'readings' && !discarded)
    .flatMap(({ fromSeq, count }) => Array.from({ length: count }, (_, i) => fromSeq + i));
}

test('drop-oldest makes room for what is new, and one gap stands for all that went, however long it lasts', async (t) => {
  const world = await begin(dropOldest);
  const { store } = world;
  await fill(store, 500);
  t.is(store.status().state, 'open');
  t.true(store.status().bytes <= 40_000);
  t.is(store.status().bytes, chargeOf(world.kv), 'what is charged is what is there');
  const held = heldSeqs(store);
  t.is(held.at(-1), 5_000, 'the newest are there');
  const lost = held[0]! - 1;
  t.deepEqual(store.status().lost, { dropped: lost });
  t.is(store.held(r).filter(({ discarded }) => discarded).length, 1, 'one header for all of them');
  t.like(store.backlog(c), { readings: held.length });
  const again = await world.open(new MemoryKv(world.kv.disk));
  t.deepEqual(again.status().lost, { dropped: lost });
  await again.rememberCloud(c, { cloudEpoch: 'ab', token: 1 }, new Map([[r, 0]]));
  t.deepEqual(await gapAt(again, 1), {
    gap: 'dropped',
    fromSeq: 1,
    toSeq: lost,
    fromTime: '2026-01-01T00:00:00Z',
    toTime: '2026-01-01T00:00:00Z',
    count: lost,
    text: 'The store was full, and the oldest are dropped then (`when-full: drop-oldest`).',
  });
  t.deepEqual(seqs(await again.body(again.header(r, 2)!)).slice(0, 1), [lost + 1]);
});

test('readings without a time are dropped as a gap that lasts until they were sealed', async (t) => {
  const clock = createVirtualClock();
  const { store } = await begin({ ...dropOldest, clock });
  for (let n = 0; n < 300; n++) {
    const timed = n % 10 === 0 ? batch(1) : undefined;
    const lines = timed?.lines ?? Buffer.from('{"device":"d","sensor":"door","value":1}\n'.repeat(10));
    await store.append([{ stream: r, count: timed ? 1 : 10, lines }], 1);
    await store.seal(r);
    await clock.advance(1_000);
  }
  const [first, second] = store.held(r);
  t.true(first!.discarded);
  await store.rememberCloud(c, { cloudEpoch: 'ab', token: 1 }, new Map([[r, 0]]));
  const gap = await gapAt(store, 1);
  const lastedMs = Date.parse(gap.toTime) - Date.parse(gap.fromTime);
  t.true(lastedMs > 60_000, `only ${lastedMs} ms`);
  t.true(Date.parse(gap.toTime) <= second!.sealedAtMs);
});

test('what was handed to a link is never dropped, also after a crash; a greeting tells what it may go on with', async (t) => {
  const world = await begin(dropOldest);
  await fill(world.store, 10);
  await greet(world);
  for (let n = 0; n < 6; n++) await send(world);
  await world.store.policies.linkEnded(c);
  await fill(world.store, 100);
  t.deepEqual(
    heldSeqs(world.store).slice(0, 60),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  t.true(world.store.status().lost.dropped! > 0);
  await greet(world);
  await crash(world, true);
  const sealed = heldSeqs(world.store);
  await fill(world.store, 100);
  t.deepEqual(
    heldSeqs(world.store).slice(0, sealed.length),
    sealed,
    'in doubt: it was sealed when a link was up',
  );
  await greet(world);
  t.is(world.store.header(r, 7)!.type, 'gap');
  while (world.store.header(r, world.cloud.stored.length + 1)) await send(world);
  await acknowledge(world, 0);
  t.true(world.store.status().bytes < 2_000, 'all of it leaves');
});

test('with everything in doubt drop-oldest gives up what comes, and takes more as soon as a greeting has told', async (t) => {
  const world = await begin(dropOldest);
  await fill(world.store, 5);
  await greet(world);
  while (world.store.status().bytes < 36_000) await fill(world.store, 1);
  await crash(world, true);
  await fill(world.store, 50);
  t.is(world.store.status().state, 'open');
  t.true(world.store.status().lost.dropped! > 200);
  await greet(world);
  await fill(world.store, 50);
  t.is(heldSeqs(world.store).at(-1), nextSeq(world.store) - 1, 'the newest are kept again');
});

test('what was missed between dropped segments is added up in one gap beside theirs', async (t) => {
  const world = await begin(dropOldest);
  const { store } = world;
  for (let n = 0; n < 200; n++) {
    const day = (of: number) => `2026-01-01T00:${String(of % 60).padStart(2, '0')}:00Z`;
    const missed = { gap: 'missed' as const, fromTime: day(n), toTime: day(n), count: 2, text: 'Away.' };
    await store.append([{ ...batch(10), missed }], 1);
  }
  t.is(store.status().lost.missed, 400);
  t.is(store.status().bytes, chargeOf(world.kv));
  await store.rememberCloud(c, { cloudEpoch: 'ab', token: 1 }, new Map([[r, 0]]));
  const [missed, dropped] = [await gapAt(store, 1), await gapAt(store, 2)];
  t.like(missed, { gap: 'missed', text: 'Away.' });
  t.like(dropped, { gap: 'dropped', fromSeq: 1 });
  t.is(missed.count, (2 * dropped.count) / 10);
  const rest = store.held(r).filter(({ type, sequence }) => type === 'gap' && sequence > 2).length;
  t.is(missed.count + 2 * rest, 400);
});

test('a person can discard what lies behind a run of dropped segments, and a list names the run once', async (t) => {
  const world = await begin(dropOldest);
  const { store } = world;
  await fill(store, 100);
  const [run, next] = store.held(r);
  t.like(run, { sequence: 1, fromSeq: 1, discarded: true });
  t.is(next!.sequence, run!.count / 10 + 1);
  await store.discard(r, 1, next!.sequence, 'why');
  t.like(store.held(r)[1], { sequence: next!.sequence, discarded: true });
  t.is(store.status().lost.discarded, 10);
  await store.fork(c, 'Copied.');
  t.like(await gapAt(store, 1), { gap: 'dropped', fromSeq: 1, count: run!.count });
  t.like(await gapAt(store, 2), { gap: 'discarded', count: 10 });
  t.is(store.status().bytes, chargeOf(world.kv));
});

test('a gap says from the earliest to the latest moment, whatever clocks stamped its readings', async (t) => {
  const world = await begin(dropOldest);
  const at = (time: string) => {
    const { lines, ...rest } = batch(10);
    return {
      ...rest,
      lines: Buffer.from(Buffer.from(lines).toString().replaceAll('2026-01-01T00:00:00Z', time)),
    };
  };
  await world.store.append([at('2026-05-01T00:00:00Z')], 1);
  await world.store.append([at('2026-02-01T00:00:00Z')], 1);
  await fill(world.store, 40);
  await greet(world);
  t.like(await gapAt(world.store, 1), { fromTime: '2026-01-01T00:00:00Z', toTime: '2026-05-01T00:00:00Z' });
});

test('while it holds a run of dropped segments the store is not for a fogrun that does not know them', async (t) => {
  const world = await begin(dropOldest);
  const format = () => JSON.parse(Buffer.from(world.kv.get(['meta'])!).toString()).format;
  await fill(world.store, 5);
  t.is(format(), 1);
  await fill(world.store, 100);
  t.is(format(), 3);
  await greet(world);
  t.is(format(), 1);
});

const bare = <T extends string>(type: T) => fc.record({ type: fc.constant(type) });
const counted = <T extends string>(type: T, max: number) =>
  fc.record({ type: fc.constant(type), count: fc.integer({ min: 0, max }) });
const operation = fc.oneof(
  { weight: 12, arbitrary: counted('append', 9) },
  { weight: 3, arbitrary: bare('seal') },
  { weight: 1, arbitrary: bare('gap') },
  { weight: 2, arbitrary: counted('greet', 5) },
  { weight: 6, arbitrary: bare('send') },
  { weight: 3, arbitrary: counted('acknowledge', 2) },
  { weight: 2, arbitrary: bare('linkEnds') },
  { weight: 2, arbitrary: counted('retain', 6) },
  { weight: 1, arbitrary: counted('discard', 3) },
  { weight: 2, arbitrary: bare('reopen') },
  { weight: 1, arbitrary: counted('crash', 1) },
  { weight: 1, arbitrary: bare('fork') },
);

test('whatever is dropped when: each seq is in the cloud once, as a reading or as a gap, nothing sent is dropped, and the sums are right', async (t) => {
  let dropped = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 80, size: 'max' }),
      async (operations) => {
        const world = await begin({ bytesMax: 12_000, whenFull: 'drop-oldest' });
        let missed = 0;
        let forks = 0;
        for (const op of operations) {
          const { store } = world;
          if (op.type === 'append') {
            const taken = await store.append([batch(op.count)], op.count > 5 ? 1 : 1_000).then(
              () => true,
              (thrown) => {
                if (thrown.code !== 'store-full') throw thrown;
                return false;
              },
            );
            if (taken) world.accepted += op.count;
          } else if (op.type === 'seal') await store.seal(r);
          else if (op.type === 'gap') {
            await store.addGap(r, { gap: 'missed', count: 1, text: 'Away.' });
            missed += 1;
          } else if (op.type === 'greet')
            await greet(world, op.count === 4 ? 'before' : op.count === 5 ? 'after' : 'no');
          else if (op.type === 'send') await send(world);
          else if (op.type === 'acknowledge') await acknowledge(world, op.count);
          else if (op.type === 'linkEnds') {
            if (world.session) await store.policies.linkEnded(c);
            world.session = null;
          } else if (op.type === 'retain') await store.policies.retain(c, { bytesMax: 500 * op.count });
          else if (op.type === 'discard') await discard(world, op.count, 1);
          else if (op.type === 'reopen') await crash(world, true);
          else if (op.type === 'crash') {
            world.kv.held = true;
            const appended = store.append([batch(5)], 1).catch(() => {});
            await Promise.resolve();
            await crash(world, op.count === 1);
            void appended;
            world.accepted = nextSeq(world.store) - 1;
          } else {
            if (world.session) await store.policies.linkEnded(c);
            world.session = null;
            await store.fork(c, 'Copied.');
            forks += 1;
          }
          t.is(world.store.status().bytes, chargeOf(world.kv));
        }
        const { cloud } = world;
        await world.store.seal(r);
        await greet(world);
        while (world.store.header(r, cloud.stored.length + 1)) await send(world);
        t.deepEqual(
          cloud.stored.flatMap((segment) => segment.seqs),
          Array.from({ length: world.accepted }, (_, i) => i + 1),
        );
        await acknowledge(world, 0);
        const { lost, bytes } = world.store.status();
        t.is(bytes, 0);
        t.is(lost.dropped ?? 0, world.gaps.get('dropped')?.size ?? 0);
        t.is(lost.discarded ?? 0, world.gaps.get('discarded')?.size ?? 0);
        t.is(lost.missed ?? 0, missed);
        if (forks === 0) t.is(world.missed, missed);
        t.deepEqual((await world.open(new MemoryKv(world.kv.disk))).status().lost, lost);
        dropped += lost.dropped ?? 0;
      },
    ),
    { numRuns: Number(process.env.FOGRUN_DROP_RUNS ?? 100), includeErrorInReport: true },
  );
  t.true(dropped > 1_000, `only ${dropped} readings were dropped`);
});

function nextSeq(store: EdgeStore): number {
  const { fromSeq, count } = store.openSegment(r);
  return fromSeq + count;
}
