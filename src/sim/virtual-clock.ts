/**
 * A clock that moves only when told, and then from timer to timer: after each timer everything that became runnable
 * runs to its end, so timers made on the way fire at their own time.
 */
import type { Clock, Timer } from '../contract/clock.ts';
import { TimerHeap } from './timer-heap.ts';

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
  /** Timers fired so far. */
  readonly fired: number;
}

export interface VirtualClockOptions {
  /** Wall clock at the start, ms since 1970; monotonic time starts at 0. */
  readonly startMs?: number;
  /**
   * Nothing that runs on this clock waits for the event loop: no sockets, no files, no `setImmediate`. Between two
   * timers all microtasks and all of `nextTick` run then, which is many times as fast as a turn of the loop each.
   */
  readonly promisesOnly?: boolean;
}

/** So many timers in a row without time moving are taken for an endless loop; a thousand processes start at one moment. */
const stepsWithoutTimeMax = { aTurn: 100_000, promises: 2_000_000 };
/** Timers fired in one turn of the event loop, when promises are all there is. */
const turnTimersMax = 512;

/** @param options as a number: the wall clock at the start */
export function createVirtualClock(options: VirtualClockOptions | number = {}): VirtualClock {
  const { startMs = Date.UTC(2026, 0, 1), promisesOnly = false } =
    typeof options === 'number' ? { startMs: options } : options;
  const timers = new TimerHeap();
  let elapsedMs = 0;
  let wallMs = startMs;
  const stepsMax = promisesOnly ? stepsWithoutTimeMax.promises : stepsWithoutTimeMax.aTurn;
  let stepsWithoutTime = 0;
  let fired = 0;

  const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

  function moveTo(ms: number): void {
    if (ms > elapsedMs) {
      wallMs += ms - elapsedMs;
      elapsedMs = ms;
      stepsWithoutTime = 0;
    }
  }

  function fire(): boolean {
    const timer = timers.shift();
    if (!timer) return false;
    moveTo(timer.dueMs);
    stepsWithoutTime += 1;
    if (stepsWithoutTime > stepsMax) {
      throw new Error(`${stepsMax} timers fired at ${elapsedMs} ms: an endless loop`);
    }
    fired += 1;
    timer.callback();
    return true;
  }

  /** Fires timer after timer until `isOver` says so or throws. It is asked before each, when nothing else can run. */
  const fireUntil = promisesOnly ? inTurns : oneATurn;

  async function oneATurn(isOver: () => boolean): Promise<void> {
    await flush();
    while (!isOver()) {
      fire();
      await flush();
    }
  }

  /** Node.js runs all microtasks and `nextTick` between two immediates of one turn. */
  function inTurns(isOver: () => boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      let turn: NodeJS.Immediate[] = [];
      let size = 1;
      let left = 0;
      const end = (settle: () => void) => {
        for (const immediate of turn) clearImmediate(immediate);
        settle();
      };
      const one = () => {
        try {
          if (isOver()) return end(resolve);
          fire();
        } catch (thrown) {
          return end(() => reject(thrown));
        }
        left -= 1;
        if (left === 0) begin();
      };
      const begin = () => {
        left = size;
        turn = Array.from({ length: size }, () => setImmediate(one));
        size = Math.min(size * 2, turnTimersMax);
      };
      begin();
    });
  }

  return {
    now: () => wallMs,
    monotonic: () => elapsedMs,
    setTimeout: (callback, delayMs): Timer => timers.add(elapsedMs + Math.max(0, delayMs || 0), callback),
    clearTimeout: (timer) => timers.remove(timer),
    flush,
    async step() {
      const any = fire();
      if (any) await flush();
      return any;
    },
    async advance(ms) {
      const endMs = elapsedMs + ms;
      await fireUntil(() => !(timers.nextMs <= endMs));
      moveTo(endMs);
    },
    async until(promise, withinMs = 3_600_000) {
      const endMs = elapsedMs + withinMs;
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      await fireUntil(() => {
        if (settled) return true;
        if (timers.size === 0) throw new Error(`not settled at ${elapsedMs} ms, and no timer is left`);
        if (timers.nextMs > endMs) throw new Error(`not settled within ${withinMs} ms`);
        return false;
      });
      return promise;
    },
    jump(ms) {
      wallMs += ms;
    },
    get pending() {
      return timers.size;
    },
    get nextMs() {
      return timers.size === 0 ? undefined : timers.nextMs;
    },
    get fired() {
      return fired;
    },
  };
}
