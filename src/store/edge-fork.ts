/** A new epoch of an edge store: what was acknowledged becomes a gap, the rest follows under new sequences. */
import type { KvReader, KvWriter } from '../contract/kv.ts';
import { addHead, assertCursor, type Changes, gapBody } from './edge-changes.ts';
import { rechain } from './edge-rechain.ts';
import { ackedName, freshStream, headUpTo, keepFormat, keys, needHeadsBetween } from './edge-records.ts';
import { encodeRecord } from './text.ts';

/**
 * Begins a new epoch. Every cursor starts again at its first segment: a cloud that meets an epoch for the first
 * time cannot have acknowledged any of it. Segments are re-chained by their headers, those discarded as gaps; no body is read.
 */
export function fork(
  changes: Changes,
  writer: KvWriter,
  cursor: string,
  reason: string,
  epoch: string,
  nowMs: number,
): void {
  const { state, bodies, cursors, sent } = changes;
  assertCursor(cursors, cursor);
  const streams = [...state.streams].map(([name, record]) => {
    const held = needHeadsBetween(writer, name, record.floor.sequence + 1, record.sealed);
    return { name, record, heads: held.map(([, head]) => head) };
  });
  const sentBefore = cursors.map((each) => [each, lastSeqs(writer, changes, each)] as const);
  bodies.clear();
  state.meta = { ...state.meta, epoch };
  writer.put(keys.meta, encodeRecord(state.meta));
  for (const { name, record, heads } of streams) {
    writer.removeRange(keys.head(name, 0), keys.head(name, Number.MAX_SAFE_INTEGER));
    const gone = (heads[0]?.fromSeq ?? record.openFrom) - 1;
    // Back to the first sequence; the open segment keeps its readings and its charge.
    state.streams.set(name, { ...freshStream, nextSeq: record.nextSeq });
    if (gone > 0) {
      const gap = gapBody({ gap: 'epoch', fromSeq: 1, toSeq: gone, count: gone, text: reason });
      addHead(state, writer, name, 'gap', gone, gap, nowMs);
    }
    rechain(state, writer, name, { before: record, heads, chargedBefore: record.released });
    for (const each of cursors) {
      state.acked.delete(ackedName(each, name));
      writer.remove(keys.acked(each, name));
    }
  }
  for (const each of cursors) {
    const memory = {
      cloudEpoch: each === cursor ? null : (state.clouds.get(each)?.cloudEpoch ?? null),
      token: 0,
    };
    state.clouds.set(each, memory);
    writer.put(keys.cloud(each), encodeRecord(memory));
  }
  for (const [each, seqs] of sentBefore) sent.forked(writer, each, seqs);
  keepFormat(state, writer);
}

/** The last `seq` of each stream that the cursor may have sent. */
function lastSeqs(reader: KvReader, { state, sent }: Changes, cursor: string): Map<string, number> {
  return new Map(
    Array.from(state.streams, ([name, record]) => {
      const head = headUpTo(reader, name, record.floor.sequence, sent.by(cursor, name));
      const now = head ? head.fromSeq + head.count - 1 : record.floor.seq;
      return [name, Math.max(now, sent.lastBefore(name))] as const;
    }),
  );
}
