/** Time and chance, injected everywhere so that a test or a simulation can own them. */

/** A running timer, as `Clock.setTimeout` returned it; opaque to its holder. */
export type Timer = unknown;

export interface Clock {
  /** Wall clock, ms since 1970 UTC. May jump; only for what people read. */
  now(): number;
  /** Monotonic ms from an arbitrary start, the same for every process of a machine. For deadlines and rates. */
  monotonic(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` unpredictable bytes, for ids. */
  bytes(length: number): Uint8Array;
}

/** Resolves after `delayMs` on that clock, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, delayMs);
    signal?.addEventListener('abort', done, { once: true });
  });
}
