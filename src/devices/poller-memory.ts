/** When each sensor of a poller was last read, as one life of the poller leaves it to the next. */
import type { Memory } from '../contract/memory.ts';

export interface LastReading {
  /** Monotonic ms. */
  readonly at: number;
  /** ISO 8601. */
  readonly time: string;
}

export function rememberReadings(memory: Memory | undefined, last: ReadonlyMap<string, LastReading>): void {
  if (memory) memory.words = JSON.stringify([...last].map(([sensor, { time, at }]) => [sensor, time, at]));
}

/** The next life may be in another process; monotonic time is the machine's. */
export function recallReadings(memory: Memory | undefined): Map<string, LastReading> {
  const known: [string, string, number][] = JSON.parse(memory?.words ?? '[]');
  return new Map(known.map(([sensor, time, at]) => [sensor, { at, time }]));
}
