/**
 * Entries in key order, as one immutable version of a key-value store: a new version shares what did not change, so
 * that versions can be kept, copied and gone back to for nothing.
 */
import type { KvEntry, KvKey, KvRange, KvWriter } from '../contract/kv.ts';

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

/** Neither empty nor longer than `leafMax`. */
type Leaf = readonly KvEntry[];

export interface Sorted {
  readonly leaves: readonly Leaf[];
  /** Bytes of all keys and values. */
  readonly bytes: number;
}

export const nothing: Sorted = { leaves: [], bytes: 0 };

const leafMax = 64;
/** What an entry costs beside its value. */
const entryBytes = 64;
const costOf = (entry: KvEntry) => entryBytes + entry.value.length;

/** The first leaf that may hold the key: the last one that begins at or before it. */
function leafAt(leaves: readonly Leaf[], key: KvKey): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(leaves[middle]![0]!.key, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Index of the first entry at or after the key. */
function entryAt(leaf: Leaf, key: KvKey): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(leaf[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function find({ leaves }: Sorted, key: KvKey): KvEntry | undefined {
  if (leaves.length === 0) return undefined;
  const leaf = leaves[leafAt(leaves, key)]!;
  const entry = leaf[entryAt(leaf, key)];
  return entry && compareKeys(entry.key, key) === 0 ? entry : undefined;
}

/** The entries themselves, not copies. */
export function* entriesIn({ leaves }: Sorted, range: KvRange): Iterable<KvEntry> {
  const { from, to, reverse = false, limit = Number.POSITIVE_INFINITY } = range;
  let left = limit;
  if (leaves.length === 0 || compareKeys(from, to) >= 0) return;
  const [first, last] = [leafAt(leaves, from), leafAt(leaves, to)];
  for (let n = 0; n <= last - first && left > 0; n++) {
    const leaf = leaves[reverse ? last - n : first + n]!;
    const [start, end] = [entryAt(leaf, from), entryAt(leaf, to)];
    for (let i = 0; i < end - start && left > 0; i++, left--) {
      yield leaf[reverse ? end - 1 - i : start + i]!;
    }
  }
}

export function copyOf({ key, value }: KvEntry): KvEntry {
  return { key, value: new Uint8Array(value) };
}

/** Makes the next version, from the one it was made with. */
export class SortedWriter implements KvWriter {
  #leaves: Leaf[] | null = null;
  /** Leaves of the version in the making, which may be changed. */
  readonly #own = new Set<Leaf>();
  #base: Sorted;
  #bytes: number;
  /** Calls that write. */
  writes = 0;
  /** Bytes of all values that were put. */
  bytesPut = 0;

  constructor(base: Sorted) {
    this.#base = base;
    this.#bytes = base.bytes;
  }

  /** The version made; nothing may be written afterwards. */
  get made(): Sorted {
    return this.#leaves ? { leaves: this.#leaves, bytes: this.#bytes } : this.#base;
  }

  get(key: KvKey): Uint8Array | undefined {
    const entry = find(this.made, key);
    return entry && new Uint8Array(entry.value);
  }

  range(range: KvRange): Iterable<KvEntry> {
    return Array.from(entriesIn(this.made, range), copyOf);
  }

  put(key: KvKey, value: Uint8Array): void {
    this.writes += 1;
    this.bytesPut += value.length;
    const entry: KvEntry = { key: [...key], value: new Uint8Array(value) };
    this.#bytes += costOf(entry);
    const leaves = this.#writable();
    if (leaves.length === 0) {
      const leaf = [entry];
      this.#own.add(leaf);
      leaves.push(leaf);
      return;
    }
    const at = leafAt(leaves, key);
    const leaf = this.#ownLeaf(at);
    const i = entryAt(leaf, key);
    const before = leaf[i];
    const replaces = before !== undefined && compareKeys(before.key, key) === 0;
    if (replaces) this.#bytes -= costOf(before);
    leaf.splice(i, replaces ? 1 : 0, entry);
    if (leaf.length > leafMax) this.#split(at, leaf, i === leafMax);
  }

  remove(key: KvKey): void {
    this.writes += 1;
    const entry = find(this.made, key);
    if (!entry) return;
    const at = leafAt(this.#writable(), key);
    const leaf = this.#ownLeaf(at);
    leaf.splice(entryAt(leaf, key), 1);
    this.#bytes -= costOf(entry);
    if (leaf.length === 0) this.#writable().splice(at, 1);
  }

  removeRange(from: KvKey, to: KvKey): void {
    this.writes += 1;
    if (compareKeys(from, to) >= 0) return;
    const leaves = this.#writable();
    if (leaves.length === 0) return;
    const [first, last] = [leafAt(leaves, from), leafAt(leaves, to)];
    const kept: Leaf[] = [];
    for (let at = first; at <= last; at++) {
      const leaf = leaves[at]!;
      const [start, end] = [entryAt(leaf, from), entryAt(leaf, to)];
      for (let i = start; i < end; i++) this.#bytes -= costOf(leaf[i]!);
      const rest = start < end ? [...leaf.slice(0, start), ...leaf.slice(end)] : leaf;
      if (rest !== leaf) this.#own.add(rest);
      if (rest.length > 0) kept.push(rest);
    }
    leaves.splice(first, last - first + 1, ...kept);
  }

  #writable(): Leaf[] {
    this.#leaves ??= [...this.#base.leaves];
    return this.#leaves;
  }

  #ownLeaf(at: number): KvEntry[] {
    const leaves = this.#writable();
    const leaf = leaves[at]!;
    if (this.#own.has(leaf)) return leaf as KvEntry[];
    const copy = [...leaf];
    this.#own.add(copy);
    leaves[at] = copy;
    return copy;
  }

  /** What grows at its end keeps its leaves full. */
  #split(at: number, leaf: KvEntry[], grewAtEnd: boolean): void {
    const rest = leaf.splice(grewAtEnd ? leafMax : leafMax >> 1);
    this.#own.add(rest);
    this.#leaves!.splice(at + 1, 0, rest);
  }
}
