/**
 * The key-value store on LMDB. Asynchronous only once open; one LMDB transaction per group of ours.
 * `overlappingSync: false` because with it LMDB acknowledges before the disk has the pages, and without
 * `eventTurnBatching` because that raises a second, unhandled rejection when a commit fails.
 */
import { open, type RootDatabase } from 'lmdb';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Kv, KvEntry, KvKey, KvRange, KvWriter } from '../contract/kv.ts';
import { asUnwritable, makeDirectory } from './directory.ts';
import { checkDataFile } from './lmdb-check.ts';
import { reasonOf } from './text.ts';

export interface LmdbKvOptions {
  /** Directory of the data file; made when missing, unless read-only. */
  readonly path: string;
  /** Open beside an owner, or without one. Writes nothing but LMDB's reader table. */
  readonly readOnly?: boolean;
  /** Read everything in a process of its own first: after a process died while it opened this store. */
  readonly thorough?: boolean;
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

const corruptCodes = [-30796, -30797, -30793];

/** LMDB's own complaints about its pages as `store-corrupt`. */
function readError(path: string, error: unknown): unknown {
  if (!corruptCodes.includes(Number((error as { code?: unknown })?.code))) return error;
  return new FogrunError('store-corrupt', `the store in ${path} has damaged pages: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** LMDB hands back a key of one element bare. */
function asKey(key: unknown): KvKey {
  return Array.isArray(key) ? (key as KvKey) : [key as string | number];
}

class LmdbKv implements Kv {
  readonly #db: Database;
  readonly #options: Required<LmdbKvOptions>;
  readonly #writer: KvWriter;
  #queue: Queued[] = [];
  #bytesPut = 0;
  #writes = 0;
  #inFlight: Promise<void> | null = null;
  #failure: FogrunError | null = null;
  #closing: Promise<void> | null = null;

  constructor(db: Database, options: Required<LmdbKvOptions>) {
    this.#db = db;
    this.#options = options;
    this.#writer = {
      get: (key) => this.get(key),
      // Read at once: removing what a cursor stands on would move it.
      range: (range) => [...this.range(range)],
      put: (key, value) => {
        this.#writes++;
        this.#bytesPut += value.length;
        void db.put(key as LmdbKey, value);
      },
      remove: (key) => {
        this.#writes++;
        void db.remove(key as LmdbKey);
      },
      removeRange: (from, to) => {
        for (const key of [...db.getKeys({ start: from as LmdbKey, end: to as LmdbKey })]) {
          this.#writes++;
          // Bare keys of one number are not found again.
          void db.remove(asKey(key) as LmdbKey);
        }
      },
    };
  }

  get(key: KvKey): Uint8Array | undefined {
    this.#assertReadable();
    try {
      return this.#db.getBinary(key as LmdbKey);
    } catch (error) {
      throw readError(this.#options.path, error);
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
      throw readError(this.#options.path, error);
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
        () => reject(new Error(`the disk did not answer within ${commitDeadlineMs} ms`)),
        commitDeadlineMs,
      );
    });
    try {
      await Promise.race([overdue, this.#db.transaction(() => this.#runGroup(taken, settled))]);
      for (const settle of settled) settle();
    } catch (error) {
      // The cause comes by a promise within, which unheard would end the process.
      const inner = (error as { commitError?: Promise<unknown> }).commitError;
      const cause = await Promise.race([inner ?? error, overdue]).catch((reason: unknown) => reason);
      this.#fail(cause, taken);
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

  #fail(cause: unknown, taken: readonly Queued[]): void {
    const message = `the store in ${this.#options.path} did not take a commit: ${reasonOf(cause)}`;
    this.#failure ??= new FogrunError('store-failed', message, { cause });
    const waiting = this.#queue;
    this.#queue = [];
    for (const queued of [...taken, ...waiting]) queued.reject(this.#failure);
  }

  async #close(): Promise<void> {
    const { clock, closeDeadlineMs } = this.#options;
    const finish = async () => {
      while (this.#inFlight) await this.#inFlight;
      // After a failed commit LMDB must not be touched again: the process exits and reopens.
      if (!this.#failure) await this.#db.close();
    };
    let timer: unknown;
    const overdue = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, closeDeadlineMs);
    });
    await Promise.race([finish().catch(() => {}), overdue]);
    clock.clearTimeout(timer);
    if (this.#queue.length > 0) this.#fail(new Error('it was closed while commits waited'), []);
    this.#failure ??= this.#closedError();
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
export async function openLmdbKv(options: LmdbKvOptions): Promise<Kv> {
  const { path, readOnly = false, thorough = false } = options;
  try {
    if (!readOnly) await makeDirectory(path);
    const exists = await checkDataFile(path, thorough);
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
      thorough,
      commitDeadlineMs: 30_000,
      closeDeadlineMs: 5_000,
      commitBytesMax: 4 * 2 ** 20,
      ...options,
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : '';
    if (/MDB_(INVALID|CORRUPTED|VERSION_MISMATCH|PAGE_NOTFOUND|PANIC)/.test(text)) {
      throw new FogrunError('store-corrupt', `the store in ${path} cannot be read: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    throw asUnwritable(path, error);
  }
}
