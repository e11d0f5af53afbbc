/** When each sensor of a poller was last read, as one life of the poller leaves it to the next. */
import type { Clock } from '../contract/clock.ts';
import type { Memory } from '../contract/memory.ts';

export interface LastReading {
  /** Monotonic ms of this process. */
  readonly at: number;
  /** ISO 8601. */
  readonly time: string;
}

export function rememberReadings(
  memory: Memory | undefined,
  last: ReadonlyMap<string, { readonly time: string }>,
): void {
  if (memory) memory.words = JSON.stringify([...last].map(([sensor, { time }]) => [sensor, time]));
}

/** The next life may be in another process, so only the wall clock tells how long ago it was. */
export function recallReadings(memory: Memory | undefined, clock: Clock): Map<string, LastReading> {
  const times: [string, string][] = JSON.parse(memory?.words ?? '[]');
  return new Map(
    times.map(([sensor, time]) => {
      const ago = Math.max(0, clock.now() - Date.parse(time));
      return [sensor, { at: clock.monotonic() - ago, time }];
    }),
  );
}
