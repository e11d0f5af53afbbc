/**
 * What a cloud store keeps, and under which keys:
 * `['meta']`, `['life', edge, epoch]`, `['mark', edge, epoch, stream]`, `['receipt', edge, epoch, stream, sequence]`,
 * `['body', edge, epoch, stream, sequence]` until it is a file, `['todo', consumer, edge, epoch, stream, sequence]`,
 * `['mean', edge, sensor, timeMs, epoch, stream, sequence]`, `['lost', edge]`.
 */
import type { KvKey, KvReader } from '../contract/kv.ts';
import type { Mark, Mean, Receipt } from '../contract/store.ts';
import {
  chainHash,
  type SegmentHeader,
  type SegmentRef,
  type SegmentType,
  sameHash,
} from '../domain/segment.ts';
import { decodeRecord, encodeRecord, fromHex, toHex } from './text.ts';

export const cloudFormat = 1;

const readingsStream = 'readings';

export interface CloudMeta {
  readonly format: number;
  readonly role: 'cloud';
  readonly epoch: string;
}

/** What the cloud knows of one epoch of one edge. */
export interface Life {
  /** Newest fencing token handed out, and the newest a segment came under. */
  readonly issued: number;
  readonly used: number;
  /** Place among the edge's epochs by first receipt, from 1; 0 before it. */
  readonly order: number;
  /** Name of the last file: its second since 1970 and its number within that, 0 for none. */
  readonly second: number;
  readonly number: number;
}

export const freshLife: Life = { issued: 0, used: 0, order: 0, second: 0, number: 0 };

interface MarkRecord {
  readonly sequence: number;
  readonly hash: string;
  readonly seq: number;
}

interface ReceiptRecord {
  readonly type: SegmentType;
  readonly fromSeq: number;
  readonly count: number;
  readonly bytes: number;
  readonly sealedAtMs: number;
  readonly bodyHash: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly storedAtMs: number;
  readonly file: string;
}

export const keys = {
  meta: ['meta'] as KvKey,
  life: (edge: string, epoch: string): KvKey => ['life', edge, epoch],
  mark: (edge: string, epoch: string, stream: string): KvKey => ['mark', edge, epoch, stream],
  receipt: (ref: SegmentRef): KvKey => ['receipt', ref.edge, ref.epoch, ref.stream, ref.sequence],
  lost: (edge: string): KvKey => ['lost', edge],
  body: (ref: SegmentRef): KvKey => ['body', ref.edge, ref.epoch, ref.stream, ref.sequence],
  todo: (consumer: string, ref: SegmentRef): KvKey => [
    'todo',
    consumer,
    ref.edge,
    ref.epoch,
    ref.stream,
    ref.sequence,
  ],
  mean: (sensor: string, timeMs: number, ref: SegmentRef): KvKey => [
    'mean',
    ref.edge,
    sensor,
    timeMs,
    ref.epoch,
    ref.stream,
    ref.sequence,
  ],
};

/** The segment that a `body` or (after the consumer) a `todo` key names. */
export function refOf(key: KvKey, at: number): SegmentRef {
  return {
    edge: String(key[at]),
    epoch: String(key[at + 1]),
    stream: String(key[at + 2]),
    sequence: Number(key[at + 3]),
  };
}

export function encodeMark(mark: Mark): Uint8Array {
  return encodeRecord({ sequence: mark.sequence, hash: toHex(mark.hash), seq: mark.seq });
}

export function decodeMark(bytes: Uint8Array): Mark {
  const record = decodeRecord<MarkRecord>(bytes);
  return { sequence: record.sequence, hash: fromHex(record.hash), seq: record.seq };
}

export function encodeReceipt({ header, storedAtMs, file }: Receipt): Uint8Array {
  const { type, fromSeq, count, bytes, sealedAtMs } = header;
  return encodeRecord({
    type,
    fromSeq,
    count,
    bytes,
    sealedAtMs,
    bodyHash: toHex(header.bodyHash),
    previousHash: toHex(header.previousHash),
    hash: toHex(header.hash),
    storedAtMs,
    file,
  } satisfies ReceiptRecord);
}

export function decodeReceipt(ref: SegmentRef, bytes: Uint8Array): Receipt {
  const { storedAtMs, file, bodyHash, previousHash, hash, ...rest } = decodeRecord<ReceiptRecord>(bytes);
  const header: SegmentHeader = {
    ...ref,
    ...rest,
    bodyHash: fromHex(bodyHash),
    previousHash: fromHex(previousHash),
    hash: fromHex(hash),
  };
  return { header, storedAtMs, file };
}

export function readReceipt(reader: KvReader, ref: SegmentRef): Receipt | undefined {
  const bytes = reader.get(keys.receipt(ref));
  return bytes && decodeReceipt(ref, bytes);
}

/** As `decodeReceipt`; `null` for one that is damaged. */
export function tryReceipt(ref: SegmentRef, bytes: Uint8Array): Receipt | null {
  try {
    const receipt = decodeReceipt(ref, bytes);
    return sameHash(chainHash(receipt.header), receipt.header.hash) && receipt.file ? receipt : null;
  } catch {
    return null;
  }
}

export function readLife(reader: KvReader, edge: string, epoch: string): Life | undefined {
  const bytes = reader.get(keys.life(edge, epoch));
  return bytes && decodeRecord<Life>(bytes);
}

/** The place of an edge's next epoch. */
export function nextOrder(reader: KvReader, edge: string): number {
  let last = 0;
  for (const { value } of reader.range({ from: ['life', edge], to: ['life', `${edge} `] })) {
    last = Math.max(last, decodeRecord<Life>(value).order);
  }
  return last + 1;
}

/** Its time is in its key. */
export function encodeMean({ timeMs: _, ...mean }: Mean): Uint8Array {
  return encodeRecord(mean);
}

/** Below `data` and `gaps`. Readings stand in their epoch's folder, every other stream in a folder of its own in there. */
export function epochFolder({ edge, epoch, stream }: Omit<SegmentRef, 'sequence'>): string {
  const folder = `${edge}/${epoch}`;
  if (stream === readingsStream) return folder;
  // No edge can call a stream so that its folder stands where a file of readings is to be.
  return `${folder}/${stream}${/\.(?:nd)?json$/i.test(stream) ? '.d' : ''}`;
}

/** The next free file name of an epoch: no name is given twice, whatever the clock does. */
export function nextFile(
  life: Life,
  ref: SegmentRef,
  type: SegmentType,
  nowMs: number,
): { life: Life; file: string } {
  const second = Math.max(0, Math.floor(nowMs / 1000), life.second);
  const number = second === life.second ? life.number + 1 : 0;
  const suffix = number === 0 ? '' : `-${number}`;
  const name = `${epochFolder(ref)}/${second}${suffix}`;
  // Gaps stand beside the data: who reads a folder of readings finds readings only.
  const file = type === 'gap' ? `gaps/${name}.json` : `data/${name}.ndjson`;
  return { life: { ...life, second, number }, file };
}

/** Streams that an epoch of an edge has begun. */
export function countStreams(kv: KvReader, edge: string, epoch: string): number {
  return [...kv.range({ from: ['mark', edge, epoch], to: ['mark', edge, `${epoch} `] })].length;
}

/** Without whatever else comes with it. */
export function refOnly({ edge, epoch, stream, sequence }: SegmentRef): SegmentRef {
  return { edge, epoch, stream, sequence };
}
