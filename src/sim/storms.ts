/** Watches who dials when: edges that come back at the same moment, again and again, have no jitter. */
import type { Clock } from '../contract/clock.ts';
import type { Telling } from './telling.ts';

/** Dials this close together count as one moment, ms. */
const momentMs = 5;
/** A single coincidence proves nothing. */
const coincidencesMax = 3;
/** Coincidences further apart than this have nothing to do with each other, ms. */
const outageMs = 30 * 60_000;
const edgesMin = 3;

export class Storms {
  readonly #clock: Clock;
  readonly #telling: Telling;
  /** Processes that dial, ever. */
  readonly #dialers = new Set<string>();
  /** The last dials, oldest first. */
  #recent: { atMs: number; process: string }[] = [];
  #coincidences: number[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, telling: Telling) {
    this.#clock = clock;
    this.#telling = telling;
  }

  dialled(process: string, address: string): void {
    const atMs = this.#clock.monotonic();
    this.#dialers.add(process);
    this.#recent = this.#recent.filter((dial) => dial.atMs >= atMs - momentMs);
    this.#recent.push({ atMs, process });
    const together = new Set(this.#recent.map((dial) => dial.process));
    const enough = Math.max(edgesMin, Math.ceil(this.#dialers.size / 2));
    if (together.size < enough || atMs - this.#lastMs <= momentMs) return;
    this.#lastMs = atMs;
    this.#coincidences = [...this.#coincidences.filter((ms) => ms >= atMs - outageMs), atMs];
    if (this.#coincidences.length < coincidencesMax) return;
    this.#coincidences = [];
    this.#telling.violate(
      'jitter',
      process,
      `${[...together].join(', ')} dialled ${address} within ${momentMs} ms, for the ${coincidencesMax}rd time in one outage`,
    );
  }
}
