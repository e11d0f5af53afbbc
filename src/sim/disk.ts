/**
 * The disk of a simulated machine: one key-value store and plain files. What it was asked to keep takes time, and is
 * lost with the power before that time is over. Machines come and go; the disk stays.
 */
import type { Clock, Random } from '../contract/clock.ts';
import { entriesIn, nothing, type Sorted, SortedWriter } from './sorted.ts';

/** Something that is open on the disk, and goes when its process does. */
export interface DiskUser {
  /** @param written whether what it was writing gets there */
  die(written: boolean): void;
}

export interface DiskOptions {
  /** Of the world: a disk does not end with a process. */
  readonly clock: Clock;
  /** Decides what is under way when a process or the power goes, and where bytes flip. */
  readonly random: Random;
  readonly capacityBytes?: number;
}

/** An error as the operating system gives it. */
export function diskError(code: 'ENOSPC' | 'EIO'): Error {
  const text = code === 'ENOSPC' ? 'no space left on device' : 'i/o error';
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

/** More than any key. */
const all = { from: [0], to: ['\uffff'] };

/** Takes back something that was written and not synced. */
interface Undo {
  readonly atMs: number;
  readonly back: () => void;
}

export class SimDisk {
  readonly #options: DiskOptions;
  readonly #users = new Set<DiskUser>();
  #store: Sorted = nothing;
  /** Never changed in place. */
  readonly #files = new Map<string, Uint8Array>();
  #fileBytes = 0;
  /** Oldest first. */
  #unsynced: Undo[] = [];
  capacityBytes: number;
  /** How long what is written takes to be there for good, ms; never, for Infinity. */
  syncMs: () => number = () => 1;
  /** Hears whenever something is about to be written. */
  writing: () => void = () => {};
  /** While set, everything written fails with it. */
  failure: 'EIO' | null = null;
  /**
   * Above 0 it lies: what it says is written gets there so much later only, ms, and a power cut takes it. For control
   * runs, which must fail.
   */
  writesBackAfterMs = 0;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
  }

  /** The store as its processes see it. */
  get store(): Sorted {
    return this.#store;
  }

  /** Files as their processes see them. */
  get files(): ReadonlyMap<string, Uint8Array> {
    return this.#files;
  }

  get usedBytes(): number {
    return this.store.bytes + this.#fileBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  /** Leaves so many bytes free, as if something else had taken the rest. */
  fill(bytes: number): void {
    this.capacityBytes = this.usedBytes + bytes;
  }

  /** Throws what the operating system would, for something that would take this much more. */
  assertTakes(bytes: number): void {
    if (this.failure) throw diskError(this.failure);
    if (!this.takes(bytes)) throw diskError('ENOSPC');
  }

  /** Whether there is room; to take less than before always works, as pages that are free are used again. */
  takes(bytes: number): boolean {
    return !this.failure && (bytes <= 0 || bytes <= this.freeBytes);
  }

  keepStore(store: Sorted): void {
    const before = this.#store;
    this.#written(() => {
      this.#store = before;
    });
    this.#store = store;
  }

  keepFile(path: string, bytes: Uint8Array): void {
    const before = this.#files.get(path);
    this.#written(() => this.#put(path, before));
    this.#put(path, new Uint8Array(bytes));
  }

  removeFile(path: string): void {
    this.#put(path, undefined);
  }

  join(user: DiskUser): void {
    this.#users.add(user);
    this.writing();
  }

  leave(user: DiskUser): void {
    this.#users.delete(user);
  }

  /**
   * The process is gone; the operating system is not.
   * @param written whether what was under way gets there; by chance unless given
   */
  crash(written?: boolean): void {
    const users = [...this.#users];
    this.#users.clear();
    for (const user of users) user.die(written ?? this.#options.random.next() < 0.5);
  }

  /** The power is gone: so is what was not synced. */
  powerCut(written?: boolean): void {
    this.crash(written);
    this.#forgetSynced();
    for (const { back } of this.#unsynced.splice(0).reverse()) back();
  }

  /** A part of the bytes, as a write that the power cut short leaves it. */
  torn(bytes: Uint8Array): Uint8Array {
    return bytes.slice(0, Math.floor(this.#options.random.next() * bytes.length));
  }

  /** Everything on it, for another machine or for later; costs next to nothing. */
  clone(): SimDisk {
    const copy = new SimDisk({ ...this.#options, capacityBytes: this.capacityBytes });
    copy.restore(this);
    return copy;
  }

  /** Puts what another disk holds in place of everything; processes must be gone. */
  restore({
    store,
    files,
  }: {
    readonly store: Sorted;
    readonly files: ReadonlyMap<string, Uint8Array>;
  }): void {
    this.#assertIdle();
    this.#store = store;
    const kept = [...files];
    this.#files.clear();
    this.#fileBytes = 0;
    for (const [path, bytes] of kept) this.#put(path, bytes);
    this.#unsynced = [];
  }

  /** Everything is gone; processes must be. */
  wipe(): void {
    this.restore({ store: nothing, files: new Map() });
  }

  /** Only the store is gone, as when it is moved aside; processes must be. */
  wipeStore(): void {
    this.#assertIdle();
    this.#store = nothing;
    this.#unsynced = [];
  }

  /**
   * Flips one bit of one value in the store, as an old disk does.
   * @param among names what may be hit, by the first element of its key
   * @returns the key that was hit, or `undefined` when there was nothing to hit
   */
  corruptValue(among: readonly string[]): readonly (string | number)[] | undefined {
    const hit = pick(
      [...entriesIn(this.#store, all)].filter(
        ({ key, value }) => among.includes(String(key[0])) && value.length > 0,
      ),
      this.#options.random,
    );
    if (!hit) return undefined;
    const writer = new SortedWriter(this.#store);
    writer.put(hit.key, this.#flipped(hit.value));
    this.#store = writer.made;
    this.#unsynced = [];
    return hit.key;
  }

  /** Flips one bit of one file; answers with its path. */
  corruptFile(): string | undefined {
    const hit = pick(
      [...this.#files].filter(([, bytes]) => bytes.length > 0),
      this.#options.random,
    );
    if (!hit) return undefined;
    this.#put(hit[0], this.#flipped(hit[1]));
    return hit[0];
  }

  #flipped(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    const at = Math.floor(this.#options.random.next() * copy.length);
    copy[at] = copy[at]! ^ (1 << Math.floor(this.#options.random.next() * 8));
    return copy;
  }

  #written(back: () => void): void {
    if (this.writesBackAfterMs === 0) return;
    this.#forgetSynced();
    this.#unsynced.push({ atMs: this.#options.clock.monotonic(), back });
  }

  #forgetSynced(): void {
    const syncedMs = this.#options.clock.monotonic() - this.writesBackAfterMs;
    const first = this.#unsynced.findIndex(({ atMs }) => atMs > syncedMs);
    this.#unsynced.splice(0, first < 0 ? this.#unsynced.length : first);
  }

  #put(path: string, bytes: Uint8Array | undefined): void {
    this.#fileBytes += (bytes?.length ?? 0) - (this.#files.get(path)?.length ?? 0);
    if (bytes) this.#files.set(path, bytes);
    else this.#files.delete(path);
  }

  #assertIdle(): void {
    if (this.#users.size > 0) throw new Error('a disk that is in use cannot be exchanged');
  }
}

function pick<T>(from: readonly T[], random: Random): T | undefined {
  return from[Math.floor(random.next() * from.length)];
}
