/** Where one reading is in a cloud: in which file, at which line and byte, or which gap stands for it. */
import type { KvReader } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import type { Gap } from '../domain/gap.ts';
import { receiptOfSeq } from './cloud-find.ts';
import { epochsIn } from './cloud-names.ts';
import { decodeMark, keys } from './cloud-records.ts';
import { toHex } from './text.ts';
import type { VerifyFiles } from './verify-files.ts';
import { isWhole } from './verify-judge.ts';

/**
 * - `stored`: it is here
 * - `gap`: a gap stands for it
 * - `damaged`: what should hold it is gone or does not match its hash; `fogrun verify` says more
 */
export type CloudWhereState = 'stored' | 'gap' | 'damaged';

/** One epoch's word on it. */
export interface CloudPlace {
  readonly epoch: string;
  readonly state: CloudWhereState;
  readonly segment: {
    readonly sequence: number;
    readonly fromSeq: number;
    readonly toSeq: number;
    readonly bytes: number;
    readonly sealedAtMs: number;
    readonly hash: string;
  };
  /** Wall clock of the cloud at the commit, ms since 1970. */
  readonly storedAtMs: number;
  /** Below the state's directory; while it is not filed, the name it will have. */
  readonly file: string;
  readonly isFiled: boolean;
  /** From 1, and bytes from 0 with the newline; `null` unless it is stored. */
  readonly line: number | null;
  readonly offset: number | null;
  readonly bytes: number | null;
  /** The reading as it was received. */
  readonly text: string | null;
  readonly gap: Pick<Gap, 'gap' | 'count' | 'text' | 'fromTime' | 'toTime'> | null;
}

export interface CloudWhere {
  readonly edge: string;
  readonly stream: string;
  readonly seq: number;
  /** By epoch, oldest first: only those that say something. */
  readonly places: readonly CloudPlace[];
  /** Last number of the newest epoch that has come; 0 for none. */
  readonly lastSeq: number;
}

export async function whereInCloud(
  kv: KvReader,
  files: VerifyFiles,
  { edge, stream, seq }: { edge: string; stream: string; seq: number },
): Promise<CloudWhere> {
  const places: CloudPlace[] = [];
  let lastSeq = 0;
  for (const epoch of epochsIn(kv, edge)) {
    const mark = kv.get(keys.mark(edge, epoch, stream));
    if (mark) lastSeq = decodeMark(mark).seq;
    const receipt = receiptOfSeq({ kv, edge, epoch, stream }, seq);
    if (receipt) places.push(await placeOf(kv, files, receipt, seq));
  }
  return { edge, stream, seq, places, lastSeq };
}

async function placeOf(kv: KvReader, files: VerifyFiles, receipt: Receipt, seq: number): Promise<CloudPlace> {
  const { header, file, storedAtMs } = receipt;
  const { epoch, sequence, fromSeq, count, bytes, sealedAtMs } = header;
  const toSeq = fromSeq + count - 1;
  const waiting = kv.get(keys.body(header));
  const found = waiting ? { bytes: waiting } : await files.read(file, bytes);
  const place = {
    epoch,
    segment: { sequence, fromSeq, toSeq, bytes, sealedAtMs, hash: toHex(header.hash) },
    storedAtMs,
    file,
    isFiled: waiting === undefined,
    line: null,
    offset: null,
    bytes: null,
    text: null,
    gap: null,
  };
  if (!found || !('bytes' in found) || !isWhole(header, found.bytes)) return { ...place, state: 'damaged' };
  const body = Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
  if (header.type === 'gap') return { ...place, state: 'gap', gap: JSON.parse(body.toString('utf8')) as Gap };
  let offset = 0;
  for (let line = fromSeq; line < seq; line++) offset = body.indexOf(0x0a, offset) + 1;
  const end = body.indexOf(0x0a, offset);
  const text = body.toString('utf8', offset, end);
  return { ...place, state: 'stored', line: seq - fromSeq + 1, offset, bytes: end + 1 - offset, text };
}
