/**
 * The changes an edge store knows, each made of puts and removals inside one transaction and of the same change to
 * the state in memory. Whatever can refuse does so before the first write.
 */
import { createHash, type Hash } from 'node:crypto';
import { FogrunError } from '../contract/errors.ts';
import type { KvWriter } from '../contract/kv.ts';
import type { Batch } from '../contract/port.ts';
import { encodeGap, type Gap } from '../domain/gap.ts';
import { numberLines } from '../domain/reading.ts';
import { bodyHash, chainHash, namePattern, type SegmentHeader, type SegmentType } from '../domain/segment.ts';
import {
  type AckedRecord,
  ackedName,
  batchOverheadBytes,
  type EdgeState,
  freshStream,
  type HeadRecord,
  headOverheadBytes,
  keys,
  readHead,
  type StreamRecord,
  toHeader,
} from './edge-records.ts';
import { encodeRecord, fromHex, sameHex, toHex } from './text.ts';

/** Hash over the open segment of each stream, kept as it grows. */
export type OpenHashes = Map<string, Hash>;

export interface Changes {
  readonly state: EdgeState;
  readonly hashes: OpenHashes;
  readonly cursors: readonly string[];
}

/** Longest position of a source, in UTF-16 code units. */
const positionLengthMax = 4_096;

/** Upper bound of what `batches` will be charged. */
export function chargeOf(batches: readonly Batch[]): number {
  let bytes = 0;
  for (const batch of batches) {
    bytes += batch.lines.length + batch.count * 24 + batchOverheadBytes;
    if (batch.missed) bytes += 2 * headOverheadBytes;
    if (batch.position && batch.position.value.length > positionLengthMax) {
      throw new RangeError(`the position of ${batch.position.source} is longer than ${positionLengthMax}`);
    }
  }
  return bytes;
}

export function append(
  changes: Changes,
  writer: KvWriter,
  batches: readonly Batch[],
  nowMs: number,
): SegmentHeader[] {
  const { state, hashes } = changes;
  const next = new Map<string, number>();
  const numbered = batches.map((batch) => {
    assertStream(batch.stream);
    const fromSeq = next.get(batch.stream) ?? stream(state, batch.stream).nextSeq;
    next.set(batch.stream, fromSeq + batch.count);
    return batch.count === 0 ? new Uint8Array() : numberLines(batch.lines, batch.count, fromSeq);
  });
  const sealed: SegmentHeader[] = [];
  const touched = new Set<string>();
  batches.forEach((batch, i) => {
    if (batch.missed) sealed.push(...addGap(changes, writer, batch.stream, batch.missed, nowMs));
    if (batch.position)
      writer.put(keys.position(batch.position.source), Buffer.from(batch.position.value, 'utf8'));
    if (batch.count === 0) return;
    const body = numbered[i]!;
    const record = stream(state, batch.stream);
    let hash = hashes.get(batch.stream);
    if (!hash) {
      hash = createHash('sha256');
      hashes.set(batch.stream, hash);
    }
    hash.update(body);
    writer.put(keys.batch(batch.stream, record.nextSeq), body);
    state.streams.set(batch.stream, {
      ...record,
      nextSeq: record.nextSeq + batch.count,
      openBytes: record.openBytes + body.length,
      openSinceMs: record.openSinceMs ?? nowMs,
      charged: record.charged + body.length + batchOverheadBytes,
    });
    touched.add(batch.stream);
  });
  for (const name of touched) writer.put(keys.stream(name), encodeRecord(stream(state, name)));
  return sealed;
}

/** Seals the open segment; `null` when it is empty. */
export function seal(changes: Changes, writer: KvWriter, name: string, nowMs: number): SegmentHeader | null {
  const { state, hashes } = changes;
  const record = stream(state, name);
  const count = record.nextSeq - record.openFrom;
  const hash = hashes.get(name);
  if (count === 0 || !hash) return null;
  const body = { hash: hash.digest(), bytes: record.openBytes };
  hashes.delete(name);
  return addHead(state, writer, name, 'readings', count, body, nowMs);
}

/** Seals, then adds the gap. */
export function addGap(
  changes: Changes,
  writer: KvWriter,
  name: string,
  gap: Omit<Gap, 'fromSeq' | 'toSeq'>,
  nowMs: number,
): SegmentHeader[] {
  assertStream(name);
  const before = seal(changes, writer, name, nowMs);
  const text = encodeGap(gap);
  const body = { hash: bodyHash(text), bytes: text.length, gap: Buffer.from(text).toString('utf8') };
  const header = addHead(changes.state, writer, name, 'gap', 0, body, nowMs);
  return before ? [before, header] : [header];
}

function addHead(
  state: EdgeState,
  writer: KvWriter,
  name: string,
  type: SegmentType,
  count: number,
  body: { hash: Uint8Array; bytes: number; gap?: string },
  nowMs: number,
): SegmentHeader {
  const record = stream(state, name);
  const totals = {
    totalReadings: record.readings + (type === 'readings' ? count : 0),
    totalBytes: record.bytes + body.bytes,
    totalCharged: record.charged + headOverheadBytes + (body.gap === undefined ? 0 : body.bytes),
  };
  const unhashed = {
    type,
    fromSeq: record.openFrom,
    count,
    bytes: body.bytes,
    sealedAtMs: Math.max(0, Math.floor(nowMs)),
    bodyHash: toHex(body.hash),
    previousHash: record.sealedHash,
    hash: '',
    ...totals,
    ...(body.gap === undefined ? {} : { gap: body.gap }),
  };
  const sequence = record.sealed + 1;
  const head = { ...unhashed, hash: toHex(chainHash(toHeader(state.meta, name, sequence, unhashed))) };
  writer.put(keys.head(name, sequence), encodeRecord(head));
  const changed: StreamRecord = {
    ...record,
    openFrom: record.openFrom + count,
    openBytes: 0,
    openSinceMs: null,
    sealed: sequence,
    sealedHash: head.hash,
    readings: totals.totalReadings,
    bytes: totals.totalBytes,
    charged: totals.totalCharged,
  };
  state.streams.set(name, changed);
  writer.put(keys.stream(name), encodeRecord(changed));
  return toHeader(state.meta, name, sequence, head);
}

export function acknowledge(
  { state, cursors }: Changes,
  writer: KvWriter,
  cursor: string,
  name: string,
  sequence: number,
  hash: Uint8Array,
): SegmentHeader[] {
  assertCursor(cursors, cursor);
  const record = stream(state, name);
  const before = acked(state, cursor, name);
  const what = `segment ${sequence} of stream ${name}`;
  if (!Number.isSafeInteger(sequence) || sequence < 1 || sequence > record.sealed) {
    throw new FogrunError('edge-forked', `the cloud acknowledged ${what}, but ${record.sealed} were sealed`);
  }
  const head = readHead(writer, name, sequence);
  const known = head?.hash ?? (sequence === before.sequence ? before.hash : undefined);
  if (known !== undefined && !sameHex(known, toHex(hash))) {
    throw new FogrunError('edge-forked', `the cloud acknowledged ${what} with a hash that is not its own`);
  }
  if (sequence <= before.sequence) return [];
  if (!head) throw new FogrunError('store-corrupt', `the header of ${what} is gone`);
  const headers: SegmentHeader[] = [];
  for (let at = before.sequence + 1; at <= sequence; at++) {
    const each = readHead(writer, name, at);
    if (!each)
      throw new FogrunError('store-corrupt', `the header of segment ${at} of stream ${name} is gone`);
    headers.push(toHeader(state.meta, name, at, each));
  }
  const after = toAcked(sequence, head);
  const passed = Math.min(
    sequence,
    ...cursors.filter((other) => other !== cursor).map((other) => acked(state, other, name).sequence),
  );
  const last = passed > record.floor.sequence ? readHead(writer, name, passed) : undefined;
  state.acked.set(ackedName(cursor, name), after);
  writer.put(keys.acked(cursor, name), encodeRecord(after));
  if (last) {
    writer.removeRange(keys.head(name, 0), keys.head(name, passed + 1));
    writer.removeRange(keys.batch(name, 0), keys.batch(name, last.fromSeq + last.count));
    const changed = { ...record, released: last.totalCharged, floor: toAcked(passed, last) };
    state.streams.set(name, changed);
    writer.put(keys.stream(name), encodeRecord(changed));
  }
  return headers;
}

/**
 * Begins a new epoch. Every cursor starts again at its first segment: a cloud that meets an epoch for the first
 * time cannot have acknowledged any of it. Segments are re-chained by their headers; no body is read.
 */
export function fork(
  { state, cursors }: Changes,
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

function toAcked(sequence: number, head: HeadRecord): AckedRecord {
  return {
    sequence,
    hash: head.hash,
    seq: head.fromSeq + head.count - 1,
    totalReadings: head.totalReadings,
    totalBytes: head.totalBytes,
  };
}

export function stream(state: EdgeState, name: string): StreamRecord {
  return state.streams.get(name) ?? freshStream;
}

export function acked(state: EdgeState, cursor: string, name: string): AckedRecord {
  const own = state.acked.get(ackedName(cursor, name));
  const { floor } = stream(state, name);
  // A cursor that joins late, or comes back, begins where the store still holds something.
  return own && own.sequence >= floor.sequence ? own : floor;
}

export function assertCursor(cursors: readonly string[], cursor: string): void {
  if (!cursors.includes(cursor))
    throw new RangeError(`no cursor ${cursor}; there are: ${cursors.join(', ')}`);
}

function assertStream(name: string): void {
  if (!namePattern.test(name))
    throw new RangeError('the name of a stream must be letters, digits, `.`, `_` or `-`');
}
