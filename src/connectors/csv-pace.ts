/** When the rows of a replayed file are due. */
import { type Clock, sleep } from '../contract/clock.ts';

/** From the last row of a round to the first of the next, where the file tells no interval; ms of its time. */
const intervalMs = 1_000;
/** Rows closer than this go together: a timer for each would cost more than it is worth. */
const waitMsMin = 5;

export class CsvPace {
  readonly #speed: number;
  readonly #clock: Clock;
  /** Which moment of the file was when. */
  #anchor: { readonly fileMs: number; readonly atMs: number } | null = null;
  #lastMs = 0;
  #intervalMs = intervalMs;

  /** @param speed how many times as fast as recorded */
  constructor(speed: number, clock: Clock) {
    this.#speed = speed;
    this.#clock = clock;
  }

  /** How long a row of that time has to wait; 0 for one that is due, or recorded before the one before it. */
  dueInMs(fileMs: number): number {
    const now = this.#clock.monotonic();
    this.#anchor ??= { fileMs, atMs: now };
    const dueMs = this.#anchor.atMs + (fileMs - this.#anchor.fileMs) / this.#speed;
    if (fileMs > this.#lastMs && this.#lastMs > 0) this.#intervalMs = fileMs - this.#lastMs;
    this.#lastMs = fileMs;
    return dueMs - now < waitMsMin ? 0 : dueMs - now;
  }

  /** Waits as long as between the last two rows; the next row begins a new round. */
  async roundOver(signal: AbortSignal): Promise<void> {
    await sleep(this.#clock, Math.max(waitMsMin, this.#intervalMs / this.#speed), signal);
    this.#anchor = null;
    this.#lastMs = 0;
  }
}
