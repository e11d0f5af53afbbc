/** Counts of how long something took, by how long: integers, and no sample is kept. */
import type { Histogram } from '../contract/status.ts';

/** From a cloud in the same house to an outage of a day, ms. */
const atMostMs = [
  ...[1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000, 86_400_000],
] as const;

export class Durations {
  readonly #counts = new Array<number>(atMostMs.length + 1).fill(0);
  #sumMs = 0;

  add(ms: number): void {
    const place = atMostMs.findIndex((most) => ms <= most);
    this.#counts[place < 0 ? atMostMs.length : place]! += 1;
    this.#sumMs += ms;
  }

  histogram(): Histogram {
    return { atMostMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
