/** What of a log had happened by then. Pure. */
import type { PastItem } from '../model/past.ts';

/** The same object where all of it had. @param newest place of the last that had happened; a recording can be taken back to it */
export function happenedOf(shown: readonly PastItem[], newest: number): readonly PastItem[] {
  return (shown.at(-1)?.place ?? 0) <= newest ? shown : shown.filter(({ place }) => place <= newest);
}
