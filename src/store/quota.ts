/** Room in a store: bytes held against the quota, space on the disk, and who waits for either. */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { StoreState, StoreStatus } from '../contract/store.ts';
import { formatSize } from '../domain/quantities.ts';

export interface QuotaOptions {
  readonly clock: Clock;
  readonly bytesMax: number;
  /** Bytes free on the file system for this store; absent: not asked. */
  readonly freeBytes?: (() => Promise<number>) | undefined;
  /** Free bytes that are left to acknowledgements, deletions and gaps. */
  readonly headroomBytes: number;
  readonly where: string;
  /** Bytes held now. */
  held(): number;
  changed(from: StoreState, to: StoreState, cause?: Problem): void;
}

interface Waiter {
  readonly bytes: number;
  readonly resolve: () => void;
}

/** The disk is asked at most this often. */
const diskCheckMs = 1_000;
/** A full store opens again only below this share of its quota, so that it does not flicker. */
const reopenShare = 0.95;
/** What is left to others by those who give way: this share of the quota, and no more than so much. */
const spareShare = 0.1;
const spareBytesMax = 16 * 2 ** 20;

export class Quota {
  readonly #options: QuotaOptions;
  #reserved = 0;
  #state: StoreState = 'open';
  #cause: Problem | undefined;
  #wanted = 0;
  #freeBytes = Number.POSITIVE_INFINITY;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | null = null;
  #waiters = new Set<Waiter>();
  #timer: Timer | undefined;

  #bytesMax: number;

  constructor(options: QuotaOptions) {
    this.#options = options;
    this.#bytesMax = options.bytesMax;
  }

  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.recheck();
  }

  status(): Omit<StoreStatus, 'lost'> {
    const status = { state: this.#state, bytes: this.#options.held(), bytesMax: this.#bytesMax };
    return this.#cause === undefined ? status : { ...status, cause: this.#cause };
  }

  /** Bytes that found no room last; 0 unless it is full. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Sets bytes aside for a commit to come, or throws `store-full`; a failed store leaves the refusal to its commit. */
  reserve(bytes: number): void {
    if (this.#state === 'failed') {
      this.#reserved += bytes;
      return;
    }
    void this.checkDisk();
    const { where, headroomBytes } = this.#options;
    const bytesMax = this.#bytesMax;
    if (bytes > bytesMax) {
      const text = `${formatSize(bytes)} at once do not fit into the store in ${where} (${formatSize(bytesMax)})`;
      const advice = 'Raise `store.max`, or send smaller batches.';
      throw this.#refuse(bytes, new FogrunError('store-full', text, { advice }));
    }
    if (!this.#fits(bytes)) {
      const text = this.#diskFits(bytes)
        ? `the store in ${where} holds ${formatSize(this.#options.held())} of ${formatSize(bytesMax)}`
        : `the disk under ${where} has ${formatSize(this.#freeBytes)} left; ${formatSize(headroomBytes)} are kept free`;
      throw this.#refuse(bytes, new FogrunError('store-full', text));
    }
    this.#reserved += bytes;
  }

  /** Whether so many bytes fit and a part of the quota besides. */
  spare(bytes: number): boolean {
    const besides = Math.min(this.#bytesMax * spareShare, spareBytesMax);
    return this.#state === 'open' && this.#fits(bytes + besides);
  }

  /** Bytes to be freed until so many more fit; 0 when they fit, or never will. */
  shortBy(bytes: number): number {
    const { held, headroomBytes } = this.#options;
    if (bytes > this.#bytesMax || this.#state === 'failed' || this.#fits(bytes)) return 0;
    const onDisk = headroomBytes + this.#reserved + bytes - this.#freeBytes;
    return Math.max(held() + this.#reserved + bytes - this.#bytesMax, onDisk);
  }

  /**
   * Sets bytes aside while `work` runs, or throws `store-full`.
   * @param work calls `taken` once what it takes counts by itself
   */
  async withRoom<T>(bytes: number, work: (taken: () => void) => Promise<T>): Promise<T> {
    this.reserve(bytes);
    let settled = false;
    const taken = () => {
      if (!settled) this.settle(bytes);
      settled = true;
    };
    try {
      return await work(taken);
    } finally {
      taken();
      this.recheck();
    }
  }

  /** Gives back what `reserve` set aside; `recheck` once the commit is over. */
  settle(bytes: number): void {
    this.#reserved -= bytes;
  }

  /**
   * Resolves when `bytes` fit and the store is not full, when `signal` aborts, or when the store failed. A full store
   * was asked for more than `bytes`, for its own records besides: to try again before it opens would fail at once.
   */
  room(bytes: number, signal: AbortSignal): Promise<void> {
    const roomy = this.#state === 'open' && this.#fits(bytes);
    if (signal.aborted || this.#state === 'failed' || roomy) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        bytes,
        resolve: () => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', waiter.resolve);
          resolve();
        },
      };
      signal.addEventListener('abort', waiter.resolve, { once: true });
      this.#waiters.add(waiter);
      this.#watch();
    });
  }

  /** To be called when bytes were released. */
  recheck(): void {
    if (this.#state === 'failed') return;
    const low = this.#options.held() + this.#reserved <= this.#bytesMax * reopenShare;
    if (this.#state === 'full' && low && this.#fits(Math.min(this.#wanted, this.#bytesMax * reopenShare))) {
      this.#move('open');
    }
    if (this.#state === 'full') return;
    for (const waiter of [...this.#waiters]) if (this.#fits(waiter.bytes)) waiter.resolve();
  }

  fail(cause: Problem): void {
    this.#move('failed', cause);
    this.close();
  }

  /** Asks the disk, unless that was done within the last second or `now` is set. */
  checkDisk(now = false): Promise<void> {
    const { clock, freeBytes } = this.#options;
    if (!freeBytes || (!now && clock.monotonic() - this.#checkedMs < diskCheckMs))
      return this.#checking ?? Promise.resolve();
    this.#checkedMs = clock.monotonic();
    this.#checking ??= freeBytes()
      .then(
        (free) => {
          this.#freeBytes = free;
        },
        () => {
          // A file system that cannot be asked is not known to be full.
        },
      )
      .finally(() => {
        this.#checking = null;
        this.recheck();
      });
    return this.#checking;
  }

  /** Stops watching the disk and lets everybody go. */
  close(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  #refuse(bytes: number, error: FogrunError): FogrunError {
    this.#wanted = bytes;
    this.#move('full', toProblem(error));
    this.#watch();
    return error;
  }

  #fits(bytes: number): boolean {
    return this.#options.held() + this.#reserved + bytes <= this.#bytesMax && this.#diskFits(bytes);
  }

  #diskFits(bytes: number): boolean {
    return this.#freeBytes - this.#reserved - bytes >= this.#options.headroomBytes;
  }

  #move(to: StoreState, cause?: Problem): void {
    const from = this.#state;
    if (from === to || from === 'failed') return;
    this.#state = to;
    this.#cause = cause;
    if (to !== 'full') this.#wanted = 0;
    this.#options.changed(from, to, cause);
  }

  /** Looks again every second while somebody waits: the disk does not tell when it has room. */
  #watch(): void {
    if (!this.#options.freeBytes || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.checkDisk();
      if (this.#state === 'full' || (this.#state === 'open' && this.#waiters.size > 0)) this.#watch();
    }, diskCheckMs);
  }
}
