/** An edge's store and the clouds that it meets, all with their real stores, for a test that mixes whatever can happen to them. */
import type { KvEntry } from '../../src/contract/kv.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { EdgeStore, WhenFull } from '../../src/contract/store.ts';
import type { Gap } from '../../src/domain/gap.ts';
import type { SegmentHeader } from '../../src/domain/segment.ts';
import { forkReason } from '../../src/link/upload-greeting.ts';
import { createCloudStore, type OpenedCloudStore } from '../../src/store/cloud-store.ts';
import type { HeadRecord } from '../../src/store/edge-records.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { entriesOf, MemoryDisk, MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

export const c = 'uploader';
export const r = 'readings';
const policy = { refusalsMax: 2, bytesMax: 2_000 };
export const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');

interface Cloud {
  readonly disk: { readonly kv: MemoryDisk; readonly files: MemoryFiles };
  readonly store: OpenedCloudStore;
  /** By epoch, in order. */
  readonly stored: Map<string, readonly { readonly header: SegmentHeader; readonly body: Uint8Array }[]>;
}

/** Under which token of which cloud the edge sends what next. */
interface Session {
  readonly cloud: Cloud;
  readonly token: number;
  next: number;
}

export class BesiegedEdge {
  kv = new MemoryKv();
  store!: EdgeStore;
  cloud!: Cloud;
  session: Session | null = null;
  bytesMax = 12_000;
  whenFull: WhenFull = 'block';
  /** Something on the disk is damaged and was not looked for since. */
  dirty = false;
  accepted = 0;
  turnedAway = 0;
  missed = 0;
  /** The value under each `seq`, as far as it was accepted. */
  readonly values = new Map<number, number>();
  /** `seq` of what may be given up for that reason. */
  readonly causes: Record<string, Set<number>> = {
    refused: new Set(),
    corrupt: new Set(),
    discarded: new Set(),
  };
  /** `seq` of all that a cloud was told a gap for, by reason; of acknowledged ones. */
  readonly gaps = new Map<string, Set<number>>();
  readonly acknowledged = new Set<number>();
  /** Those of them that were readings. */
  readonly delivered = new Set<number>();
  readonly #clock = createVirtualClock();
  readonly #random = seededRandom('besieged');
  #backup: { kv: MemoryDisk; files: MemoryFiles; stored: Cloud['stored'] } | null = null;
  #value = 0;
  #put: Promise<void> = Promise.resolve();

  async open(): Promise<void> {
    const { bytesMax, whenFull } = this;
    this.store = await createEdgeStore(this.kv, {
      ...{ edge: 'shed', cursors: [c], bytesMax, whenFull, clock: this.#clock, random: this.#random },
    });
    this.session = null;
    this.dirty = false;
  }

  async meetCloud(from: Pick<Cloud, 'disk' | 'stored'> | null = null): Promise<void> {
    const { disk, stored } = from ?? {
      disk: { kv: new MemoryDisk(), files: new MemoryFiles() },
      stored: new Map(),
    };
    const common = { clock: this.#clock, random: this.#random, bytesMax: 2 ** 24, consumers: [] };
    const store = await createCloudStore(new MemoryKv(disk.kv), disk.files, common);
    await store.resume();
    this.cloud = { disk, store, stored };
    if (!from) this.#backup = null;
  }

  async backUp(): Promise<void> {
    await this.cloud.store.filed();
    const { disk, stored } = this.cloud;
    const copy = new Map(Array.from(stored, ([epoch, segments]) => [epoch, [...segments]] as const));
    this.#backup = { kv: disk.kv.clone(), files: new MemoryFiles(disk.files.disk.clone()), stored: copy };
  }

  async restore(): Promise<void> {
    const backup = this.#backup;
    if (!backup) return;
    const stored = new Map(Array.from(backup.stored, ([epoch, segments]) => [epoch, [...segments]] as const));
    const disk = { kv: backup.kv.clone(), files: new MemoryFiles(backup.files.disk.clone()) };
    await this.meetCloud({ disk, stored });
  }

  batch(count: number): Batch {
    let lines = '';
    for (const seq of numbers(this.accepted + 1, count)) {
      this.values.set(seq, ++this.#value);
      lines += `{"time":"2026-01-01T00:00:00Z","value":${this.#value}}\n`;
    }
    return { stream: r, count, lines: Buffer.from(lines) };
  }

  /** As the rotator does. */
  async append(count: number, sealBytes: number, missed: number): Promise<void> {
    const { store } = this;
    const gap = { gap: 'missed' as const, count: missed, text: 'Away.' };
    const batch = { ...this.batch(count), cannotWait: true as const, ...(missed > 0 ? { missed: gap } : {}) };
    const dropsNewest = store.policies.whenFull === 'drop-newest';
    const isFull = dropsNewest && store.status().state === 'full';
    const taken = !isFull && (await full(store.append([batch], sealBytes)));
    if (taken) this.accepted += count;
    else if (dropsNewest) {
      await store.policies.turnAway([batch]);
      this.turnedAway += count;
    }
    if (taken || dropsNewest) this.missed += missed;
  }

  async greet(): Promise<void> {
    await this.endLink();
    const { store, cloud } = this;
    const { token } = store.cloud(c);
    const heads = store.streams().map((stream) => store.head(c, stream));
    const admission = await cloud.store.admit(store.edge, store.epoch, token, heads);
    const marks = Object.fromEntries(
      admission.admitted
        ? Array.from(admission.marks, ([name, mark]) => [name, { ...mark, hash: hex(mark.hash) }])
        : [],
    );
    const given = admission.admitted ? admission.token : 0;
    const welcome = { cloudEpoch: cloud.store.epoch, token: given, marks };
    const fork = admission.admitted ? forkReason(store, c, welcome as never) : admission.reason;
    if (fork) return store.fork(c, fork);
    const mark = admission.admitted ? (admission.marks.get(r)?.sequence ?? 0) : 0;
    await store.rememberCloud(c, { cloudEpoch: cloud.store.epoch, token: given }, new Map([[r, mark]]));
    this.session = { cloud, token: given, next: mark + 1 };
  }

  async endLink(): Promise<void> {
    if (this.session) await this.store.policies.linkEnded(c);
    this.session = null;
  }

  /** Hands the next segment to the cloud; what is given up ends the session, what is damaged is dealt with first. */
  async send(refuses = false): Promise<void> {
    const { store, session } = this;
    if (!session || session.cloud !== this.cloud) return this.endLink();
    const header = store.header(r, session.next);
    if (!header) return;
    store.policies.sending(c, r, session.next);
    const body = await store.body(header).catch(async (thrown) => {
      if (thrown.code === 'segment-corrupt') await store.letters.quarantine(header, policy.bytesMax);
      else if (thrown.code !== 'segment-discarded') throw thrown;
      return null;
    });
    if (!body) return this.endLink();
    if (refuses) {
      if ((await store.letters.mend()) === null) {
        for (const seq of numbers(header.fromSeq, header.count)) this.causes.refused!.add(seq);
        await store.letters.refused(header, 'I do not like it', policy);
      }
      return this.endLink();
    }
    try {
      const { cloud, token } = session;
      // The cloud goes on whether or not the edge is there to hear of it.
      const put = cloud.store.put(token, header, body).then(() => this.#took(cloud, header, body));
      this.#put = put.catch(() => {});
      await put;
    } catch (thrown) {
      if (!this.dirty) throw thrown;
      const { code } = thrown as { code: string };
      if (code !== 'segment-refused' && code !== 'edge-forked') throw thrown;
      await this.mend();
      return this.endLink();
    }
    session.next += 1;
  }

  #took({ stored }: Cloud, header: SegmentHeader, body: Uint8Array): void {
    const text = Buffer.from(body).toString();
    const seqs = numbers(header.fromSeq, header.count);
    stored.set(header.epoch, [...(stored.get(header.epoch) ?? []), { header, body }]);
    if (header.type === 'readings') {
      const right = seqs.map((seq) => line(seq, this.values.get(seq)!));
      if (text !== right.join('')) throw new Error(`other readings: ${text}, expected ${right}`);
    } else if (header.count > 0) {
      const { gap } = JSON.parse(text) as Gap;
      const cause = this.causes[gap];
      if (cause && !seqs.every((seq) => cause.has(seq))) throw new Error(`no cause for ${text}`);
      const inCloud = [...stored.values()].flat().filter(({ header }) => header.type === 'readings');
      const has = (seq: number) =>
        inCloud.some(({ header: { fromSeq, count } }) => fromSeq <= seq && seq < fromSeq + count);
      if (gap === 'dropped' && seqs.some(has)) throw new Error(`dropped what a cloud has: ${text}`);
      if (gap === 'epoch' && !seqs.every((seq) => this.acknowledged.has(seq)))
        throw new Error(`never acknowledged: ${text}`);
      const told = this.gaps.get(gap) ?? new Set();
      for (const seq of seqs) told.add(seq);
      this.gaps.set(gap, told);
    }
  }

  async acknowledge(back: number): Promise<void> {
    const { store, cloud } = this;
    const one = cloud.stored.get(store.epoch)?.at(-1 - back);
    if (!one || !this.session) return;
    const { sequence, hash, fromSeq, count } = one.header;
    if (sequence <= store.head(c, r).acknowledged) return;
    for (const seq of numbers(1, fromSeq + count - 1)) this.acknowledged.add(seq);
    await store.acknowledge(c, r, sequence, hash);
    this.noteDelivered();
  }

  noteDelivered(): void {
    const { store, cloud } = this;
    const segments = cloud.stored.get(store.epoch) ?? [];
    for (const { header } of segments.slice(0, store.head(c, r).acknowledged)) {
      if (header.type === 'readings')
        for (const seq of numbers(header.fromSeq, header.count)) this.delivered.add(seq);
    }
  }

  async discard(at: number): Promise<void> {
    const some = this.store.held(r).filter(({ type, discarded }) => type === 'readings' && !discarded);
    const one = some[at % Math.max(1, some.length)];
    if (!one) return;
    for (const seq of numbers(one.fromSeq, one.count)) this.causes.discarded!.add(seq);
    await this.store.discard(r, one.sequence, one.sequence, 'why');
  }

  async requeue(): Promise<void> {
    const { letters } = this.store;
    const ready = letters.list().filter(({ settled, reason }) => settled && reason === 'refused');
    let next = this.accepted;
    for (const { fromSeq, count } of ready)
      for (const seq of numbers(fromSeq, count)) this.values.set(++next, this.values.get(seq)!);
    if (await full(letters.requeue(ready.map(({ id }) => id)))) this.accepted = next;
  }

  /** Flips a byte of a value of readings, sealed or not. */
  damageValue(at: number): void {
    const hit = pick(this.kv, 'batch', at);
    if (!hit) return;
    const from = Number(hit.key[2]);
    for (const seq of numbers(from, hit.value.filter((byte) => byte === 0x0a).length))
      this.causes.corrupt!.add(seq);
    this.#flip(hit, 20 + at);
  }

  /** Flips a byte of each of so many headers that stand side by side. */
  damageHeads(at: number, count: number): void {
    for (const n of numbers(0, count)) {
      const hit = pick(this.kv, 'head', at + n);
      if (!hit) return;
      const head = parsed(hit.value);
      // What a gap was for, or what was given up, nobody can tell any more.
      if (head && (head.type === 'gap' || head.discarded))
        for (const seq of numbers(head.fromSeq, head.count)) this.causes.corrupt!.add(seq);
      this.#flip(hit, at * 31 + n * 17);
    }
  }

  #flip(hit: KvEntry, at: number): void {
    const value = Uint8Array.from(hit.value);
    const place = at % value.length;
    value[place] = value[place]! ^ 1;
    Object.assign(hit, { value });
    this.dirty = true;
  }

  async mend(): Promise<void> {
    await this.store.letters.mend();
    this.dirty = false;
  }

  async crash(written: boolean): Promise<void> {
    await this.#put;
    this.kv.die(written);
    this.kv = new MemoryKv(this.kv.disk);
    await this.open();
  }
}

const line = (seq: number, value: number) =>
  `{"seq":${seq},"time":"2026-01-01T00:00:00Z","value":${value}}\n`;

/** `null` for one that was damaged before. */
function parsed(value: Uint8Array): HeadRecord | null {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return null;
  }
}

function pick({ disk }: MemoryKv, kind: string, at: number): KvEntry | undefined {
  const entries = entriesOf(disk).filter(({ key }) => key[0] === kind);
  return entries[at % Math.max(1, entries.length)];
}

/** Whether there was room. */
const full = (done: Promise<unknown>) =>
  done.then(
    () => true,
    (thrown) => {
      if (thrown.code !== 'store-full') throw thrown;
      return false;
    },
  );
