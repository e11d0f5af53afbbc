/** Waiting for actors, and no longer than is wanted. */
import { type Clock, sleep } from '../contract/clock.ts';
import type { Supervised } from './supervisor.ts';

/** Resolves when each of them has come to rest or into trouble for the first time, or when the time is up. */
export async function settledAll(
  some: readonly Supervised[],
  clock: Clock,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (some.length === 0) return;
  const over = new AbortController();
  const until = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  const all = Promise.all(some.map((actor) => actor.settled));
  await Promise.race([all, sleep(clock, deadlineMs, until)]);
  over.abort();
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
