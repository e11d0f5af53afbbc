/** How much may wait for a cursor: what goes beyond, oldest first. */
import type { Backlog, Retention } from '../contract/store.ts';
import { formatDuration, formatSize } from '../domain/quantities.ts';
import type { DropOrder } from './edge-drop.ts';

/** `null` when nothing has to go. */
export function retentionOrder(retention: Retention, backlog: Backlog, nowMs: number): DropOrder | null {
  const { ageMaxMs, bytesMax } = retention;
  const tooMuch = bytesMax === undefined ? 0 : backlog.bytes - bytesMax;
  if (tooMuch > 0) {
    const text = `More than ${formatSize(bytesMax!)} waited, and the oldest is dropped then (\`retention\`).`;
    return { goesOn: ({ freed }) => freed < tooMuch, alsoOpen: false, text };
  }
  if (ageMaxMs === undefined || backlog.oldestMs === null) return null;
  const text = `It waited for more than ${formatDuration(ageMaxMs)}, and is dropped then (\`retention\`).`;
  return { goesOn: ({ head }) => head.sealedAtMs < nowMs - ageMaxMs, alsoOpen: false, text };
}
