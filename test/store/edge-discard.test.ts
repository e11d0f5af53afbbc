import test from 'ava';
import fc from 'fast-check';
import type { EdgeStore } from '../../src/contract/store.ts';
import { type SegmentHeader, sameHash } from '../../src/domain/segment.ts';
import { batchOverheadBytes, headOverheadBytes } from '../../src/store/edge-records.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { checkSegment } from '../../src/store/segment-check.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const c = 'uploader';
const r = 'readings';

/** A cloud as far as an edge can tell: the chain it took, epoch by epoch, and the token that may go on with it. */
interface Cloud {
  epoch: string;
  token: number;
  stored: { header: SegmentHeader; type: 'readings' | 'gap'; seqs: number[] }[];
}

interface World {
  kv: MemoryKv;
  store: EdgeStore;
  readonly cloud: Cloud;
  /** The session of the edge's process: under which token it sends what next; `null` without one. */
  session: { token: number; next: number } | null;
  accepted: number;
  /** Every `seq` that was ever discarded. */
  readonly discarded: Set<number>;
  readonly open: (kv: MemoryKv) => Promise<EdgeStore>;
}

const options = { edge: 'shed', cursors: [c], bytesMax: 2 ** 30 };

async function begin(): Promise<World> {
  const all = { ...options, clock: createVirtualClock(), random: seededRandom('discard') };
  const open = (kv: MemoryKv) => createEdgeStore(kv, all);
  const kv = new MemoryKv();
  const store = await open(kv);
  const cloud = { epoch: store.epoch, token: 0, stored: [] };
  return { kv, store, cloud, session: null, accepted: 0, discarded: new Set(), open };
}

/** The cloud's side of a greeting, and the edge's; a crash may leave the edge without what it learned. */
async function greet(world: World, crashes: 'no' | 'before' | 'after' = 'no'): Promise<void> {
  const { cloud, store } = world;
  if (store.epoch !== cloud.epoch) {
    // A cloud that has an epoch forgets nothing of it; here only the newest one matters.
    cloud.epoch = store.epoch;
    cloud.stored = [];
  }
  const mark = cloud.stored.length;
  const { sealed, acknowledged } = store.head(c, r);
  const own = store.header(r, mark)?.hash;
  if (mark > sealed || mark < acknowledged) throw new Error('forked: the mark is out of bounds');
  if (mark > 0 && own && !sameHash(own, cloud.stored.at(-1)!.header.hash)) {
    throw new Error(`forked: segment ${mark} is another one`);
  }
  cloud.token += 1;
  if (crashes !== 'no') world.kv.held = true;
  const learned = store.rememberCloud(c, { cloudEpoch: 'ab', token: cloud.token }, new Map([[r, mark]]));
  if (crashes !== 'no') return crash(world, crashes === 'after');
  await learned;
  world.session = { token: cloud.token, next: mark + 1 };
}

/** Sends the next segment; without a session, or when the store does not give it out, nothing happens but the session's end. */
async function send(world: World): Promise<void> {
  const { session, store, cloud } = world;
  if (!session || session.token !== cloud.token) return;
  const header = store.header(r, session.next);
  if (!header) return;
  const body = await store.body(header).catch((thrown) => {
    if (thrown.code !== 'segment-discarded') throw thrown;
    return null;
  });
  if (!body) {
    world.session = null;
    return;
  }
  checkSegment(header, body);
  const before = cloud.stored.at(-1)?.header;
  const previous = before?.hash ?? new Uint8Array(32);
  if (!sameHash(header.previousHash, previous)) throw new Error('the chain is broken');
  if (header.fromSeq !== (before ? before.fromSeq + before.count : 1)) throw new Error('a hole in seq');
  const covered = Array.from({ length: header.count }, (_, i) => header.fromSeq + i);
  if (header.type === 'readings' && `${seqs(body)}` !== `${covered}`) throw new Error('other readings');
  if (header.type === 'gap' && header.count > 0) {
    const { gap } = JSON.parse(Buffer.from(body).toString());
    const given = covered.every((seq) => world.discarded.has(seq));
    if (gap === 'discarded' && !given) throw new Error('a gap for what nobody discarded');
    if (gap !== 'discarded' && gap !== 'epoch') throw new Error(`a gap of another kind: ${gap}`);
  }
  cloud.stored.push({ header, type: header.type, seqs: covered });
  session.next += 1;
}

async function acknowledge(world: World, back: number): Promise<void> {
  const { cloud, store } = world;
  const at = cloud.stored[cloud.stored.length - 1 - back];
  if (!at || store.epoch !== cloud.epoch) return;
  const { sequence, hash } = at.header;
  if (sequence > store.head(c, r).acknowledged) await store.acknowledge(c, r, sequence, hash);
}

async function discard(world: World, at: number, length: number): Promise<void> {
  const { store } = world;
  const { acknowledged, sealed } = store.head(c, r);
  const from = acknowledged + 1 + at;
  if (from > sealed) return;
  const to = Math.min(sealed, from + length);
  for (const { sequence, type, fromSeq, count } of store.held(r)) {
    if (type === 'gap' || sequence < from || sequence > to) continue;
    for (let seq = fromSeq; seq < fromSeq + count; seq++) world.discarded.add(seq);
  }
  await store.discard(r, from, to, 'why');
}

async function crash(world: World, written: boolean): Promise<void> {
  world.kv.die(written);
  world.kv = new MemoryKv(world.kv.disk);
  world.store = await world.open(world.kv);
  world.session = null;
}

/** What is on the disk, charged as the quota does. */
function chargeOf(kv: MemoryKv): number {
  let bytes = 0;
  for (const { key, value } of kv.range({ from: [0], to: ['~'] })) {
    if (key[0] === 'batch') bytes += value.length + batchOverheadBytes;
    if (key[0] !== 'head') continue;
    const { gap } = JSON.parse(Buffer.from(value).toString());
    bytes += headOverheadBytes + (gap === undefined ? 0 : Buffer.byteLength(gap));
  }
  return bytes;
}

const bare = <T extends string>(type: T) => fc.record({ type: fc.constant(type) });
const counted = <T extends string>(type: T, max: number) =>
  fc.record({ type: fc.constant(type), count: fc.integer({ min: 0, max }) });
const operation = fc.oneof(
  { weight: 6, arbitrary: counted('append', 3) },
  { weight: 4, arbitrary: bare('seal') },
  { weight: 1, arbitrary: bare('gap') },
  { weight: 2, arbitrary: counted('greet', 5) },
  { weight: 6, arbitrary: bare('send') },
  { weight: 3, arbitrary: counted('acknowledge', 2) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('discard' as const),
      at: fc.nat(4),
      length: fc.nat(2),
      crashes: fc.constantFrom('no', 'no', 'before', 'after'),
    }),
  },
  { weight: 1, arbitrary: bare('reopen') },
  { weight: 1, arbitrary: bare('fork') },
);

test('whatever is discarded when: each seq is in the cloud once, as a reading or as a gap, and nothing forks', async (t) => {
  let settledStored = 0;
  let gaps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 10, maxLength: 60, size: 'max' }),
      async (operations) => {
        const world = await begin();
        for (const op of operations) {
          const { store } = world;
          if (op.type === 'append') {
            if (op.count > 0) await store.append([batch(op.count)]);
            world.accepted += op.count;
            if (op.count > 1) await store.seal(r);
          } else if (op.type === 'seal') await store.seal(r);
          else if (op.type === 'gap') await store.addGap(r, { gap: 'missed', count: 1, text: 'Away.' });
          else if (op.type === 'greet') {
            await greet(world, op.count === 4 ? 'before' : op.count === 5 ? 'after' : 'no');
          } else if (op.type === 'send') await send(world);
          else if (op.type === 'acknowledge') await acknowledge(world, op.count);
          else if (op.type === 'discard') {
            if (op.crashes !== 'no') world.kv.held = true;
            const done = discard(world, op.at, op.length);
            if (op.crashes === 'no') await done;
            else await crash(world, op.crashes === 'after');
          } else if (op.type === 'reopen') await crash(world, true);
          else {
            await store.fork(c, 'Copied.');
            world.session = null;
          }
          t.is(world.store.status().bytes, chargeOf(world.kv));
        }
        const { cloud, kv } = world;
        // Everything goes: as many greetings as it takes, which is one.
        await world.store.seal(r);
        await greet(world);
        t.is(
          world.store.held(r).filter(({ discarded, sequence }) => discarded && sequence > cloud.stored.length)
            .length,
          0,
        );
        while (world.store.header(r, cloud.stored.length + 1)) await send(world);
        t.deepEqual(
          cloud.stored.flatMap((segment) => segment.seqs),
          Array.from({ length: world.accepted }, (_, i) => i + 1),
        );
        for (const { type, seqs: covered } of cloud.stored) {
          if (type === 'gap') gaps += covered.length;
          else settledStored += covered.filter((seq) => world.discarded.has(seq)).length;
        }
        await acknowledge(world, 0);
        t.is(world.store.status().bytes, 0);
        t.is(JSON.parse(Buffer.from(kv.get(['meta'])!).toString()).format, 1);
      },
    ),
    { numRuns: Number(process.env.FOGRUN_DISCARD_RUNS ?? 200) },
  );
  t.true(settledStored > 10, `only ${settledStored} discarded readings turned out to be stored`);
  t.true(gaps > 100, `only ${gaps} readings became gaps`);
});

test('while it holds discarded segments the store is not for a fogrun that does not know them', async (t) => {
  const world = await begin();
  const { store, kv } = world;
  const format = () => JSON.parse(Buffer.from(kv.get(['meta'])!).toString()).format;
  await store.append([batch(1)]);
  await store.seal(r);
  t.is(format(), 1);
  await store.discard(r, 1, 1, '');
  t.is(format(), 2);
  await (await world.open(new MemoryKv(kv.disk))).close();
  await greet(world);
  t.is(format(), 1);
  await store.append([batch(1)]);
  await store.seal(r);
  await store.discard(r, 2, 2, '');
  await store.fork(c, 'Copied.');
  t.is(format(), 1);
});

test('a reason from outside cannot make a gap that the cloud refuses', async (t) => {
  const { store } = await begin();
  await store.append([batch(1)]);
  await store.seal(r);
  await store.discard(r, 1, 1, `\u0000\n\u007f\ud800${'x'.repeat(10_000)}`);
  await store.rememberCloud(c, { cloudEpoch: 'ab', token: 1 }, new Map());
  const header = store.header(r, 1)!;
  const body = await store.body(header);
  checkSegment(header, body);
  t.true(body.length < 500);
});
