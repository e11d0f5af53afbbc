/** Readings that found no room in a full store, until a gap can say so: one however long it lasts. */
import type { KvWriter } from '../contract/kv.ts';
import type { Batch } from '../contract/port.ts';
import { type Gap, mergeGaps } from '../domain/gap.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { assertStream, type Changes, putGap } from './edge-changes.ts';
import { timeIn } from './edge-drop.ts';
import { countLost } from './edge-lost.ts';
import { keys, type TurnedAway } from './edge-records.ts';
import { encodeRecord } from './text.ts';

/** Counts them as dropped. Their positions are kept: nothing of them is to be read again. */
export function turnAway(
  { state }: Changes,
  writer: KvWriter,
  batches: readonly Batch[],
  nowMs: number,
): void {
  for (const { stream } of batches) assertStream(stream);
  for (const batch of batches) {
    const { stream, count, missed, position } = batch;
    const before: TurnedAway = state.turnedAway.get(stream) ?? {};
    const now: TurnedAway = {
      ...before,
      ...(missed ? { missed: mergeGaps(before.missed, missed) } : {}),
      ...(count > 0 ? { dropped: mergeGaps(before.dropped, droppedGap(batch, nowMs)) } : {}),
    };
    state.turnedAway.set(stream, now);
    writer.put(keys.turnedAway(stream), encodeRecord(now));
    if (position) writer.put(keys.position(position.source), Buffer.from(position.value, 'utf8'));
    countLost(state, writer, stream, 'dropped', count);
    if (missed) countLost(state, writer, stream, missed.gap, missed.count);
  }
}

/** Puts the gaps behind what is there. */
export function turnedAwayToGaps(changes: Changes, writer: KvWriter, nowMs: number): SegmentHeader[] {
  const { state } = changes;
  const headers: SegmentHeader[] = [];
  for (const [stream, { missed, dropped }] of state.turnedAway) {
    for (const gap of [missed, dropped])
      if (gap) headers.push(...putGap(changes, writer, stream, gap, nowMs));
    writer.remove(keys.turnedAway(stream));
    state.turnedAway.delete(stream);
  }
  return headers;
}

function droppedGap({ lines, count }: Batch, nowMs: number): Gap {
  const now = new Date(nowMs).toISOString();
  const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
  const first = text.toString('utf8', 0, text.indexOf(0x0a));
  const last = text.toString('utf8', text.lastIndexOf(0x0a, text.length - 2) + 1, text.length - 1);
  const [fromTime, toTime] = [timeIn(first) ?? now, timeIn(last) ?? now].sort();
  return {
    gap: 'dropped',
    fromTime: fromTime!,
    toTime: toTime!,
    count,
    text: 'The store was full, and the newest are dropped then (`when-full: drop-newest`).',
  };
}
