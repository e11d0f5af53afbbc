/**
 * The key-value store on LMDB. Asynchronous only once open; one LMDB transaction per group of ours.
 * `overlappingSync: false` because with it LMDB acknowledges before the disk has the pages, and without
 * `eventTurnBatching` because that raises a second, unhandled rejection when a commit fails.
 */
import { open, type RootDatabase } from 'lmdb';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Kv, KvEntry, KvKey, KvRange, KvWriter } from '../contract/kv.ts';
import { CommitOverdue, commitFailure, isDiskError } from './commit-error.ts';
import { freeBytes, makeDirectory } from './directory.ts';
import { checkDataFile, type Look } from './lmdb-check.ts';
import { openFailure } from './open-error.ts';
import { RecentValues } from './recent-values.ts';
import { reasonOf } from './text.ts';

export interface LmdbKvOptions {
  /** Directory of the data file; made when missing, unless read-only. */
  readonly path: string;
  /** Open beside an owner, or without one. Writes nothing but LMDB's reader table. */
  readonly readOnly?: boolean;
  /** How closely to look before LMDB does; `first` unless told otherwise. */
  readonly look?: Look;
  /** A store was made here before: when it is gone or empty, that is `store-corrupt`. */
  readonly expected?: boolean;
  /** Told once of what may be a sign of damage; a failing commit waits for it, within bounds, before it rejects. */
  readonly onDamage?: (what: string) => Promise<void>;
  readonly clock: Clock;
  /** A commit that takes longer counts as failed, ms. */
  readonly commitDeadlineMs?: number;
  /** `close` settles after this even if the disk does not answer, ms. */
  readonly closeDeadlineMs?: number;
  /** Bytes put after which a commit takes in no further work, so that one commit never blocks for long. */
  readonly commitBytesMax?: number;
}

interface Queued {
  readonly work: (writer: KvWriter) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** LMDB's own type of a key; it changes none. */
type LmdbKey = (string | number)[];
type Database = RootDatabase<Uint8Array, LmdbKey>;

/** What a store needs beyond the contract: to be ended from outside. */
export type FailableKv = Kv & { fail(error: FogrunError): void };

/** A disk that does not take the mark of damage does not hold a failure up for longer. */
const markDeadlineMs = 2_000;
const corruptCodes = [-30796, -30797, -30793];

/** LMDB hands back a key of one element bare. */
function asKey(key: unknown): KvKey {
  return Array.isArray(key) ? (key as KvKey) : [key as string | number];
}

class LmdbKv implements FailableKv {
  readonly #db: Database;
  readonly #options: Required<LmdbKvOptions>;
  readonly #writer: KvWriter;
  readonly #recent = new RecentValues();
  #queue: Queued[] = [];
  #bytesPut = 0;
  #writes = 0;
  #inFlight: Promise<void> | null = null;
  #failure: FogrunError | null = null;
  #marked = false;
  #closing: Promise<void> | null = null;

  constructor(db: Database, options: Required<LmdbKvOptions>) {
    this.#db = db;
    this.#options = options;
    this.#writer = {
      get: (key) => this.#read(key),
      // Read at once: removing what a cursor stands on would move it.
      range: (range) => [...this.range(range)],
      put: (key, value) => {
        this.#writes++;
        this.#bytesPut += value.length;
        this.#recent.put(key, value);
        void db.put(key as LmdbKey, value);
      },
      remove: (key) => {
        this.#writes++;
        this.#recent.remove(key);
        void db.remove(key as LmdbKey);
      },
      removeRange: (from, to) => {
        for (const key of [...db.getKeys({ start: from as LmdbKey, end: to as LmdbKey })]) {
          this.#writes++;
          // Bare keys of one number are not found again.
          this.#recent.remove(asKey(key));
          void db.remove(asKey(key) as LmdbKey);
        }
      },
    };
  }

  get(key: KvKey): Uint8Array | undefined {
    this.#assertReadable();
    return this.#recent.get(key) ?? this.#read(key);
  }

  #read(key: KvKey): Uint8Array | undefined {
    this.#assertReadable();
    try {
      return this.#db.getBinary(key as LmdbKey);
    } catch (error) {
      throw this.#readError(error);
    }
  }

  *range(range: KvRange): Iterable<KvEntry> {
    this.#assertReadable();
    const [from, to] = [range.from as LmdbKey, range.to as LmdbKey];
    const { reverse, limit } = range;
    const bounds = reverse
      ? { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: true }
      : { start: from, end: to };
    try {
      for (const entry of this.#db.getRange(limit === undefined ? bounds : { ...bounds, limit })) {
        yield { key: asKey(entry.key), value: entry.value };
      }
    } catch (error) {
      throw this.#readError(error);
    }
  }

  transaction<T>(work: (writer: KvWriter) => T): Promise<T> {
    const refusal = this.#failure ?? (this.#closing ? this.#closedError() : null);
    if (refusal) return Promise.reject(refusal);
    if (this.#options.readOnly) {
      return Promise.reject(
        new FogrunError('store-failed', `the store in ${this.#options.path} is open read-only`),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve, reject });
      this.#start();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #start(): void {
    if (this.#inFlight || this.#failure || this.#queue.length === 0) return;
    this.#inFlight = this.#commit().finally(() => {
      this.#inFlight = null;
      this.#start();
    });
  }

  async #commit(): Promise<void> {
    const { clock, commitDeadlineMs } = this.#options;
    const settled: (() => void)[] = [];
    const taken: Queued[] = [];
    let timer: unknown;
    const overdue = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(
        () => reject(new CommitOverdue(`the disk did not answer within ${commitDeadlineMs} ms`)),
        commitDeadlineMs,
      );
    });
    try {
      await Promise.race([overdue, this.#db.transaction(() => this.#runGroup(taken, settled))]);
      // What failed meanwhile is not acknowledged, whatever LMDB says.
      if (this.#failure) for (const queued of taken) queued.reject(this.#failure);
      else {
        this.#recent.committed();
        for (const settle of settled) settle();
      }
    } catch (error) {
      // The cause comes by a promise within, which unheard would end the process.
      const inner = (error as { commitError?: Promise<unknown> }).commitError;
      const cause = await Promise.race([inner ?? error, overdue]).catch((reason: unknown) => reason);
      await this.#commitFailed(cause, taken);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Runs inside LMDB's write transaction. */
  #runGroup(taken: Queued[], settled: (() => void)[]): void {
    if (this.#failure) return;
    this.#bytesPut = 0;
    let next = 0;
    while (next < this.#queue.length && this.#bytesPut < this.#options.commitBytesMax) {
      const queued = this.#queue[next++]!;
      const writesBefore = this.#writes;
      taken.push(queued);
      try {
        const value = queued.work(this.#writer);
        settled.push(() => queued.resolve(value as never));
      } catch (error) {
        if (this.#writes !== writesBefore) {
          this.#queue.splice(0, next);
          throw error;
        }
        settled.push(() => queued.reject(error));
      }
    }
    this.#queue.splice(0, next);
  }

  /** Ends the store: whatever waits, and every later call, rejects with `error`. */
  fail(error: FogrunError): void {
    this.#failure ??= error;
    const waiting = this.#queue;
    this.#queue = [];
    for (const queued of waiting) queued.reject(this.#failure);
  }

  async #commitFailed(cause: unknown, taken: readonly Queued[]): Promise<void> {
    const { path } = this.#options;
    const disk = isDiskError(cause);
    const error = commitFailure(path, cause, disk ? await freeBytes(path).catch(() => undefined) : undefined);
    this.#failure ??= error;
    if (!disk && !(cause instanceof CommitOverdue)) await this.#mark(error.message);
    this.fail(error);
    for (const queued of taken) queued.reject(this.#failure);
  }

  async #close(): Promise<void> {
    const { closeDeadlineMs } = this.#options;
    const finish = async () => {
      while (this.#inFlight) await this.#inFlight;
      // After a failed commit LMDB must not be touched again: the process exits and reopens.
      if (!this.#failure) await this.#db.close();
    };
    await this.#within(closeDeadlineMs, finish());
    this.fail(this.#failure ?? this.#closedError());
  }

  /** LMDB's own complaints about its pages as `store-corrupt`. */
  #readError(error: unknown): unknown {
    if (!corruptCodes.includes(Number((error as { code?: unknown })?.code))) return error;
    const message = `the store in ${this.#options.path} has damaged pages: ${reasonOf(error)}`;
    void this.#mark(message);
    return new FogrunError('store-corrupt', message, { cause: error });
  }

  /** Leaves the mark that makes the next start look closely. Settles within a deadline. */
  async #mark(what: string): Promise<void> {
    if (this.#marked) return;
    this.#marked = true;
    await this.#within(markDeadlineMs, this.#options.onDamage(what));
  }

  /** Settles when `promise` does, or after `deadlineMs`. */
  async #within(deadlineMs: number, promise: Promise<void>): Promise<void> {
    const { clock } = this.#options;
    let timer: unknown;
    const overdue = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, deadlineMs);
    });
    await Promise.race([promise.catch(() => {}), overdue]);
    clock.clearTimeout(timer);
  }

  #assertReadable(): void {
    if (this.#failure) throw this.#failure;
  }

  #closedError(): FogrunError {
    return new FogrunError('store-failed', `the store in ${this.#options.path} is closed`);
  }
}

/**
 * Opens, or makes, the store in the directory `path`. Rejects with `store-corrupt` (a foreign, cut or damaged
 * data file), `store-unwritable`, or, when opened read-only and there is none, `file-unreadable`.
 */
export async function openLmdbKv(options: LmdbKvOptions): Promise<FailableKv> {
  const { path, readOnly = false, look = 'first', expected = false } = options;
  try {
    if (!readOnly) await makeDirectory(path);
    const exists = await checkDataFile(path, { look, owned: !readOnly, expected });
    if (readOnly && !exists) {
      throw new FogrunError('file-unreadable', `there is no store in ${path}`);
    }
    const db: Database = open<Uint8Array, LmdbKey>({
      path,
      readOnly,
      noSubdir: false,
      encoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
      maxDbs: 1,
    });
    if (!readOnly) db.readerCheck();
    const { entryCount } = db.getStats() as { entryCount: number };
    if (entryCount > 0 && [...db.getKeys({ limit: 1 })].length === 0) {
      await db.close();
      // Damaged pages can look empty; writing on top of them ends the process.
      throw new FogrunError(
        'store-corrupt',
        `the store in ${path} has none of its ${entryCount} entries left`,
      );
    }
    return new LmdbKv(db, {
      readOnly,
      look,
      expected,
      onDamage: async () => {},
      commitDeadlineMs: 30_000,
      closeDeadlineMs: 5_000,
      commitBytesMax: 4 * 2 ** 20,
      ...options,
    });
  } catch (error) {
    throw openFailure(path, error);
  }
}
