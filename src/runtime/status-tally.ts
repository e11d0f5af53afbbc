/** Counts readings, and remembers how many came in each of the last seconds. Costs nothing while nobody counts or asks. */
import type { Clock } from '../contract/clock.ts';

/** So many past seconds are remembered. */
const pastSeconds = 60;
/** And over so many of them the mean is taken. */
const meanSeconds = 10;
/** The second that runs has a place too. */
const places = pastSeconds + 1;

export class Tally {
  readonly #clock: Clock;
  readonly #startMs: number;
  #total = 0;
  /** By second since the start, in a circle; made when the first reading comes. */
  #counts: Float64Array | undefined;
  /** The second that is counted in. */
  #second = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonic();
  }

  /** Since it was made. */
  get total(): number {
    return this.#total;
  }

  add(readings: number): void {
    if (readings === 0) return;
    this.#counts ??= new Float64Array(places);
    this.#total += readings;
    const second = this.#roll(this.#counts);
    this.#counts[second % places]! += readings;
  }

  /** Readings in each of the last 60 s, oldest first, the second that runs left out. */
  perSecond(): number[] {
    const second = this.#now();
    const length = Math.min(pastSeconds, second);
    const counts = this.#counts;
    if (!counts) return new Array(length).fill(0);
    this.#roll(counts);
    return Array.from({ length }, (_, i) => counts[(second - length + i) % places]!);
  }

  /** @param perSecond as this said it */
  static mean(perSecond: readonly number[]): number {
    const last = perSecond.slice(-meanSeconds);
    return last.length === 0 ? 0 : last.reduce((sum, count) => sum + count, 0) / last.length;
  }

  #now(): number {
    return Math.max(this.#second, Math.floor((this.#clock.monotonic() - this.#startMs) / 1_000));
  }

  /** Empties the places of the seconds in which nothing came. */
  #roll(counts: Float64Array): number {
    const second = this.#now();
    const from = Math.max(this.#second + 1, second - pastSeconds);
    for (let s = from; s <= second; s++) counts[s % places] = 0;
    this.#second = second;
    return second;
  }
}
