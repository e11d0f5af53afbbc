/** Means as they were read last: a forecast needs hours of them for each segment, and all but the newest are known. */
import type { Mean } from '../contract/store.ts';

/** Means older than this against the newest are let go. */
export const meansKeptMs = 2 * 86_400_000;

/** Sensors of edges whose means are kept, those asked for last. */
const sensorsMax = 64;

interface Known {
  /** Everything from then on is there. */
  sinceMs: number;
  /** By time. */
  means: readonly Mean[];
}

export class MeansCache {
  /** Longest not asked for first. */
  readonly #known = new Map<string, Known>();

  /** Means of a sensor from `sinceMs` on; `load` reads them. */
  read(edge: string, sensor: string, sinceMs: number, load: () => readonly Mean[]): readonly Mean[] {
    const name = nameOf(edge, sensor);
    const known = this.#known.get(name);
    this.#known.delete(name);
    const means = known && known.sinceMs <= sinceMs ? from(known.means, sinceMs) : load();
    this.#known.set(name, { sinceMs, means });
    if (this.#known.size > sensorsMax) this.#known.delete(this.#known.keys().next().value!);
    return means;
  }

  /** The store has one more. */
  add(edge: string, sensor: string, mean: Mean): void {
    const name = nameOf(edge, sensor);
    const known = this.#known.get(name);
    if (!known) return;
    const last = known.means.at(-1);
    // What comes between others, or in place of one, is read anew.
    if (last && mean.timeMs <= last.timeMs) this.#known.delete(name);
    else {
      // The store lets go of these as well, and who reads back further asks it again.
      const oldestMs = mean.timeMs - meansKeptMs;
      known.means = from([...known.means, mean], oldestMs);
      known.sinceMs = Math.max(known.sinceMs, oldestMs);
    }
  }
}

const nameOf = (edge: string, sensor: string) => `${edge} ${sensor}`;

function from(means: readonly Mean[], sinceMs: number): readonly Mean[] {
  const first = means.findIndex(({ timeMs }) => timeMs >= sinceMs);
  return first < 0 ? [] : means.slice(first);
}
