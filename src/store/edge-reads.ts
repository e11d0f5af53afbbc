/** What an edge store tells of its sealed segments. */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader } from '../contract/kv.ts';
import type { Backlog, OpenSegment, SegmentInfo } from '../contract/store.ts';
import { bodyHash, type SegmentHeader, sameHash } from '../domain/segment.ts';
import { acked, stream as streamOf } from './edge-changes.ts';
import { type EdgeState, headsBetween, keys, readHead, toHeader } from './edge-records.ts';

export function backlog(kv: KvReader, state: EdgeState, cursor: string, without?: string): Backlog {
  let [segments, readings, bytes] = [0, 0, 0];
  let oldestMs: number | null = null;
  for (const [name, record] of state.streams) {
    const { sequence, totalReadings, totalBytes } = acked(state, cursor, name);
    if (sequence >= record.sealed || name === without) continue;
    const { discarded } = record;
    segments += record.sealed - sequence - (discarded?.merged ?? 0);
    readings += Math.max(0, record.readings - totalReadings - (discarded?.readings ?? 0));
    bytes += Math.max(0, record.bytes - totalBytes - (discarded?.bytes ?? 0));
    const oldest = oldestOf(kv, name, sequence + 1);
    if (oldest !== undefined) oldestMs = Math.min(oldestMs ?? oldest, oldest);
  }
  return { segments, readings, bytes, oldestMs };
}

/** Whoever only counts need not hear that it is damaged. */
function oldestOf(kv: KvReader, name: string, sequence: number): number | undefined {
  try {
    return readHead(kv, name, sequence)?.sealedAtMs;
  } catch (error) {
    if (error instanceof FogrunError && error.code === 'store-corrupt') return undefined;
    throw error;
  }
}

export function openSegment(state: EdgeState, stream: string): OpenSegment {
  const { sealed, openFrom, nextSeq, openBytes, openSinceMs } = streamOf(state, stream);
  return {
    sequence: sealed + 1,
    fromSeq: openFrom,
    count: nextSeq - openFrom,
    bytes: openBytes,
    sinceMs: openSinceMs,
  };
}

export function header(
  kv: KvReader,
  state: EdgeState,
  stream: string,
  sequence: number,
): SegmentHeader | undefined {
  // Asked for again and again by whoever waits for the next: that is known without a read.
  if (sequence > (state.streams.get(stream)?.sealed ?? 0)) return undefined;
  const head = readHead(kv, stream, sequence);
  return head && toHeader(state.meta, stream, sequence, head);
}

export function held(
  kv: KvReader,
  state: EdgeState,
  stream: string,
  from = 1,
  countMax = Number.POSITIVE_INFINITY,
): SegmentInfo[] {
  const { floor, sealed } = streamOf(state, stream);
  const first = Math.max(from, floor.sequence + 1);
  const limit = Number.isFinite(countMax) ? countMax : undefined;
  return headsBetween(kv, stream, first, sealed, limit).map(([sequence, head]) => {
    const { type, fromSeq, count, bytes, sealedAtMs, discarded } = head;
    return { stream, sequence, type, fromSeq, count, bytes, sealedAtMs, discarded: !!discarded };
  });
}

/** Rejects with `segment-discarded` or `segment-corrupt` when what is there is not the body of that header. */
export function body(kv: KvReader, header: SegmentHeader): Uint8Array {
  const { stream, sequence, fromSeq, count } = header;
  const found = header.type === 'gap' ? gapOf(kv, header) : joined(kv, stream, fromSeq, fromSeq + count);
  if (found.length === header.bytes && sameHash(bodyHash(found), header.bodyHash)) return found;
  const what = `segment ${sequence} of stream ${stream} of edge ${header.edge}`;
  const now = readHead(kv, stream, sequence);
  const isGapNow = now?.type === 'gap' && header.type === 'readings' && now.fromSeq === fromSeq;
  if (now?.discarded || isGapNow) {
    throw new FogrunError('segment-discarded', `what ${what} held was discarded`);
  }
  throw new FogrunError(
    'segment-corrupt',
    `${what} does not match its hash (${found.length} of ${header.bytes} bytes)`,
  );
}

function gapOf(kv: KvReader, { stream, sequence }: SegmentHeader): Uint8Array {
  return Buffer.from(readHead(kv, stream, sequence)?.gap ?? '');
}

function joined(kv: KvReader, stream: string, fromSeq: number, toSeq: number): Uint8Array {
  const range = { from: keys.batch(stream, fromSeq), to: keys.batch(stream, toSeq) };
  const parts = Array.from(kv.range(range), ({ value }) => value);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
