/** A key-value store in memory: group commits that settle by themselves or when told, and crashes. */
import { FogrunError } from '../../src/contract/errors.ts';
import type { Kv, KvEntry, KvKey, KvRange, KvWriter } from '../../src/contract/kv.ts';

/** Compares keys as the contract says: element by element, numbers before strings, a prefix first. */
export function compareKeys(a: KvKey, b: KvKey): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (typeof x !== typeof y) return typeof x === 'number' ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

type Entries = KvEntry[];

function indexOf(entries: Entries, key: KvKey): { at: number; found: boolean } {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(entries[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: low < entries.length && compareKeys(entries[low]!.key, key) === 0 };
}

/** What lasts: hand the same one to a new `MemoryKv` to reopen. */
export class MemoryDisk {
  entries: Entries = [];
}

interface Queued {
  readonly work: (writer: KvWriter) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

export class MemoryKv implements Kv {
  readonly disk: MemoryDisk;
  /** When true, commits wait for `commit()`. */
  held = false;
  /** Set to let the next commit fail. */
  failNext: string | null = null;
  commits = 0;
  #queue: Queued[] = [];
  #scheduled = false;
  #failure: FogrunError | null = null;
  #dead = false;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.disk = disk;
  }

  get(key: KvKey): Uint8Array | undefined {
    this.#assertReadable();
    return read(this.disk.entries, key);
  }

  *range(range: KvRange): Iterable<KvEntry> {
    this.#assertReadable();
    yield* slice(this.disk.entries, range);
  }

  transaction<T>(work: (writer: KvWriter) => T): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      if (!this.held) this.#schedule();
    });
  }

  /** Carries out what waits, as one commit. */
  commit(): void {
    this.#scheduled = false;
    if (this.#dead || this.#failure || this.#queue.length === 0) return;
    const group = this.#queue;
    this.#queue = [];
    let entries = this.disk.entries;
    let copied = false;
    let writes = 0;
    const writable = () => {
      writes++;
      if (!copied) entries = entries.slice();
      copied = true;
      return entries;
    };
    const writer: KvWriter = {
      get: (key) => read(entries, key),
      range: (range) => [...slice(entries, range)],
      put: (key, value) => {
        const target = writable();
        const { at, found } = indexOf(target, key);
        target.splice(at, found ? 1 : 0, { key: [...key], value: Uint8Array.from(value) });
      },
      remove: (key) => {
        const target = writable();
        const { at, found } = indexOf(target, key);
        if (found) target.splice(at, 1);
      },
      removeRange: (from, to) => {
        const target = writable();
        const start = indexOf(target, from).at;
        target.splice(start, Math.max(0, indexOf(target, to).at - start));
      },
    };
    const settled: (() => void)[] = [];
    for (const queued of group) {
      const before = writes;
      try {
        const value = queued.work(writer);
        settled.push(() => queued.resolve(value as never));
      } catch (error) {
        if (writes !== before) {
          this.#fail(String(error), group);
          return;
        }
        settled.push(() => queued.reject(error));
      }
    }
    if (this.failNext !== null) {
      this.#fail(this.failNext, group);
      return;
    }
    this.disk.entries = entries;
    this.commits++;
    for (const settle of settled) settle();
  }

  /** Lets held commits go on. */
  release(): void {
    this.held = false;
    this.commit();
  }

  /** The process is gone: what was not committed is forgotten and nothing settles any more. */
  crash(): MemoryDisk {
    this.#dead = true;
    this.#queue = [];
    return this.disk;
  }

  async close(): Promise<void> {
    this.commit();
    this.#failure ??= new FogrunError('store-failed', 'the store is closed');
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.commit());
  }

  #fail(reason: string, group: readonly Queued[]): void {
    this.#failure = new FogrunError('store-failed', `the store did not take a commit: ${reason}`);
    const waiting = this.#queue;
    this.#queue = [];
    for (const queued of [...group, ...waiting]) queued.reject(this.#failure);
  }

  #assertReadable(): void {
    if (this.#failure) throw this.#failure;
  }
}

function read(entries: Entries, key: KvKey): Uint8Array | undefined {
  const { at, found } = indexOf(entries, key);
  return found ? Uint8Array.from(entries[at]!.value) : undefined;
}

function* slice(entries: Entries, { from, to, reverse, limit }: KvRange): Iterable<KvEntry> {
  const part = entries.slice(indexOf(entries, from).at, indexOf(entries, to).at);
  if (reverse) part.reverse();
  for (const { key, value } of part.slice(0, limit ?? part.length)) {
    yield { key, value: Uint8Array.from(value) };
  }
}
