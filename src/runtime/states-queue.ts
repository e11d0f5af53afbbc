/** Lines of the stream `states` that wait for the store: few, and what is too much is counted. */
import type { Clock } from '../contract/clock.ts';
import type { Batch } from '../contract/port.ts';
import { statesStream } from '../contract/state-records.ts';
import { counted } from '../domain/text.ts';
import { type Rate, TokenBucket } from '../domain/token-bucket.ts';
import { markUnsynced } from '../domain/unsynced-lines.ts';

/** Lines in the long run, and at once after a quiet time: a sensor that comes and goes must not fill the disk. */
export const lineRate: Rate = { perSecond: 0.5, burst: 120 };
/** Lines that wait while there is no room, and their length in UTF-16 code units. */
export const waitingMax = { lines: 500, length: 128 * 1024 };
/** What was left out is told when nothing more was for so long, ms, and at the latest after so long. */
const quietMs = 30_000;
const quietMsMax = 600_000;

interface LeftOut {
  readonly count: number;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly sinceMonotonicMs: number;
  readonly lastMonotonicMs: number;
}

export class StatesQueue {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #lines: { readonly text: string; readonly timeMs: number }[] = [];
  #length = 0;
  #leftOut: LeftOut | null = null;
  /** Monotonic; nothing more is taken before. */
  #closedUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(lineRate, clock.monotonic());
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** False when it was left out. */
  push(text: string, timeMs: number): boolean {
    const now = this.#clock.monotonic();
    if (now < this.#closedUntilMs) {
      this.#leaveOut(timeMs);
      return false;
    }
    this.#closedUntilMs = now + this.#bucket.take(1, now);
    this.#lines.push({ text, timeMs });
    this.#length += text.length;
    while (this.#lines.length > waitingMax.lines || this.#length > waitingMax.length) {
      const { text: gone, timeMs: goneMs } = this.#lines.shift()!;
      this.#length -= gone.length;
      this.#leaveOut(goneMs);
    }
    return true;
  }

  /** Ms until what was left out is to be told; `null` when nothing was. */
  dueInMs(): number | null {
    if (!this.#leftOut) return null;
    const { sinceMonotonicMs, lastMonotonicMs } = this.#leftOut;
    const due = Math.min(lastMonotonicMs + quietMs, sinceMonotonicMs + quietMsMax);
    return Math.max(0, due - this.#clock.monotonic());
  }

  /**
   * What is to be written now, with what was left out if that is due; `null` for nothing.
   * @param doubted the wall clock cannot be right
   * @param last nothing comes after it
   */
  batch(doubted: boolean, last = false): Batch | null {
    const missed = this.#leftOut && (last || this.dueInMs() === 0) ? gapOf(this.#leftOut) : null;
    const count = this.#lines.length;
    if (count === 0 && !missed) return null;
    const plain = Buffer.from(this.#lines.map(({ text }) => text).join(''));
    const lines = doubted && count > 0 ? markUnsynced(plain, count) : plain;
    return { stream: statesStream, lines, count, ...(missed ? { missed } : {}) };
  }

  /** That is being written: it waits no more, and what comes meanwhile is another matter. */
  taken({ count, missed }: Batch): void {
    const gone = this.#lines.splice(0, count);
    this.#length -= gone.reduce((sum, { text }) => sum + text.length, 0);
    if (missed) this.#leftOut = null;
  }

  #leaveOut(timeMs: number): void {
    const now = this.#clock.monotonic();
    const before = this.#leftOut ?? { count: 0, sinceMs: timeMs, lastMs: timeMs, sinceMonotonicMs: now };
    this.#leftOut = {
      ...before,
      count: before.count + 1,
      lastMs: Math.max(before.lastMs, timeMs),
      lastMonotonicMs: now,
    };
  }
}

function gapOf({ count, sinceMs, lastMs }: LeftOut): NonNullable<Batch['missed']> {
  return {
    gap: 'missed',
    count,
    fromTime: new Date(sinceMs).toISOString(),
    toTime: new Date(lastMs).toISOString(),
    text: `${counted(count, 'transition')} of this edge came too fast, or found no room, and readings go first.`,
  };
}
