/** What the segments of a stream that were given up come to, while they are still held as such. */
import type { DiscardedTotals, HeadRecord, StreamRecord } from './edge-records.ts';

/** Totals of those of the heads that are discarded. */
export function sumDiscarded(heads: readonly HeadRecord[]): Required<DiscardedTotals> {
  const sum = { segments: 0, merged: 0, readings: 0, bytes: 0, charged: 0 };
  for (const { type, discarded, count, bytes } of heads) {
    if (!discarded) continue;
    const { kept = [], run } = discarded;
    sum.segments += 1;
    sum.merged += run?.merged ?? 0;
    if (type === 'readings')
      sum.readings += run?.readings ?? kept.reduce((left, one) => left - one.count, count);
    sum.bytes += kept.reduce((left, one) => left - one.bytes, bytes);
    sum.charged += discarded.charged;
  }
  return sum;
}

/** The totals without those of the heads that are discarded. */
export function lessDiscarded(
  totals: DiscardedTotals | undefined,
  heads: readonly HeadRecord[],
): DiscardedTotals {
  const less = sumDiscarded(heads);
  return {
    segments: (totals?.segments ?? 0) - less.segments,
    merged: (totals?.merged ?? 0) - less.merged,
    readings: (totals?.readings ?? 0) - less.readings,
    bytes: (totals?.bytes ?? 0) - less.bytes,
    charged: (totals?.charged ?? 0) - less.charged,
  };
}

/** The totals with those of the heads that are discarded. */
export function moreDiscarded(
  totals: DiscardedTotals | undefined,
  heads: readonly HeadRecord[],
): DiscardedTotals {
  const more = sumDiscarded(heads);
  return {
    segments: (totals?.segments ?? 0) + more.segments,
    merged: (totals?.merged ?? 0) + more.merged,
    readings: (totals?.readings ?? 0) + more.readings,
    bytes: (totals?.bytes ?? 0) + more.bytes,
    charged: (totals?.charged ?? 0) + more.charged,
  };
}

export function withDiscarded(record: StreamRecord, discarded: DiscardedTotals): StreamRecord {
  const { discarded: _, ...others } = record;
  return discarded.segments > 0 ? { ...others, discarded } : others;
}
