import test from 'ava';
import fc from 'fast-check';
import type { EdgeStore } from '../../src/contract/store.ts';
import { type SegmentHeader, sameHash } from '../../src/domain/segment.ts';
import type { SimDisk } from '../../src/sim/disk.ts';
import { batchOverheadBytes, headOverheadBytes } from '../../src/store/edge-records.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { checkSegment } from '../../src/store/segment-check.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const c = 'uploader';
const r = 'readings';
const policy = { refusalsMax: 2, bytesMax: 2 ** 20 };
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** An edge and a cloud that takes, refuses and acknowledges; every `seq` that ever became a gap has its cause in one of the sets. */
class World {
  kv = new MemoryKv();
  store!: EdgeStore;
  epoch = '';
  token = 0;
  stored: { header: SegmentHeader; type: string; seqs: number[] }[] = [];
  next: number | null = null;
  accepted = 0;
  /** Readings put back, of those that the test heard of. */
  requeued = 0;
  /** Headers that were damaged. */
  heads = 0;
  readonly refused = new Set<number>();
  readonly damaged = new Set<number>();
  readonly discarded = new Set<number>();
  readonly #options = { edge: 'shed', cursors: [c], bytesMax: 2 ** 30, cacheBytes: 0 };
  readonly #more = { clock: createVirtualClock(), random: seededRandom('letters') };

  async open(): Promise<void> {
    this.store = await createEdgeStore(this.kv, { ...this.#options, ...this.#more });
    this.next = null;
  }

  async crash(written: boolean): Promise<void> {
    this.kv.die(written);
    this.kv = new MemoryKv(this.kv.disk);
    await this.open();
  }

  async greet(): Promise<void> {
    const { store } = this;
    if (store.epoch !== this.epoch) {
      this.epoch = store.epoch;
      this.stored = [];
    }
    const mark = this.stored.length;
    const { sealed, acknowledged } = store.head(c, r);
    if (mark > sealed || mark < acknowledged) throw new Error('forked: the mark is out of bounds');
    const own = store.header(r, mark)?.hash;
    if (own && !sameHash(own, this.stored.at(-1)!.header.hash)) throw new Error('forked: another hash');
    this.token += 1;
    await store.rememberCloud(c, { cloudEpoch: 'ab', token: this.token }, new Map([[r, mark]]));
    this.next = mark + 1;
  }

  /** Hands the next segment to the cloud; what is given up ends the session, what is damaged is quarantined first. */
  async send(refuses = false): Promise<void> {
    const { store } = this;
    const header = this.next === null ? undefined : store.header(r, this.next);
    if (!header) return;
    const body = await store.body(header).catch(async (thrown) => {
      if (thrown.code === 'segment-corrupt') await store.letters.quarantine(header, policy.bytesMax);
      else if (thrown.code !== 'segment-discarded') throw thrown;
      return null;
    });
    const seqs = numbers(header.fromSeq, header.count);
    if (body && refuses) {
      for (const seq of seqs) this.refused.add(seq);
      await store.letters.refused(header, 'I do not like it', policy);
    }
    if (!body || refuses) {
      this.next = null;
      return;
    }
    this.#take(header, body, seqs);
    this.next! += 1;
  }

  #take(header: SegmentHeader, body: Uint8Array, seqs: number[]): void {
    checkSegment(header, body);
    const before = this.stored.at(-1)?.header;
    if (!sameHash(header.previousHash, before?.hash ?? new Uint8Array(32))) throw new Error('a broken chain');
    if (header.fromSeq !== (before ? before.fromSeq + before.count : 1)) throw new Error('a hole in seq');
    const text = Buffer.from(body).toString();
    if (header.type === 'readings') {
      const line = Buffer.from(batch(1).lines).toString().slice(1);
      if (text !== seqs.map((seq) => `{"seq":${seq},${line}`).join('')) throw new Error('a damaged reading');
    } else if (header.count > 0) {
      const { gap } = JSON.parse(text) as { gap: string };
      const cause = { refused: this.refused, corrupt: this.damaged, discarded: this.discarded }[gap];
      if (gap !== 'epoch' && !seqs.every((seq) => cause?.has(seq))) throw new Error(`no cause for ${text}`);
    }
    this.stored.push({ header, type: header.type, seqs });
  }

  async acknowledge(back: number): Promise<void> {
    const at = this.stored.at(-1 - back);
    if (!at || this.store.epoch !== this.epoch) return;
    const { sequence, hash } = at.header;
    if (sequence > this.store.head(c, r).acknowledged) await this.store.acknowledge(c, r, sequence, hash);
  }

  /** Flips one byte of one value of readings, sealed or not. */
  damage(at: number): void {
    const values = entriesOf(this.kv.disk).filter(({ key }) => key[0] === 'batch');
    const hit = values[at % Math.max(1, values.length)];
    if (!hit) return;
    const from = Number(hit.key[2]);
    for (const seq of numbers(from, hit.value.filter((byte) => byte === 0x0a).length)) this.damaged.add(seq);
    hit.value[30] = hit.value[30]! ^ 1;
  }

  /** Changes one byte of a header that stands between well ones, and lets the store look. */
  async damageHead(at: number): Promise<void> {
    const heads = this.store.held(r);
    const index = at % Math.max(1, heads.length);
    const one = heads[index];
    if (!one || heads.slice(Math.max(0, index - 1), index + 2).some(({ discarded }) => discarded)) return;
    // What a gap was for nobody can tell any more.
    if (one.type === 'gap') for (const seq of numbers(one.fromSeq, one.count)) this.damaged.add(seq);
    const hit = entriesOf(this.kv.disk).find(({ key }) => key[0] === 'head' && key[2] === one.sequence)!;
    const place = Math.floor((hit.value.length * (this.heads * 37 + at * 101)) / 997) % hit.value.length;
    hit.value[place] = hit.value[place]! ^ (1 + at);
    this.heads += 1;
    this.next = null;
    await this.store.letters.mend();
  }

  async discard(at: number): Promise<void> {
    const some = this.store.held(r).filter(({ type, discarded }) => type === 'readings' && !discarded);
    const one = some[at % Math.max(1, some.length)];
    if (!one) return;
    for (const seq of numbers(one.fromSeq, one.count)) this.discarded.add(seq);
    await this.store.discard(r, one.sequence, one.sequence, 'why');
  }

  async requeue(): Promise<void> {
    const ready = this.store.letters.list().filter(({ settled, reason }) => settled && reason === 'refused');
    const done = await this.store.letters.requeue(ready.map(({ id }) => id));
    this.accepted += done.readings;
    this.requeued += done.readings;
  }
}

/** What is on the disk, charged as the quota does. */
function chargeOf(disk: SimDisk): number {
  let bytes = 0;
  for (const { key, value } of entriesOf(disk)) {
    if (key[0] === 'batch' || key[1] === 'part') bytes += value.length + batchOverheadBytes;
    if (key[0] !== 'head' && key[1] !== 'head') continue;
    const { gap } = JSON.parse(Buffer.from(value).toString());
    bytes += headOverheadBytes + (key[0] === 'head' && gap !== undefined ? Buffer.byteLength(gap) : 0);
  }
  return bytes;
}

const operation = fc.oneof(
  ...(
    [
      ['append', 6],
      ['seal', 4],
      ['greet', 6],
      ['send', 6],
      ['refuse', 7],
      ['acknowledge', 3],
      ['damage', 2],
      ['damageHead', 3],
      ['discard', 1],
      ['requeue', 3],
      ['crash', 2],
      ['fork', 1],
    ] as const
  ).map(([type, weight]) => ({
    weight,
    arbitrary: fc.record({
      type: fc.constant(type),
      n: fc.nat(7),
      dies: fc.constantFrom(false, false, true),
    }),
  })),
);

async function perform(world: World, { type, n }: { type: string; n: number }): Promise<void> {
  const { store } = world;
  if (type === 'append') {
    world.accepted += 1 + n;
    await Promise.all([store.append([batch(1)]), ...(n > 0 ? [store.append([batch(n)])] : [])]);
  } else if (type === 'seal') await store.seal(r);
  else if (type === 'greet') await world.greet();
  else if (type === 'send') await world.send();
  else if (type === 'refuse') await world.send(true);
  else if (type === 'acknowledge') await world.acknowledge(n % 3);
  else if (type === 'damage') world.damage(n);
  else if (type === 'damageHead') await world.damageHead(n);
  else if (type === 'discard') await world.discard(n);
  else if (type === 'requeue') await world.requeue();
  else if (type === 'fork') {
    world.next = null;
    await store.fork(c, 'Copied.');
  } else await world.crash(n % 2 === 0);
}

/** One more segment, refused until it is given up and settled: each run has something to put back. */
async function refuseOneMore(world: World): Promise<void> {
  world.accepted += 1;
  await world.store.append([batch(1)]);
  const last = (await world.store.seal(r))!.sequence;
  for (let tries = 0; tries < 20; tries++) {
    if (world.next === null) await world.greet();
    if (world.store.header(r, last)?.type === 'gap') return;
    await world.send(world.next === last);
  }
}

test('whatever is refused and damaged when: each seq is in the cloud once, as it was accepted or as a gap with its cause', async (t) => {
  let [refused, corrupt, salvaged, requeued] = [0, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 10, maxLength: 60, size: 'max' }),
      async (operations) => {
        const world = new World();
        await world.open();
        for (const op of operations) {
          const dies = op.dies && ['greet', 'refuse', 'requeue', 'send'].includes(op.type);
          if (dies) world.kv.held = true;
          const done = perform(world, op);
          if (dies) {
            done.catch(() => {});
            await new Promise((resolve) => setImmediate(resolve));
            await world.crash(op.n % 2 === 0);
            const { fromSeq, count } = world.store.openSegment(r);
            world.accepted = fromSeq + count - 1;
          } else await done;
          t.is(world.store.status().bytes, chargeOf(world.kv.disk));
        }
        await world.store.seal(r);
        // A greeting settles all that is known; what only now turns out to be damaged takes another.
        for (let round = 0; round < 200; round++) {
          await world.greet();
          while (world.next !== null && world.store.header(r, world.next)) await world.send();
          if (world.next !== null) break;
        }
        await refuseOneMore(world);
        await world.requeue();
        requeued += world.requeued;
        await world.greet();
        while (world.next !== null && world.store.header(r, world.next)) await world.send();
        const all = world.stored.flatMap(({ seqs }) => seqs);
        t.deepEqual(all, numbers(1, world.accepted));
        for (const { type, header, seqs } of world.stored) {
          if (type === 'gap') {
            refused += seqs.filter((seq) => world.refused.has(seq)).length;
            corrupt += seqs.filter((seq) => world.damaged.has(seq)).length;
          } else if (world.damaged.has(header.fromSeq - 1)) salvaged += header.count;
        }
        await world.acknowledge(0);
        const letters = world.store.letters.list();
        await world.store.letters.discard(letters.map(({ id }) => id));
        t.is(world.store.status().bytes, 0);
        const left = entriesOf(world.kv.disk).filter(({ key }) =>
          ['batch', 'sum', 'head', 'letter'].includes(String(key[0])),
        );
        t.deepEqual(left, []);
        t.is(JSON.parse(Buffer.from(world.kv.get(['meta'])!).toString()).format, 1);
      },
    ),
    { numRuns: Number(process.env.FOGRUN_LETTER_RUNS ?? 200) },
  );
  for (const count of [refused, corrupt, salvaged, requeued])
    t.true(count > 5, `${[refused, corrupt, salvaged, requeued]}`);
});
