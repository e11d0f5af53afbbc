/**
 * What an edge store keeps, and under which keys:
 * `['meta']`, `['stream', S]`, `['batch', S, fromSeq]` (numbered NDJSON), `['head', S, sequence]` (sealed segments,
 * a gap's body with them), `['acked', cursor, S]`, `['cloud', cursor]`, `['position', source]`; see also edge-sums.ts and letter-records.ts.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvKey, KvReader, KvWriter } from '../contract/kv.ts';
import type { CloudMemory } from '../contract/store.ts';
import type { GapReason } from '../domain/gap.ts';
import { noHash, type SegmentHeader, type SegmentType } from '../domain/segment.ts';
import type { KeptRun } from './edge-sums.ts';
import { type LettersRecord, loadLetters } from './letter-records.ts';
import { decodeRecord, encodeRecord, fromHex, toHex } from './text.ts';

/** What a store is made as. */
export const edgeFormat = 1;
/** Of a store as long as it holds discarded segments: a fogrun that does not know these must leave it alone. */
export const edgeFormatDiscarded = 2;
/** As long as it holds dead letters, or segments of which only a part was given up. */
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
  return bytes && decodeRecord<HeadRecord>(bytes);
}

/** As `readHead`; throws `store-corrupt` when it is gone. */
export function needHead(reader: KvReader, stream: string, sequence: number): HeadRecord {
  const head = readHead(reader, stream, sequence);
  if (head) return head;
  throw new FogrunError('store-corrupt', `the header of segment ${sequence} of stream ${stream} is gone`);
}

/** Headers from one sequence to another, both included. */
export function headsOf(reader: KvReader, stream: string, from: number, to: number): HeadRecord[] {
  const heads: HeadRecord[] = [];
  for (let sequence = from; sequence <= to; sequence++) heads.push(needHead(reader, stream, sequence));
  return heads;
}

/** Totals of those of the heads that are discarded. */
export function sumDiscarded(heads: readonly HeadRecord[]): DiscardedTotals {
  const sum = { segments: 0, readings: 0, bytes: 0, charged: 0 };
  for (const { type, discarded, count, bytes } of heads) {
    if (!discarded) continue;
    const kept = discarded.kept ?? [];
    sum.segments += 1;
    if (type === 'readings') sum.readings += kept.reduce((left, run) => left - run.count, count);
    sum.bytes += kept.reduce((left, run) => left - run.bytes, bytes);
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
    readings: (totals?.readings ?? 0) - less.readings,
    bytes: (totals?.bytes ?? 0) - less.bytes,
    charged: (totals?.charged ?? 0) - less.charged,
  };
}

export function withDiscarded(record: StreamRecord, discarded: DiscardedTotals): StreamRecord {
  const { discarded: _, ...others } = record;
  return discarded.segments > 0 ? { ...others, discarded } : others;
}

/** To be called after every change of what is discarded, or a dead letter. */
export function keepFormat(state: EdgeState, writer: KvWriter): void {
  const any = [...state.streams.values()].some(({ discarded }) => discarded);
  const hasLetters = state.letters.letters > 0 || (any && state.letters.last > 0);
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
}

export const ackedName = (cursor: string, stream: string) => `${cursor}/${stream}`;

/** Reads everything but bodies and headers. */
export function loadEdgeState(kv: KvReader, meta: EdgeMeta, cursors: readonly string[]): EdgeState {
  const letters = loadLetters(kv);
  const state: EdgeState = { meta, streams: new Map(), acked: new Map(), clouds: new Map(), letters };
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
