/** An edge's store and a cloud as far as the store can tell, for property tests over what is given up. */
import type { EdgeStore } from '../../src/contract/store.ts';
import { type SegmentHeader, sameHash } from '../../src/domain/segment.ts';
import type { EdgeStoreOptions } from '../../src/store/edge-options.ts';
import { batchOverheadBytes, headOverheadBytes } from '../../src/store/edge-records.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { checkSegment } from '../../src/store/segment-check.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

export const c = 'uploader';
export const r = 'readings';

/** A cloud as far as an edge can tell: the chain it took, epoch by epoch, and the token that may go on with it. */
export interface Cloud {
  epoch: string;
  token: number;
  stored: { header: SegmentHeader; type: 'readings' | 'gap'; seqs: number[] }[];
}

export interface World {
  kv: MemoryKv;
  store: EdgeStore;
  readonly cloud: Cloud;
  /** The session of the edge's process: under which token it sends what next; `null` without one. */
  session: { token: number; next: number } | null;
  accepted: number;
  /** Every `seq` that was ever discarded. */
  readonly discarded: Set<number>;
  /** Every `seq` that was ever handed to a link. */
  readonly handed: Set<number>;
  /** Every `seq` that the cloud was told a gap for, by reason. */
  readonly gaps: Map<string, Set<number>>;
  /** Readings without a number that the cloud was told a gap for. */
  missed: number;
  readonly open: (kv: MemoryKv) => Promise<EdgeStore>;
}

const options = { edge: 'shed', cursors: [c], bytesMax: 2 ** 30 };

export async function begin(more: Partial<EdgeStoreOptions> = {}): Promise<World> {
  const all = { ...options, clock: createVirtualClock(), random: seededRandom('discard'), ...more };
  const open = (kv: MemoryKv) => createEdgeStore(kv, all);
  const kv = new MemoryKv();
  const store = await open(kv);
  const cloud = { epoch: store.epoch, token: 0, stored: [] };
  return {
    kv,
    store,
    cloud,
    session: null,
    accepted: 0,
    discarded: new Set(),
    handed: new Set(),
    gaps: new Map(),
    missed: 0,
    open,
  };
}

/** The cloud's side of a greeting, and the edge's; a crash may leave the edge without what it learned. */
export async function greet(world: World, crashes: 'no' | 'before' | 'after' = 'no'): Promise<void> {
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
export async function send(world: World): Promise<void> {
  const { session, store, cloud } = world;
  if (!session || session.token !== cloud.token) return;
  const header = store.header(r, session.next);
  if (!header) return;
  store.policies.sending(c, r, session.next);
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
  if (header.type === 'readings') for (const seq of covered) world.handed.add(seq);
  if (header.type === 'readings' && `${seqs(body)}` !== `${covered}`) throw new Error('other readings');
  if (header.type === 'gap' && header.count > 0) {
    const { gap } = JSON.parse(Buffer.from(body).toString());
    if (gap === 'discarded' && !covered.every((seq) => world.discarded.has(seq))) {
      throw new Error('a gap for what nobody discarded');
    }
    if (gap === 'dropped' && covered.some((seq) => world.handed.has(seq))) {
      throw new Error('dropped what had been sent');
    }
    if (!['discarded', 'dropped', 'epoch'].includes(gap)) throw new Error(`a gap of another kind: ${gap}`);
    const told = world.gaps.get(gap) ?? new Set();
    for (const seq of covered) told.add(seq);
    world.gaps.set(gap, told);
  }
  if (header.type === 'gap' && header.count === 0) {
    world.missed += JSON.parse(Buffer.from(body).toString()).count;
  }
  cloud.stored.push({ header, type: header.type, seqs: covered });
  session.next += 1;
}

export async function acknowledge(world: World, back: number): Promise<void> {
  const { cloud, store } = world;
  const at = cloud.stored[cloud.stored.length - 1 - back];
  if (!at || store.epoch !== cloud.epoch) return;
  const { sequence, hash } = at.header;
  if (sequence > store.head(c, r).acknowledged) await store.acknowledge(c, r, sequence, hash);
}

export async function discard(world: World, at: number, length: number): Promise<void> {
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

export async function crash(world: World, written: boolean): Promise<void> {
  world.kv.die(written);
  world.kv = new MemoryKv(world.kv.disk);
  world.store = await world.open(world.kv);
  world.session = null;
}

/** What is on the disk, charged as the quota does. */
export function chargeOf(kv: MemoryKv): number {
  let bytes = 0;
  for (const { key, value } of kv.range({ from: [0], to: ['~'] })) {
    if (key[0] === 'batch') bytes += value.length + batchOverheadBytes;
    if (key[0] !== 'head') continue;
    const { gap } = JSON.parse(Buffer.from(value).toString());
    bytes += headOverheadBytes + (gap === undefined ? 0 : Buffer.byteLength(gap));
  }
  return bytes;
}
