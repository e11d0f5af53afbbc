/**
 * Headers of sealed segments that are damaged, made good from what stands around them: the end of the one before, the
 * beginning and the chain of the one behind, and the values themselves, each of which has a check of its own.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader, KvWriter } from '../contract/kv.ts';
import { chainHash, noHash } from '../domain/segment.ts';
import { counted } from '../domain/text.ts';
import { moreDiscarded, sumDiscarded, withDiscarded } from './discarded-totals.ts';
import type { Changes } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import {
  batchOverheadBytes,
  type EdgeState,
  type HeadRecord,
  headOverheadBytes,
  keepFormat,
  keys,
  type StreamRecord,
  toHeader,
} from './edge-records.ts';
import { examine, type Found, holesOf, removeBatches, runsOf } from './edge-sums.ts';
import { skipId } from './letter-changes.ts';
import { decodeRecord, encodeRecord, sameHex, toHex } from './text.ts';

/** What is known where one segment ends and the next begins. */
interface Seam {
  /** `seq` of the first reading behind it. */
  readonly seq: number;
  readonly hash: string;
  readonly readings: number;
  readonly bytes: number;
  readonly charged: number;
}

export interface Mended {
  readonly stream: string;
  readonly sequence: number;
  readonly salvaged: number;
  readonly lost: number;
}

/** A header that is damaged, with what stands around it. */
interface Damaged {
  readonly stream: string;
  readonly sequence: number;
  readonly before: Seam;
  readonly after: Seam;
  readonly sealedAtMs: number;
}

/**
 * Headers that are damaged and can be made good.
 * @param countMax so many of each stream are looked at, the oldest first
 */
export function damagedHeads(
  state: EdgeState,
  reader: KvReader,
  nowMs: number,
  countMax: number,
): readonly Damaged[] {
  const damaged: Damaged[] = [];
  for (const [stream, record] of state.streams) {
    const range = { from: keys.head(stream, 0), to: keys.head(stream, record.sealed + 1), limit: countMax };
    const heads = Array.from(reader.range(range), ({ key, value }) => ({
      sequence: Number(key[2]),
      head: tryHead(value),
    }));
    let before: Seam | null = floorSeam(record);
    for (const [i, { sequence, head }] of heads.entries()) {
      // What is given up keeps its own hash, and nothing more is said of what stands behind it.
      if (head?.discarded) before = null;
      else if (head && fits(state, stream, sequence, head, before)) before = seamAfter(head);
      else {
        const after = seamBehind(state, reader, stream, sequence, heads[i + 1]);
        // Where what stands around it is unknown, nothing tells what belongs to which.
        if (!before || !after || after.seq < before.seq) break;
        const sealedAtMs = Number.isSafeInteger(head?.sealedAtMs) ? head!.sealedAtMs : Math.floor(nowMs);
        damaged.push({ stream, sequence, before, after, sealedAtMs });
        before = after;
      }
    }
  }
  return damaged;
}

function seamBehind(
  state: EdgeState,
  reader: KvReader,
  stream: string,
  sequence: number,
  next: { readonly sequence: number; readonly head: HeadRecord | null } | undefined,
): Seam | null {
  const record = state.streams.get(stream)!;
  if (sequence === record.sealed) return sealedSeam(reader, stream, record);
  const head = next?.sequence === sequence + 1 ? next.head : null;
  return head && isChained(state, stream, sequence + 1, head) ? seamBefore(reader, stream, head) : null;
}

export function mendHeads(
  changes: Changes,
  writer: KvWriter,
  damaged: readonly Damaged[],
): readonly Mended[] {
  return damaged.map((each) => mend(changes, writer, each));
}

function tryHead(value: Uint8Array): HeadRecord | null {
  try {
    return decodeRecord<HeadRecord>(value);
  } catch (error) {
    if (error instanceof FogrunError) return null;
    throw error;
  }
}

/** Its own hash is that of what it says. */
function isChained(state: EdgeState, name: string, sequence: number, head: HeadRecord): boolean {
  try {
    return sameHex(toHex(chainHash(toHeader(state.meta, name, sequence, head))), head.hash);
  } catch {
    return false;
  }
}

function fits(
  state: EdgeState,
  name: string,
  sequence: number,
  head: HeadRecord,
  before: Seam | null,
): boolean {
  if (!before) return isChained(state, name, sequence, head);
  const { type, fromSeq, count, bytes } = head;
  const own = head.totalCharged - before.charged - headOverheadBytes - bytes;
  return (
    isChained(state, name, sequence, head) &&
    fromSeq === before.seq &&
    sameHex(head.previousHash, before.hash) &&
    head.totalBytes === before.bytes + bytes &&
    head.totalReadings === before.readings + (type === 'readings' ? count : 0) &&
    own >= 0 &&
    own <= (type === 'readings' ? count * batchOverheadBytes : 0)
  );
}

function floorSeam({ floor, released }: StreamRecord): Seam {
  const { seq, hash, totalReadings: readings, totalBytes: bytes } = floor;
  return { seq: seq + 1, hash, readings, bytes, charged: released };
}

function seamAfter(head: HeadRecord): Seam {
  const { fromSeq, count, hash, totalReadings: readings, totalBytes: bytes, totalCharged: charged } = head;
  return { seq: fromSeq + count, hash, readings, bytes, charged };
}

function seamBefore(reader: KvReader, name: string, head: HeadRecord): Seam {
  const { type, fromSeq, count, bytes, previousHash, discarded } = head;
  const kept = discarded?.kept ?? [];
  const own = discarded
    ? kept.reduce((sum, run) => sum + run.charged, discarded.charged)
    : type === 'readings'
      ? chargeOf(examine(reader, name, fromSeq, fromSeq + count))
      : 0;
  return {
    seq: fromSeq,
    hash: previousHash,
    readings: head.totalReadings - (type === 'readings' ? count : 0),
    bytes: head.totalBytes - bytes,
    charged: head.totalCharged - headOverheadBytes - (head.gap === undefined ? 0 : bytes) - own,
  };
}

/** Behind the last one that is sealed. */
function sealedSeam(reader: KvReader, name: string, record: StreamRecord): Seam {
  const { openFrom, nextSeq, sealedHash, readings, bytes, charged } = record;
  const open = openFrom < nextSeq ? chargeOf(examine(reader, name, openFrom, nextSeq)) : 0;
  return { seq: openFrom, hash: sealedHash, readings, bytes, charged: charged - open };
}

const chargeOf = (found: readonly Found[]) =>
  found.reduce((sum, { value }) => sum + (value ? value.length + batchOverheadBytes : 0), 0);

/** In a sentence for people. */
export function describeMended(mended: readonly Mended[]): string {
  return mended
    .map(({ stream, sequence, salvaged, lost }) => {
      const what = `the header of segment ${sequence} of ${stream} was damaged on the disk`;
      return `${what}: ${counted(salvaged, 'reading')} of it go on, ${lost} are lost`;
    })
    .join('; ');
}

/** A header that says what can be known: sound values go on, a gap stands for the rest. */
function mend(
  { state, bodies }: Changes,
  writer: KvWriter,
  { stream: name, sequence, before, after, sealedAtMs }: Damaged,
): Mended {
  const count = after.seq - before.seq;
  const found = count > 0 ? examine(writer, name, before.seq, after.seq) : [];
  const kept = runsOf(found);
  const salvaged = kept.reduce((sum, run) => sum + run.count, 0);
  const own = after.charged - before.charged - headOverheadBytes;
  const head: HeadRecord = {
    type: found.some(({ value }) => value) ? 'readings' : 'gap',
    fromSeq: before.seq,
    count,
    bytes: Math.max(0, after.bytes - before.bytes),
    sealedAtMs,
    bodyHash: toHex(noHash),
    previousHash: before.hash,
    hash: after.hash,
    totalReadings: after.readings,
    totalBytes: after.bytes,
    totalCharged: after.charged,
    discarded: {
      gap: 'corrupt',
      text: 'What told of these was damaged on the disk of the edge.',
      charged: kept.reduce((left, run) => left - run.charged, own),
      kept,
    },
  };
  for (const hole of holesOf(kept, before.seq, after.seq))
    removeBatches(writer, name, hole.fromSeq, hole.toSeq);
  writer.put(keys.head(name, sequence), encodeRecord(head));
  bodies.take(name, sequence);
  const record = state.streams.get(name)!;
  const changed = withDiscarded(record, moreDiscarded(record.discarded, [head]));
  state.streams.set(name, changed);
  writer.put(keys.stream(name), encodeRecord(changed));
  countLost(state, writer, 'corrupt', sumDiscarded([head]).readings);
  skipId(state, writer);
  keepFormat(state, writer);
  return { stream: name, sequence, salvaged, lost: count - salvaged };
}
