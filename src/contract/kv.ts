/**
 * The ordered key-value store under both stores. Real: LMDB (src/store/lmdb-kv.ts); simulated: src/sim.
 * One process owns it; others may open it read-only.
 */

/** Compared element by element, numbers by value and before strings. */
export type KvKey = readonly (string | number)[];

export interface KvEntry {
  readonly key: KvKey;
  readonly value: Uint8Array;
}

export interface KvRange {
  /** First key, inclusive. */
  readonly from: KvKey;
  /** Last key, exclusive. */
  readonly to: KvKey;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface KvReader {
  /** The value; the caller owns the copy. */
  get(key: KvKey): Uint8Array | undefined;
  /** A snapshot in key order; the caller owns the copies. */
  range(range: KvRange): Iterable<KvEntry>;
}

export interface KvWriter extends KvReader {
  put(key: KvKey, value: Uint8Array): void;
  remove(key: KvKey): void;
  /** Removes every key from `from`, inclusive, to `to`, exclusive, without reading values. */
  removeRange(from: KvKey, to: KvKey): void;
}

export interface Kv extends KvReader {
  /**
   * Runs `work` atomically; resolves once its writes are on disk. `work` is synchronous, sees its own writes and
   * those of every transaction called before, and must not throw after its first write. Calls are carried out
   * in the order they were made; those made while a commit is in flight share the next one (group commit).
   * After one rejection with `store-failed` every later call rejects: the process must exit and reopen.
   */
  transaction<T>(work: (writer: KvWriter) => T): Promise<T>;
  /** Settles within the deadline even if the disk does not answer. */
  close(): Promise<void>;
}
