/** The real clock and real chance. */
import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../contract/clock.ts';

/** When this process started, by the machine's monotonic clock; one look may be late when it has to wait for a processor. */
const startedMs = Math.max(...[1, 2, 3].map(() => Number(process.hrtime.bigint()) / 1e6 - performance.now()));

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() + startedMs,
  setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => randomBytes(length),
};
