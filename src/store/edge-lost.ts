/** Readings that became gaps, counted by reason since the store's life began. */
import type { KvKey, KvReader, KvWriter } from '../contract/kv.ts';
import { statesStream } from '../contract/state-records.ts';
import type { GapReason, LostCounts } from '../domain/gap.ts';
import { decodeRecord, encodeRecord } from './text.ts';

const key: KvKey = ['lost'];

export function loadLost(kv: KvReader): LostCounts {
  const bytes = kv.get(key);
  return bytes ? decodeRecord<LostCounts>(bytes) : {};
}

/**
 * To be called where it is decided that readings become gaps, or turned out not to, and only there. What an edge leaves out of
 * what it tells of itself is no reading.
 */
export function countLost(
  state: { lost: LostCounts },
  writer: KvWriter,
  stream: string,
  reason: GapReason,
  readings: number,
): void {
  if (readings === 0 || stream === statesStream) return;
  state.lost = { ...state.lost, [reason]: Math.max(0, (state.lost[reason] ?? 0) + readings) };
  writer.put(key, encodeRecord(state.lost));
}
