/** A new epoch of an edge store: what was acknowledged becomes a gap, the rest follows under new sequences. */
import { FogrunError } from '../contract/errors.ts';
import type { KvWriter } from '../contract/kv.ts';
import { encodeGap, type Gap } from '../domain/gap.ts';
import { bodyHash } from '../domain/segment.ts';
import { addHead, assertCursor, type Changes, stream } from './edge-changes.ts';
import {
  ackedName,
  freshStream,
  type HeadRecord,
  headOverheadBytes,
  keys,
  readHead,
  type StreamRecord,
} from './edge-records.ts';
import { encodeRecord, fromHex } from './text.ts';

/**
 * Begins a new epoch. Every cursor starts again at its first segment: a cloud that meets an epoch for the first
 * time cannot have acknowledged any of it. Segments are re-chained by their headers; no body is read.
 */
export function fork(
  { state, bodies, cursors }: Changes,
  writer: KvWriter,
  cursor: string,
  reason: string,
  epoch: string,
  nowMs: number,
): void {
  assertCursor(cursors, cursor);
  const streams = [...state.streams].map(([name, record]) => {
    const heads: HeadRecord[] = [];
    for (let at = record.floor.sequence + 1; at <= record.sealed; at++) {
      const head = readHead(writer, name, at);
      if (!head)
        throw new FogrunError('store-corrupt', `the header of segment ${at} of stream ${name} is gone`);
      heads.push(head);
    }
    return { name, record, heads };
  });
  bodies.clear();
  state.meta = { ...state.meta, epoch };
  writer.put(keys.meta, encodeRecord(state.meta));
  for (const { name, record, heads } of streams) {
    writer.removeRange(keys.head(name, 0), keys.head(name, Number.MAX_SAFE_INTEGER));
    const gone = (heads[0]?.fromSeq ?? record.openFrom) - 1;
    // Back to the first sequence; the open segment keeps its readings and its charge.
    const held = record.charged - record.released;
    const openCharge = held - (heads.length > 0 ? heads.at(-1)!.totalCharged - record.released : 0);
    state.streams.set(name, { ...freshStream, nextSeq: record.nextSeq, openFrom: gone === 0 ? 1 : gone + 1 });
    if (gone > 0) {
      const gap: Gap = { gap: 'epoch', fromSeq: 1, toSeq: gone, count: gone, text: reason };
      const text = encodeGap(gap);
      const body = { hash: bodyHash(text), bytes: text.length, gap: Buffer.from(text).toString('utf8') };
      state.streams.set(name, { ...stream(state, name), openFrom: 1 });
      addHead(state, writer, name, 'gap', gone, body, nowMs);
    }
    let charged = record.released;
    for (const head of heads) {
      const body = { hash: fromHex(head.bodyHash), bytes: head.bytes };
      const own = head.totalCharged - charged - headOverheadBytes - (head.gap === undefined ? 0 : head.bytes);
      charged = head.totalCharged;
      const at = stream(state, name);
      state.streams.set(name, { ...at, charged: at.charged + own });
      const withGap = head.gap === undefined ? body : { ...body, gap: head.gap };
      addHead(state, writer, name, head.type, head.count, withGap, head.sealedAtMs);
    }
    const at = stream(state, name);
    const reopened: StreamRecord = {
      ...at,
      openBytes: record.openBytes,
      openSinceMs: record.openSinceMs,
      charged: at.charged + openCharge,
    };
    state.streams.set(name, reopened);
    writer.put(keys.stream(name), encodeRecord(reopened));
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
}
