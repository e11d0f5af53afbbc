/** How the open segment is listed. */
import type { OpenSegment, SegmentInfo } from './store.ts';

/** The open segment as it stands in a list behind the sealed ones; nothing while it is empty. */
export function openInfo(stream: string, open: OpenSegment): SegmentInfo[] {
  const { sequence, fromSeq, count, bytes, sinceMs } = open;
  if (count === 0) return [];
  const sealedAtMs = sinceMs ?? 0;
  return [
    {
      stream,
      sequence,
      type: 'readings',
      fromSeq,
      count,
      bytes,
      sealedAtMs,
      open: true,
      discarded: false,
    },
  ];
}
