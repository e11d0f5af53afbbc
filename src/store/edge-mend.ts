/**
 * Headers of sealed segments that are damaged, made good from what stands around them: the end of the one before, the
 * beginning and the chain of the one behind, and the values themselves, each of which has a check of its own.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader, KvWriter } from '../contract/kv.ts';
import { chainHash, noHash } from '../domain/segment.ts';
import { counted } from '../domain/text.ts';
import { sumDiscarded, withDiscarded } from './discarded-totals.ts';
import type { Changes } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import {
  batchOverheadBytes,
  type EdgeState,
  type HeadRecord,
  headOverheadBytes,
  keepFormat,
  keys,
  needHeadsBetween,
  type StreamRecord,
  toHeader,
} from './edge-records.ts';
import {
  chargeGivenUp,
  floorSeam,
  readingsIn,
  type Seam,
  sealedSeam,
  seamAfter,
  seamBefore,
} from './edge-seams.ts';
import { examine, holesOf, removeBatches, runsOf } from './edge-sums.ts';
import { decodeHead, encodeHead } from './head-record.ts';
import { skipId } from './letter-changes.ts';
import { encodeRecord, sameHex, toHex } from './text.ts';

export interface Mended {
  readonly stream: string;
  readonly sequence: number;
  readonly salvaged: number;
  readonly lost: number;
}

/** Headers side by side that are damaged, with what stands around them. */
interface Damaged {
  readonly stream: string;
  readonly sequence: number;
  /** Of the last of them. */
  readonly last: number;
  readonly before: Seam;
  readonly after: Seam;
  readonly sealedAtMs: number;
}

type HeadFound = { readonly sequence: number; readonly head: HeadRecord | null };

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
  return [...state.streams].flatMap(([stream, record]) =>
    damagedOf(state, reader, stream, record, countMax).map((one) => ({
      ...one,
      stream,
      sealedAtMs: one.sealedAtMs ?? Math.floor(nowMs),
    })),
  );
}

function damagedOf(
  state: EdgeState,
  reader: KvReader,
  stream: string,
  record: StreamRecord,
  countMax: number,
) {
  const range = { from: keys.head(stream, 0), to: keys.head(stream, record.sealed + 1), limit: countMax };
  const heads = Array.from(reader.range(range), ({ key, value }) => ({
    sequence: Number(key[2]),
    head: tryHead(value),
  }));
  const damaged: (Omit<Damaged, 'stream' | 'sealedAtMs'> & { sealedAtMs: number | undefined })[] = [];
  let before = floorSeam(record);
  let next = record.floor.sequence + 1;
  /** Those that stand side by side, up to now. */
  let group: HeadFound[] = [];
  const end = (after: Seam, last: number): boolean => {
    for (const part of partsOf(group, last, after)) {
      // Where what stands around it contradicts itself, nothing tells what belongs to which.
      if (part.after.seq < before.seq || part.after.charged < before.charged) return false;
      const { sequence, last: end, after: behind, sealedAtMs } = part;
      damaged.push({ sequence, last: end, before, after: behind, sealedAtMs });
      before = behind;
    }
    group = [];
    return true;
  };
  for (const { sequence, head } of heads) {
    if (sequence > next) group.push({ sequence: next, head: null });
    const known = group.length === 0 ? before : null;
    if (!head || !fits(state, stream, sequence, head, known)) {
      group.push({ sequence, head });
      next = sequence + 1;
      continue;
    }
    if (group.length > 0 && !end(seamBefore(reader, stream, head), sequence - 1)) return damaged;
    before = seamAfter(head);
    next = sequence + 1 + (head.discarded?.run?.merged ?? 0);
  }
  if (heads.length < countMax && next <= record.sealed) group.push({ sequence: next, head: null });
  if (heads.length < countMax && group.length > 0) end(sealedSeam(reader, stream, record), record.sealed);
  return damaged;
}

/** Each by itself where two that follow each other agree about what lies between them; the others as one. */
function* partsOf(group: readonly HeadFound[], last: number, after: Seam) {
  let first = group[0]!;
  for (const [i, one] of group.entries()) {
    const behind = group[i + 1];
    const seam = behind ? seamBetween(one, behind) : after;
    if (!seam) continue;
    const { sequence } = first;
    yield {
      sequence,
      last: behind ? behind.sequence - 1 : last,
      after: seam,
      sealedAtMs: first.head?.sealedAtMs,
    };
    if (behind) first = behind;
  }
}

function seamBetween(a: HeadFound, b: HeadFound): Seam | null {
  if (!a.head || !b.head || a.head.discarded || b.head.discarded || a.sequence + 1 !== b.sequence)
    return null;
  const seam = seamAfter(a.head);
  const { type, fromSeq, count, bytes, previousHash, totalReadings, totalBytes } = b.head;
  const agree =
    fromSeq === seam.seq &&
    sameHex(previousHash, seam.hash) &&
    totalBytes === seam.bytes + bytes &&
    totalReadings === seam.readings + (type === 'readings' ? count : 0);
  return agree ? seam : null;
}

/** Looks and makes good in one transaction, for what is damaged may be acknowledged meanwhile. */
export function mendAll(changes: Changes, writer: KvWriter, nowMs: number): readonly Mended[] {
  return mendHeads(changes, writer, damagedHeads(changes.state, writer, nowMs, Number.MAX_SAFE_INTEGER));
}

export function mendHeads(
  changes: Changes,
  writer: KvWriter,
  damaged: readonly Damaged[],
): readonly Mended[] {
  const { state } = changes;
  const mended = damaged.map((each) => mend(changes, writer, each));
  for (const name of new Set(damaged.map(({ stream }) => stream))) {
    const record = state.streams.get(name)!;
    // Some of them may have been given up before, and count once.
    const heads = needHeadsBetween(writer, name, record.floor.sequence + 1, record.sealed);
    const totals = sumDiscarded(heads.map(([, head]) => head));
    const changed = withDiscarded(record, totals);
    state.streams.set(name, changed);
    writer.put(keys.stream(name), encodeRecord(changed));
    countLost(
      state,
      writer,
      name,
      'corrupt',
      Math.max(0, totals.readings - (record.discarded?.readings ?? 0)),
    );
    skipId(state, writer);
  }
  if (damaged.length > 0) keepFormat(state, writer);
  return mended;
}

function tryHead(value: Uint8Array): HeadRecord | null {
  try {
    return decodeHead(value);
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

/** Whether a header is as it was written, given what is known of where the one before ends. */
function fits(
  state: EdgeState,
  name: string,
  sequence: number,
  head: HeadRecord,
  before: Seam | null,
): boolean {
  const { discarded } = head;
  // What stands for others, or was made good before, has a hash that nothing here explains.
  const explains = discarded?.run || discarded?.kept ? true : isChained(state, name, sequence, head);
  if (!discarded && !explains) return false;
  if (!before) return explains;
  const own = head.totalCharged - before.charged - headOverheadBytes;
  const charged = discarded
    ? own === chargeGivenUp(discarded)
    : own - (head.gap === undefined ? 0 : head.bytes) >= 0 &&
      own - (head.gap === undefined ? 0 : head.bytes) <=
        (head.type === 'readings' ? head.bytes + head.count * batchOverheadBytes : 0);
  return (
    charged &&
    head.fromSeq === before.seq &&
    sameHex(head.previousHash, before.hash) &&
    head.totalBytes === before.bytes + head.bytes &&
    head.totalReadings === before.readings + readingsIn(head)
  );
}

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
  { bodies }: Changes,
  writer: KvWriter,
  { stream: name, sequence, last, before, after, sealedAtMs }: Damaged,
): Mended {
  const count = after.seq - before.seq;
  const found = count > 0 ? examine(writer, name, before.seq, after.seq) : [];
  const kept = runsOf(found);
  const salvaged = kept.reduce((sum, run) => sum + run.count, 0);
  const own = after.charged - before.charged - headOverheadBytes;
  const readings = after.readings - before.readings;
  const run = { merged: last - sequence, readings: readings - salvaged, absorbed: [] };
  const head: HeadRecord = {
    type: readings > 0 ? 'readings' : 'gap',
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
      charged: kept.reduce((left, one) => left - one.charged, own),
      kept,
      ...(last > sequence ? { run } : {}),
    },
  };
  for (const hole of holesOf(kept, before.seq, after.seq))
    removeBatches(writer, name, hole.fromSeq, hole.toSeq);
  writer.removeRange(keys.head(name, sequence), keys.head(name, last + 1));
  writer.put(keys.head(name, sequence), encodeHead(head));
  for (let at = sequence; at <= last; at++) bodies.take(name, at);
  return { stream: name, sequence, salvaged, lost: count - salvaged };
}
