/** A simulated process's view of time: a wall clock of its own, and timers that can be counted and end with it. */
import type { Clock, Timer } from '../contract/clock.ts';

export interface ProcessClock extends Clock {
  /** Timers of this process that have not fired. */
  readonly pending: number;
  /** Moves its wall clock only, as a user or NTP would; negative goes back. */
  jump(ms: number): void;
  /** The process is gone: no timer of it fires any more. */
  die(): void;
}

/** @param offsetMs how far its wall clock is from that of the world */
export function processClock(clock: Clock, offsetMs = 0): ProcessClock {
  const timers = new Set<Timer>();
  let wallOffsetMs = offsetMs;
  let dead = false;
  return {
    // Whole ms, as the real one.
    now: () => Math.floor(clock.now() + wallOffsetMs),
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
      if (!timers.delete(timer)) return;
      clock.clearTimeout(timer);
    },
    jump(ms) {
      wallOffsetMs += ms;
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
