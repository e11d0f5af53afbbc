/** What is known where one sealed segment ends and the next begins, as either of them tells. */
import type { KvReader } from '../contract/kv.ts';
import {
  batchOverheadBytes,
  type GivenUp,
  type HeadRecord,
  headOverheadBytes,
  type StreamRecord,
} from './edge-records.ts';
import { examine, type Found } from './edge-sums.ts';

/** What is known where one segment ends and the next begins. */
export interface Seam {
  /** `seq` of the first reading behind it. */
  readonly seq: number;
  readonly hash: string;
  readonly readings: number;
  readonly bytes: number;
  readonly charged: number;
}

export const chargeGivenUp = ({ charged, kept = [] }: GivenUp) =>
  kept.reduce((sum, run) => sum + run.charged, charged);

/** By which it made the total grow. */
export function readingsIn({ type, count, discarded }: HeadRecord): number {
  if (type === 'gap') return 0;
  const { run, kept = [] } = discarded ?? {};
  return run ? kept.reduce((sum, one) => sum + one.count, run.readings) : count;
}

export function floorSeam({ floor, released }: StreamRecord): Seam {
  const { seq, hash, totalReadings: readings, totalBytes: bytes } = floor;
  return { seq: seq + 1, hash, readings, bytes, charged: released };
}

export function seamAfter(head: HeadRecord): Seam {
  const { fromSeq, count, hash, totalReadings: readings, totalBytes: bytes, totalCharged: charged } = head;
  return { seq: fromSeq + count, hash, readings, bytes, charged };
}

export function seamBefore(reader: KvReader, name: string, head: HeadRecord): Seam {
  const { type, fromSeq, count, bytes, previousHash, discarded } = head;
  const own = discarded
    ? chargeGivenUp(discarded)
    : type === 'readings'
      ? chargeOf(examine(reader, name, fromSeq, fromSeq + count))
      : 0;
  return {
    seq: fromSeq,
    hash: previousHash,
    readings: head.totalReadings - readingsIn(head),
    bytes: head.totalBytes - bytes,
    charged: head.totalCharged - headOverheadBytes - (discarded || head.gap === undefined ? 0 : bytes) - own,
  };
}

/** Behind the last one that is sealed. */
export function sealedSeam(reader: KvReader, name: string, record: StreamRecord): Seam {
  const { openFrom, nextSeq, sealedHash, readings, bytes, charged } = record;
  const open = openFrom < nextSeq ? chargeOf(examine(reader, name, openFrom, nextSeq)) : 0;
  return { seq: openFrom, hash: sealedHash, readings, bytes, charged: charged - open };
}

const chargeOf = (found: readonly Found[]) =>
  found.reduce((sum, { value }) => sum + (value ? value.length + batchOverheadBytes : 0), 0);
