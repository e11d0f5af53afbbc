/** The key-value store on a simulated disk: group commits that take as long as the disk, and fail as it does. */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Kv, KvEntry, KvKey, KvRange, KvWriter } from '../contract/kv.ts';
import type { DiskUser, SimDisk } from './disk.ts';
import { copyOf, entriesIn, find, SortedWriter } from './sorted.ts';

export interface SimKvOptions {
  /** Of the process that opens it. */
  readonly clock: Clock;
  /** A commit that takes longer counts as failed, ms. */
  readonly commitDeadlineMs?: number;
  /** Bytes put after which a commit takes in no further work. */
  readonly commitBytesMax?: number;
}

interface Queued {
  readonly work: (writer: KvWriter) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** What one commit writes, and what to say once it is there. */
interface Group {
  readonly taken: readonly Queued[];
  readonly writer: SortedWriter;
  readonly settled: readonly (() => void)[];
}

const commitDeadlineMs = 30_000;
const commitBytesMax = 4 * 2 ** 20;

export class SimKv implements Kv, DiskUser {
  readonly disk: SimDisk;
  readonly #options: SimKvOptions;
  #queue: Queued[] = [];
  #begun = false;
  #group: Group | null = null;
  #timer: Timer;
  #failure: FogrunError | null = null;
  #dead = false;
  #idle: (() => void)[] = [];
  /** Commits that are on the disk. */
  commits = 0;

  constructor(disk: SimDisk, options: SimKvOptions) {
    this.disk = disk;
    this.#options = options;
  }

  get(key: KvKey): Uint8Array | undefined {
    this.#assertReadable();
    const entry = find(this.disk.store, key);
    return entry && new Uint8Array(entry.value);
  }

  *range(range: KvRange): Iterable<KvEntry> {
    this.#assertReadable();
    for (const entry of entriesIn(this.disk.store, range)) yield copyOf(entry);
  }

  transaction<T>(work: (writer: KvWriter) => T): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.disk.join(this);
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      this.#start();
    });
  }

  async close(): Promise<void> {
    while (this.#begun && !this.#failure && !this.#dead) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    this.fail(new FogrunError('store-failed', 'the store is closed'));
    this.disk.leave(this);
  }

  /** Ends the store: whatever waits, and every later call, rejects with `error`. */
  fail(error: FogrunError): void {
    this.#failure ??= error;
    for (const queued of this.#queue.splice(0)) queued.reject(this.#failure);
    this.#rest();
  }

  /** The process is gone: nobody hears anything any more, and the commit under way gets there or not. */
  die(written: boolean): void {
    const group = this.#group ?? (written && !this.#failure ? this.#runGroup() : null);
    this.#dead = true;
    this.#group = null;
    this.#queue = [];
    this.#options.clock.clearTimeout(this.#timer);
    if (group && written && !this.#failure && this.complaint(group.writer) === null) {
      this.disk.keepStore(group.writer.made);
    }
    this.disk.leave(this);
  }

  /** Calls `landed` when the disk has what was written; with words when it has not answered in time. */
  protected pass(landed: (overdue?: string) => void): void {
    const { clock } = this.#options;
    const deadlineMs = this.#options.commitDeadlineMs ?? commitDeadlineMs;
    const ms = this.disk.syncMs();
    const overdue = ms > deadlineMs ? `the disk did not answer within ${deadlineMs} ms` : undefined;
    this.#timer = clock.setTimeout(() => landed(overdue), Math.min(ms, deadlineMs));
  }

  /** Why the disk does not take what was written; null when it does. */
  protected complaint(writer: SortedWriter): string | null {
    try {
      this.disk.assertTakes(writer.made.bytes - this.disk.store.bytes);
      return null;
    } catch (thrown) {
      return (thrown as Error).message;
    }
  }

  /** Calls made at once share a commit, those made while it is under way the next. */
  #start(): void {
    if (this.#begun || this.#failure || this.#dead || this.#queue.length === 0) return;
    this.#begun = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    if (this.#dead || this.#failure) return;
    const group = this.#runGroup();
    if (!group) return;
    this.#group = group;
    // What writes nothing has nothing to wait for.
    if (group.writer.writes === 0) queueMicrotask(() => this.#land(group));
    else this.pass((overdue) => this.#land(group, overdue));
  }

  #runGroup(): Group | null {
    const writer = new SortedWriter(this.disk.store);
    const settled: (() => void)[] = [];
    let next = 0;
    const bytesMax = this.#options.commitBytesMax ?? commitBytesMax;
    while (next < this.#queue.length && writer.bytesPut < bytesMax) {
      const queued = this.#queue[next++]!;
      const before = writer.writes;
      try {
        const value = queued.work(writer);
        settled.push(() => queued.resolve(value as never));
      } catch (error) {
        if (writer.writes !== before) {
          this.#commitFailed(String(error), this.#queue.splice(0, next));
          return null;
        }
        settled.push(() => queued.reject(error));
      }
    }
    return { taken: this.#queue.splice(0, next), writer, settled };
  }

  #land(group: Group, overdue?: string): void {
    if (this.#dead || this.#group !== group) return;
    this.#group = null;
    if (this.#failure) {
      for (const queued of group.taken) queued.reject(this.#failure);
      return;
    }
    const wrote = group.writer.writes > 0;
    const complaint = overdue ?? (wrote ? this.complaint(group.writer) : null);
    if (complaint !== null) {
      this.#commitFailed(complaint, group.taken);
      return;
    }
    if (wrote) {
      this.disk.keepStore(group.writer.made);
      this.commits += 1;
    }
    for (const settle of group.settled) settle();
    this.#begun = false;
    this.#start();
    this.#rest();
  }

  #commitFailed(reason: string, taken: readonly Queued[]): void {
    const error = new FogrunError('store-failed', `the store did not take a commit: ${reason}`);
    this.#failure ??= error;
    for (const queued of taken) queued.reject(this.#failure);
    this.fail(this.#failure);
  }

  #rest(): void {
    if (this.#begun && !this.#failure) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  #assertReadable(): void {
    if (this.#failure) throw this.#failure;
  }
}
