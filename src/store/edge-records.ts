/**
 * What an edge store keeps, and under which keys:
 * `['meta']`, `['stream', S]`, `['batch', S, fromSeq]` (numbered NDJSON), `['head', S, sequence]` (sealed segments,
 * a gap's body with them), `['acked', cursor, S]`, `['cloud', cursor]`, `['position', source]`, `['sent', cursor]`,
 * `['turned-away', S]`; see also edge-sums.ts, edge-lost.ts and letter-records.ts.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvKey, KvReader, KvWriter } from '../contract/kv.ts';
import type { CloudMemory } from '../contract/store.ts';
import type { Gap, GapReason, LostCounts } from '../domain/gap.ts';
import { noHash, type SegmentHeader, type SegmentType } from '../domain/segment.ts';
import { loadLost } from './edge-lost.ts';
import type { KeptRun } from './edge-sums.ts';
import { decodeHead } from './head-record.ts';
import { type LettersRecord, loadLetters } from './letter-records.ts';
import { decodeRecord, encodeRecord, fromHex, toHex } from './text.ts';

/** What a store is made as. */
export const edgeFormat = 1;
/** Of a store as long as it holds discarded segments: a fogrun that does not know these must leave it alone. */
export const edgeFormatDiscarded = 2;
/** As long as it holds dead letters, segments of which only a part was given up, or runs of dropped ones. */
export const edgeFormatLetters = 3;
/** The newest that is read. */
export const edgeFormatMax = edgeFormatLetters;
/** Bytes that a batch and a sealed segment cost beside their contents: key, page and header. */
export const batchOverheadBytes = 128;
export const headOverheadBytes = 768;

export interface EdgeMeta {
  readonly format: number;
  readonly role: 'edge';
  readonly edge: string;
  readonly epoch: string;
}

/** How far a cursor is in a stream; the totals are those of the segment. */
export interface AckedRecord {
  readonly sequence: number;
  readonly hash: string;
  /** Last `seq` covered. */
  readonly seq: number;
  readonly totalReadings: number;
  readonly totalBytes: number;
}

export const freshAcked: AckedRecord = {
  sequence: 0,
  hash: toHex(noHash),
  seq: 0,
  totalReadings: 0,
  totalBytes: 0,
};

/** Discarded segments that are still held as such: bodies that are gone, and charges that were given back for them. */
export interface DiscardedTotals {
  readonly segments: number;
  /** Sequences that have no header of their own any more; absent in what an older fogrun wrote: none. */
  readonly merged?: number;
  readonly readings: number;
  readonly bytes: number;
  readonly charged: number;
}

/** Where a stream stands. Totals only grow, so that differences tell what is held or waits. */
export interface StreamRecord {
  /** `seq` of the next reading. */
  readonly nextSeq: number;
  /** `seq` of the first reading not sealed. */
  readonly openFrom: number;
  readonly openBytes: number;
  readonly openSinceMs: number | null;
  readonly sealed: number;
  readonly sealedHash: string;
  /** Readings and body bytes ever sealed in this epoch. */
  readonly readings: number;
  readonly bytes: number;
  /** Bytes ever charged to the quota, and those given back. */
  readonly charged: number;
  readonly released: number;
  /** The last segment deleted: no cursor stands before it. */
  readonly floor: AckedRecord;
  /** Absent when there are none. */
  readonly discarded?: DiscardedTotals;
}

export const freshStream: StreamRecord = {
  nextSeq: 1,
  openFrom: 1,
  openBytes: 0,
  openSinceMs: null,
  sealed: 0,
  sealedHash: toHex(noHash),
  readings: 0,
  bytes: 0,
  charged: 0,
  released: 0,
  floor: freshAcked,
};

/** Why the readings of a segment were given up, and what was given back to the quota for them. */
export interface GivenUp {
  /** What becomes of it unless the cloud turns out to have it; absent in what an older fogrun wrote: `discarded`. */
  readonly gap?: GapReason;
  readonly text: string;
  readonly charged: number;
  /** The dead letter that holds them. */
  readonly letter?: number;
  /** What was not given up, and goes on as segments of its own. */
  readonly kept?: readonly KeptRun[];
  /** Set when this header stands for several segments, none of which was ever sent. */
  readonly run?: Run;
}

/** Segments in a row that were dropped, under the sequence of the first, with the totals of the last. */
export interface Run {
  /** Sequences after the first. */
  readonly merged: number;
  /** Readings in all of them. */
  readonly readings: number;
  readonly fromTime?: string;
  readonly toTime?: string;
  /** Gaps that stood between them and cover no `seq`: one of each reason, added up. */
  readonly absorbed: readonly Gap[];
}

/** A sealed segment; the totals count up to and with it. */
export interface HeadRecord {
  readonly type: SegmentType;
  readonly fromSeq: number;
  readonly count: number;
  readonly bytes: number;
  readonly sealedAtMs: number;
  readonly bodyHash: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly totalReadings: number;
  readonly totalBytes: number;
  readonly totalCharged: number;
  /** Body of a gap. */
  readonly gap?: string;
  /** Its readings were given up. The totals do not know of it. */
  readonly discarded?: GivenUp;
}

export const keys = {
  meta: ['meta'] as KvKey,
  stream: (stream: string): KvKey => ['stream', stream],
  batch: (stream: string, fromSeq: number): KvKey => ['batch', stream, fromSeq],
  head: (stream: string, sequence: number): KvKey => ['head', stream, sequence],
  acked: (cursor: string, stream: string): KvKey => ['acked', cursor, stream],
  cloud: (cursor: string): KvKey => ['cloud', cursor],
  position: (source: string): KvKey => ['position', source],
  sent: (cursor: string): KvKey => ['sent', cursor],
  turnedAway: (stream: string): KvKey => ['turned-away', stream],
};

export function toHeader(
  meta: EdgeMeta,
  stream: string,
  sequence: number,
  record: HeadRecord,
): SegmentHeader {
  return {
    edge: meta.edge,
    epoch: meta.epoch,
    stream,
    sequence,
    type: record.type,
    fromSeq: record.fromSeq,
    count: record.count,
    bytes: record.bytes,
    sealedAtMs: record.sealedAtMs,
    bodyHash: fromHex(record.bodyHash),
    previousHash: fromHex(record.previousHash),
    hash: fromHex(record.hash),
  };
}

export function readHead(reader: KvReader, stream: string, sequence: number): HeadRecord | undefined {
  const bytes = reader.get(keys.head(stream, sequence));
  return bytes && decodeHead(bytes);
}

/** As `readHead`; throws `store-corrupt` when it is gone. */
export function needHead(reader: KvReader, stream: string, sequence: number): HeadRecord {
  const head = readHead(reader, stream, sequence);
  if (head) return head;
  throw new FogrunError('store-corrupt', `the header of segment ${sequence} of stream ${stream} is gone`);
}

/** Headers from one sequence to another, both included, oldest first; one that stands for a run comes once. */
export function headsBetween(
  reader: KvReader,
  stream: string,
  from: number,
  to: number,
  limit?: number,
): readonly (readonly [sequence: number, head: HeadRecord])[] {
  const range = { from: keys.head(stream, from), to: keys.head(stream, to + 1) };
  return Array.from(reader.range(limit === undefined ? range : { ...range, limit }), ({ key, value }) => [
    Number(key[2]),
    decodeHead(value),
  ]);
}

/** As `headsBetween`; throws `store-corrupt` when one is gone. */
export function needHeadsBetween(reader: KvReader, stream: string, from: number, to: number) {
  const heads = headsBetween(reader, stream, from, to);
  let next = from;
  for (const [sequence, head] of heads) {
    if (sequence !== next) break;
    next += 1 + (head.discarded?.run?.merged ?? 0);
  }
  if (next <= to) needHead(reader, stream, next);
  return heads;
}

/** The last header up to and with that sequence, if it is beyond what was deleted. */
export function headUpTo(
  reader: KvReader,
  stream: string,
  floor: number,
  sequence: number,
): HeadRecord | undefined {
  const range = { from: keys.head(stream, floor + 1), to: keys.head(stream, sequence + 1) };
  for (const { value } of reader.range({ ...range, reverse: true, limit: 1 })) return decodeHead(value);
  return undefined;
}

/** To be called after every change of what is discarded, or a dead letter. */
export function keepFormat(state: EdgeState, writer: KvWriter): void {
  const any = [...state.streams.values()].some(({ discarded }) => discarded);
  const hasRuns = [...state.streams.values()].some(({ discarded }) => (discarded?.merged ?? 0) > 0);
  const hasLetters = hasRuns || state.letters.letters > 0 || (any && state.letters.last > 0);
  const format = hasLetters ? edgeFormatLetters : any ? edgeFormatDiscarded : edgeFormat;
  if (state.meta.format === format) return;
  state.meta = { ...state.meta, format };
  writer.put(keys.meta, encodeRecord(state.meta));
}

/** What changes together; replaced, never mutated, so that a commit can publish it whole. */
export interface EdgeState {
  meta: EdgeMeta;
  readonly streams: Map<string, StreamRecord>;
  /** By `cursor/stream`: neither name holds a slash. */
  readonly acked: Map<string, AckedRecord>;
  readonly clouds: Map<string, CloudMemory>;
  letters: LettersRecord;
  lost: LostCounts;
  /** By stream. */
  readonly turnedAway: Map<string, TurnedAway>;
}

/** Readings that found no room, until a gap can say so; beside them what was missed meanwhile. */
export interface TurnedAway {
  readonly dropped?: Omit<Gap, 'fromSeq' | 'toSeq'>;
  readonly missed?: Omit<Gap, 'fromSeq' | 'toSeq'>;
}

export const ackedName = (cursor: string, stream: string) => `${cursor}/${stream}`;

/** Reads everything but bodies and headers. */
export function loadEdgeState(kv: KvReader, meta: EdgeMeta, cursors: readonly string[]): EdgeState {
  const state: EdgeState = {
    meta,
    streams: new Map(),
    acked: new Map(),
    clouds: new Map(),
    lost: loadLost(kv),
    letters: loadLetters(kv),
    turnedAway: new Map(),
  };
  for (const { key, value } of kv.range({ from: ['turned-away'], to: ['turned-away~'] })) {
    state.turnedAway.set(String(key[1]), decodeRecord<TurnedAway>(value));
  }
  for (const { key, value } of kv.range({ from: ['stream'], to: ['stream~'] })) {
    state.streams.set(String(key[1]), decodeRecord<StreamRecord>(value));
  }
  for (const cursor of cursors) {
    const cloud = kv.get(keys.cloud(cursor));
    if (cloud) state.clouds.set(cursor, decodeRecord<CloudMemory>(cloud));
    for (const { key, value } of kv.range({ from: ['acked', cursor], to: ['acked', `${cursor} `] })) {
      state.acked.set(ackedName(cursor, String(key[2])), decodeRecord<AckedRecord>(value));
    }
  }
  return state;
}

/** As it is now, whatever is changed later. */
export function snapshot(state: EdgeState): EdgeState {
  return {
    meta: state.meta,
    streams: new Map(state.streams),
    acked: new Map(state.acked),
    clouds: new Map(state.clouds),
    lost: state.lost,
    letters: state.letters,
    turnedAway: new Map(state.turnedAway),
  };
}

/** Bytes that count against the quota. */
export function heldBytes(state: EdgeState): number {
  let bytes = state.letters.charged;
  for (const { charged, released, discarded } of state.streams.values()) {
    bytes += charged - released - (discarded?.charged ?? 0);
  }
  return bytes;
}
