/** Sealed segments put behind a stream's head once more, under new hashes: after a fork, and where something was discarded. */
import type { KvReader, KvWriter } from '../contract/kv.ts';
import type { Gap } from '../domain/gap.ts';
import { addHead, gapBody, stream } from './edge-changes.ts';
import {
  type EdgeState,
  type GivenUp,
  type HeadRecord,
  headOverheadBytes,
  headUpTo,
  keys,
  type Run,
  type StreamRecord,
} from './edge-records.ts';
import { letterSettled } from './letter-changes.ts';
import { encodeRecord, fromHex } from './text.ts';

/**
 * Chains `heads` anew behind what the state has of the stream, those discarded as gaps; no body is read. Then the open
 * segment is as it was before.
 * @param before the stream's record with all heads in it
 * @param chargedBefore bytes ever charged up to the segment before the first of them
 */
export function rechain(
  state: EdgeState,
  writer: KvWriter,
  name: string,
  {
    before,
    heads,
    chargedBefore,
  }: { before: StreamRecord; heads: readonly HeadRecord[]; chargedBefore: number },
): void {
  let charged = chargedBefore;
  for (const head of heads) {
    const own = ownCharge(head, charged);
    charged = head.totalCharged;
    if (head.discarded) {
      addGivenUp(state, writer, name, head, head.discarded);
      continue;
    }
    charge(state, name, own);
    const body = { hash: fromHex(head.bodyHash), bytes: head.bytes };
    const withGap = head.gap === undefined ? body : { ...body, gap: head.gap };
    addHead(state, writer, name, head.type, head.count, withGap, head.sealedAtMs);
  }
  const at = stream(state, name);
  const reopened: StreamRecord = {
    ...at,
    openBytes: before.openBytes,
    openSinceMs: before.openSinceMs,
    charged: at.charged + before.charged - charged,
  };
  state.streams.set(name, reopened);
  writer.put(keys.stream(name), encodeRecord(reopened));
}

function charge(state: EdgeState, name: string, bytes: number): void {
  const at = stream(state, name);
  state.streams.set(name, { ...at, charged: at.charged + bytes });
}

/** A gap for what was given up, and a segment for each run that was not, in order. */
export function addGivenUp(
  state: EdgeState,
  writer: KvWriter,
  name: string,
  { fromSeq, count, sealedAtMs }: Pick<HeadRecord, 'fromSeq' | 'count' | 'sealedAtMs'>,
  { gap = 'discarded', text, kept = [], letter, run }: Omit<GivenUp, 'charged'>,
): void {
  const addGap = (from: number, to: number) => {
    const missing = to - from;
    const seqs = missing > 0 ? { fromSeq: from, toSeq: to - 1 } : {};
    const body = gapBody({ gap, ...seqs, ...timesOf(run), count: missing, text });
    addHead(state, writer, name, 'gap', missing, body, sealedAtMs);
  };
  for (const absorbed of run?.absorbed ?? []) {
    addHead(state, writer, name, 'gap', 0, gapBody(absorbed), sealedAtMs);
  }
  const end = fromSeq + count;
  let next = fromSeq;
  for (const one of kept) {
    if (one.fromSeq > next) addGap(next, one.fromSeq);
    charge(state, name, one.charged);
    addHead(state, writer, name, 'readings', one.count, { ...one, hash: fromHex(one.hash) }, sealedAtMs);
    next = one.fromSeq + one.count;
  }
  // A gap that covers no numbers keeps its place all the same.
  if (next < end || count === 0) addGap(next, end);
  if (letter !== undefined) letterSettled(writer, letter);
}

function timesOf(run: Run | undefined): Pick<Gap, 'fromTime' | 'toTime'> {
  return {
    ...(run?.fromTime === undefined ? {} : { fromTime: run.fromTime }),
    ...(run?.toTime === undefined ? {} : { toTime: run.toTime }),
  };
}

/** Bytes ever charged up to and with that segment. */
export function chargedUpTo(reader: KvReader, name: string, record: StreamRecord, sequence: number): number {
  return headUpTo(reader, name, record.floor.sequence, sequence)?.totalCharged ?? record.released;
}

/** Bytes charged for the readings of a segment, given what was charged up to the one before. */
export function ownCharge(head: HeadRecord, chargedBefore: number): number {
  return head.totalCharged - chargedBefore - headOverheadBytes - (head.gap === undefined ? 0 : head.bytes);
}
