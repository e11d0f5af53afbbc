/**
 * The changes an edge store knows, each made of puts and removals inside one transaction and of the same change to
 * the state in memory. Whatever can refuse does so before the first write.
 */
import { createHash, type Hash } from 'node:crypto';
import type { KvWriter } from '../contract/kv.ts';
import type { Batch } from '../contract/port.ts';
import { encodeGap, type Gap } from '../domain/gap.ts';
import { numberedBytesMax, numberLines } from '../domain/reading.ts';
import { bodyHash, chainHash, namePattern, type SegmentHeader, type SegmentType } from '../domain/segment.ts';
import type { BodyCache } from './body-cache.ts';
import { countLost } from './edge-lost.ts';
import {
  type AckedRecord,
  ackedName,
  batchOverheadBytes,
  type EdgeState,
  freshStream,
  headOverheadBytes,
  keys,
  type StreamRecord,
  toHeader,
} from './edge-records.ts';
import type { Sent } from './edge-sent.ts';
import { putBatch } from './edge-sums.ts';
import { encodeHead } from './head-record.ts';
import { encodeRecord, toHex } from './text.ts';

/** Hash over the open segment of each stream, kept as it grows. */
export type OpenHashes = Map<string, Hash>;

export interface Changes {
  readonly state: EdgeState;
  readonly hashes: OpenHashes;
  readonly bodies: BodyCache;
  readonly cursors: readonly string[];
  readonly sent: Sent;
}

/** Longest position of a source, in UTF-16 code units. */
const positionLengthMax = 4_096;

/** Batches of one commit are put together to values of up to so many bytes: fewer keys, fewer pages. */
const valueBytesMax = 256 * 1024;

/** Upper bound of what `batches` will be charged, with the segments that they may complete. */
export function chargeOf(batches: readonly Batch[]): number {
  let bytes = new Set(batches.map((batch) => batch.stream)).size * headOverheadBytes;
  for (const batch of batches) {
    bytes += batch.lines.length + batch.count * 24 + batchOverheadBytes;
    if (batch.missed) bytes += 2 * headOverheadBytes + encodeGap(batch.missed).length;
    if (batch.position && batch.position.value.length > positionLengthMax) {
      throw new RangeError(`the position of ${batch.position.source} is longer than ${positionLengthMax}`);
    }
  }
  return bytes;
}

/** @param sealBytes size at which an open segment is sealed in the same transaction */
export function append(
  changes: Changes,
  writer: KvWriter,
  batches: readonly Batch[],
  nowMs: number,
  sealBytes = Number.POSITIVE_INFINITY,
): SegmentHeader[] {
  const { state, hashes } = changes;
  const pieces = numberAll(changes, batches);
  const sealed: SegmentHeader[] = [];
  const touched = new Set<string>();
  for (const { position } of batches) {
    if (position) writer.put(keys.position(position.source), Buffer.from(position.value, 'utf8'));
  }
  for (const { stream: name, count, missed, body } of pieces) {
    if (missed) sealed.push(...addGap(changes, writer, name, missed, nowMs));
    if (count === 0) continue;
    const record = stream(state, name);
    hashes.set(name, (hashes.get(name) ?? createHash('sha256')).update(body));
    putBatch(writer, name, record.nextSeq, count, body);
    state.streams.set(name, {
      ...record,
      nextSeq: record.nextSeq + count,
      openBytes: record.openBytes + body.length,
      openSinceMs: record.openSinceMs ?? nowMs,
      charged: record.charged + body.length + batchOverheadBytes,
    });
    touched.add(name);
  }
  for (const name of touched) {
    const large = stream(state, name).openBytes >= sealBytes;
    const header = large ? seal(changes, writer, name, nowMs) : null;
    if (header) sealed.push(header);
    else keepStream(state, writer, name);
  }
  return sealed;
}

/** Numbered lines that become one value in the store. */
interface Piece {
  readonly stream: string;
  readonly missed: Batch['missed'];
  count: number;
  body: Uint8Array;
}

/** The lines of the batches with their numbers; all or, when one is not what it says, none. */
function numberAll({ state, bodies }: Changes, batches: readonly Batch[]): readonly Piece[] {
  for (const batch of batches) assertStream(batch.stream);
  const next = new Map<string, number>();
  const before = new Map<string, number>();
  const pieces: Piece[] = [];
  try {
    for (const { stream: name, lines, count, missed } of batches) {
      const fromSeq = next.get(name) ?? stream(state, name).nextSeq;
      next.set(name, fromSeq + count);
      if (!before.has(name)) before.set(name, bodies.used(name));
      const target = bodies.room(name, numberedBytesMax(lines.length, count, fromSeq), fromSeq);
      const body = bodies.add(name, numberLines(lines, count, fromSeq, target).length);
      const piece = { stream: name, missed, count, body };
      const last = pieces.at(-1);
      const joined = last && last.stream === name && !missed ? joinViews(last.body, body) : null;
      if (last && joined) Object.assign(last, { count: last.count + count, body: joined });
      else pieces.push(piece);
    }
    return pieces;
  } catch (thrown) {
    for (const [name, used] of before) bodies.cut(name, used);
    throw thrown;
  }
}

/** Both as one view if they stand side by side in memory and are not too long for one value. */
function joinViews(a: Uint8Array, b: Uint8Array): Uint8Array | null {
  const adjacent = a.buffer === b.buffer && a.byteOffset + a.length === b.byteOffset;
  if (!adjacent || a.length + b.length > valueBytesMax) return null;
  return new Uint8Array(a.buffer, a.byteOffset, a.length + b.length);
}

/** Seals the open segment; `null` when it is empty. */
export function seal(changes: Changes, writer: KvWriter, name: string, nowMs: number): SegmentHeader | null {
  const { state, hashes, bodies } = changes;
  const record = stream(state, name);
  const count = record.nextSeq - record.openFrom;
  const hash = hashes.get(name);
  if (count === 0 || !hash) return null;
  const body = { hash: hash.digest(), bytes: record.openBytes };
  hashes.delete(name);
  bodies.seal(name, record.sealed + 1, { ...body, fromSeq: record.openFrom });
  const header = addHead(state, writer, name, 'readings', count, body, nowMs);
  keepStream(state, writer, name);
  return header;
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
  countLost(changes.state, writer, name, gap.gap, gap.count);
  return putGap(changes, writer, name, gap, nowMs);
}

/** As `addGap`, for what was counted before. */
export function putGap(
  changes: Changes,
  writer: KvWriter,
  name: string,
  gap: Omit<Gap, 'fromSeq' | 'toSeq'>,
  nowMs: number,
): SegmentHeader[] {
  const before = seal(changes, writer, name, nowMs);
  const header = addHead(changes.state, writer, name, 'gap', 0, gapBody(gap), nowMs);
  keepStream(changes.state, writer, name);
  return before ? [before, header] : [header];
}

/** A gap's body as its header and the store keep it. */
export function gapBody(gap: Gap): { hash: Uint8Array; bytes: number; gap: string } {
  const text = encodeGap(gap);
  return { hash: bodyHash(text), bytes: text.length, gap: Buffer.from(text).toString('utf8') };
}

/** Puts a segment behind the last; the stream's record is left to the caller, who may have many to add. */
export function addHead(
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
  writer.put(keys.head(name, sequence), encodeHead(head));
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
  return toHeader(state.meta, name, sequence, head);
}

export function stream(state: EdgeState, name: string): StreamRecord {
  return state.streams.get(name) ?? freshStream;
}

function keepStream(state: EdgeState, writer: KvWriter, name: string): void {
  writer.put(keys.stream(name), encodeRecord(stream(state, name)));
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

export function assertStream(name: string): void {
  if (!namePattern.test(name))
    throw new RangeError('the name of a stream must be letters, digits, `.`, `_` or `-`');
}
