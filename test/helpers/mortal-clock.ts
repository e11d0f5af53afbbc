/** A process's view of a clock: its timers can be counted, and end with it. */
import type { Clock, Timer } from '../../src/contract/clock.ts';

export interface MortalClock extends Clock {
  /** Timers of this process that have not fired. */
  readonly pending: number;
  /** The process is gone: no timer of it fires any more. */
  die(): void;
}

export function mortalClock(clock: Clock): MortalClock {
  const timers = new Set<Timer>();
  let dead = false;
  return {
    // Whole ms, as the real one.
    now: () => Math.floor(clock.now()),
    monotonic: () => clock.monotonic(),
    setTimeout(callback, delayMs) {
      if (dead) return undefined;
      const timer = clock.setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs);
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer);
      clock.clearTimeout(timer);
    },
    get pending() {
      return timers.size;
    },
    die() {
      dead = true;
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
    },
  };
}
