/** Watches who dials when: edges that come back at the same moments, attempt after attempt, have no jitter. */
import type { Clock } from '../contract/clock.ts';
import type { Telling } from './telling.ts';

/** Dials that are closer than this share of the wait before them come at one moment. */
const momentShare = 0.04;
/** And no further apart than this, ms: after a long wait a share of it is much. */
const momentMsMax = 200;
/** A longer wait is none between two attempts of one outage, ms. */
const waitMsMax = 2 * 60_000;
/** By chance some moments are shared; so many in a row are not. */
const streakMax = 8;
const edgesMin = 3;

interface Dialer {
  /** Its last dials, oldest first. */
  readonly dialsMs: number[];
  /** Attempts in a row that came together with others'. */
  streak: number;
}

export class Storms {
  readonly #clock: Clock;
  readonly #telling: Telling;
  readonly #dialers = new Map<string, Dialer>();

  constructor(clock: Clock, telling: Telling) {
    this.#clock = clock;
    this.#telling = telling;
  }

  /** Judges the attempt before this one: by now everybody has dialled who was to do so at the same moment. */
  dialled(process: string, address: string): void {
    const atMs = this.#clock.monotonic();
    const dialer = this.#dialers.get(process) ?? { dialsMs: [], streak: 0 };
    this.#dialers.set(process, dialer);
    const [beforeMs = Number.NEGATIVE_INFINITY, lastMs = Number.NEGATIVE_INFINITY] = dialer.dialsMs.slice(-2);
    dialer.dialsMs.push(atMs);
    if (dialer.dialsMs.length > 4) dialer.dialsMs.shift();
    const waitMs = lastMs - beforeMs;
    if (!(waitMs <= waitMsMax)) {
      dialer.streak = 0;
      return;
    }
    const together = this.#around(lastMs, Math.min(waitMs * momentShare, momentMsMax));
    dialer.streak = together.length >= this.#enough() ? dialer.streak + 1 : 0;
    if (dialer.streak < streakMax) return;
    dialer.streak = 0;
    this.#telling.violate(
      'jitter',
      process,
      `${together.join(', ')} dialled ${address} at the same moments, ${streakMax} attempts in a row`,
    );
  }

  #enough(): number {
    return Math.max(edgesMin, Math.ceil(this.#dialers.size / 2));
  }

  #around(ms: number, withinMs: number): string[] {
    const near = [...this.#dialers].filter(([, { dialsMs }]) =>
      dialsMs.some((dialMs) => Math.abs(dialMs - ms) <= withinMs),
    );
    return near.map(([name]) => name);
  }
}
