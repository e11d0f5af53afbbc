/**
 * A clock that moves only when a test says so, and then from timer to timer: after each timer everything that became
 * runnable runs to its end, so timers made on the way fire at their own time.
 */
import type { Clock, Timer } from '../../src/contract/clock.ts';

interface Entry {
  readonly dueMs: number;
  readonly callback: () => void;
}

export interface VirtualClock extends Clock {
  /** Moves time by `ms`, timer by timer; `0` runs what is due now. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that needs no time: microtasks, `nextTick`, one turn of the event loop. */
  flush(): Promise<void>;
  /** Moves to the next timer and fires it. False when there is none. */
  step(): Promise<boolean>;
  /**
   * Moves from timer to timer until `promise` settles, and answers as it does.
   * Throws when that takes more than `withinMs`, or when no timer is left that could make it settle.
   */
  until<T>(promise: Promise<T>, withinMs?: number): Promise<T>;
  /** Moves the wall clock only, as a user or NTP would; negative goes back. */
  jump(ms: number): void;
  /** Timers that have not fired: 0 at the end of a test that leaks none. */
  readonly pending: number;
  /** Moment of the next timer on the monotonic scale, ms; `undefined` for none. */
  readonly nextMs: number | undefined;
}

/** So many timers in a row without time moving are taken for an endless loop. */
const stepsWithoutTimeMax = 100_000;

/** @param startMs wall clock at the start, ms since 1970; monotonic time starts at 0 */
export function createVirtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let elapsedMs = 0;
  let wallMs = startMs;
  let stepsWithoutTime = 0;
  /** Sorted by time, then by age. */
  const entries: Entry[] = [];

  const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

  function insert(entry: Entry): void {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[middle]!.dueMs <= entry.dueMs) low = middle + 1;
      else high = middle;
    }
    entries.splice(low, 0, entry);
  }

  function moveTo(ms: number): void {
    if (ms > elapsedMs) {
      wallMs += ms - elapsedMs;
      elapsedMs = ms;
      stepsWithoutTime = 0;
    }
  }

  async function step(): Promise<boolean> {
    const entry = entries.shift();
    if (!entry) return false;
    moveTo(entry.dueMs);
    stepsWithoutTime += 1;
    if (stepsWithoutTime > stepsWithoutTimeMax) {
      throw new Error(`${stepsWithoutTimeMax} timers fired at ${elapsedMs} ms: an endless loop`);
    }
    entry.callback();
    await flush();
    return true;
  }

  return {
    now: () => wallMs,
    monotonic: () => elapsedMs,
    setTimeout(callback, delayMs): Timer {
      const entry: Entry = { dueMs: elapsedMs + Math.max(0, delayMs || 0), callback };
      insert(entry);
      return entry;
    },
    clearTimeout(timer) {
      const at = entries.indexOf(timer as Entry);
      if (at >= 0) entries.splice(at, 1);
    },
    flush,
    step,
    async advance(ms) {
      const endMs = elapsedMs + ms;
      await flush();
      while (entries.length > 0 && entries[0]!.dueMs <= endMs) await step();
      moveTo(endMs);
    },
    async until(promise, withinMs = 3_600_000) {
      const endMs = elapsedMs + withinMs;
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      await flush();
      while (!settled) {
        const next = entries[0];
        if (!next) throw new Error(`not settled at ${elapsedMs} ms, and no timer is left`);
        if (next.dueMs > endMs) throw new Error(`not settled within ${withinMs} ms`);
        await step();
      }
      return promise;
    },
    jump(ms) {
      wallMs += ms;
    },
    get pending() {
      return entries.length;
    },
    get nextMs() {
      return entries[0]?.dueMs;
    },
  };
}
