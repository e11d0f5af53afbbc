/** Gathers what comes in quick succession: the first after a pause goes on at once, then a piece at most every so often. */
import type { Clock, Timer } from '../contract/clock.ts';

export interface Gatherer<T> {
  add(items: readonly T[]): void;
  /** Hands on what there is, now. */
  flush(): void;
  close(): void;
}

export interface GathererOptions<T> {
  readonly clock: Clock;
  readonly everyMs: number;
  /** More than so many wait for nothing. */
  readonly countMax: number;
  /** Takes a piece. @returns for how long nothing more should come, ms; `everyMs` when that is longer */
  readonly take: (items: readonly T[]) => number;
}

export function createGatherer<T>({ clock, everyMs, countMax, take }: GathererOptions<T>): Gatherer<T> {
  let items: T[] = [];
  let timer: Timer | undefined;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  const flush = () => {
    clock.clearTimeout(timer);
    timer = undefined;
    if (items.length === 0) return;
    const piece = items;
    items = [];
    notBeforeMs = clock.monotonic() + Math.max(everyMs, take(piece));
  };
  return {
    add(more) {
      for (const item of more) items.push(item);
      if (items.length > countMax) return flush();
      // Also what comes in the same turn of the event loop belongs together.
      timer ??= clock.setTimeout(flush, Math.max(0, notBeforeMs - clock.monotonic()));
    },
    flush,
    close() {
      clock.clearTimeout(timer);
      items = [];
    },
  };
}
