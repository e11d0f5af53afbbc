/** Taking an acknowledgement: the cursor moves and what every cursor has passed is deleted, in one transaction. */
import { FogrunError } from '../contract/errors.ts';
import type { KvWriter } from '../contract/kv.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { lessDiscarded, sumDiscarded, withDiscarded } from './discarded-totals.ts';
import { acked, assertCursor, type Changes, stream } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import {
  type AckedRecord,
  ackedName,
  type EdgeState,
  type HeadRecord,
  keepFormat,
  keys,
  needHeadsBetween,
  readHead,
  toHeader,
} from './edge-records.ts';
import { removeBatches } from './edge-sums.ts';
import { lettersArrived } from './letter-changes.ts';
import { encodeRecord, sameHex, toHex } from './text.ts';

export function acknowledge(
  { state, bodies, cursors }: Changes,
  writer: KvWriter,
  cursor: string,
  name: string,
  sequence: number,
  hash: Uint8Array,
): SegmentHeader[] {
  assertCursor(cursors, cursor);
  const record = stream(state, name);
  const before = acked(state, cursor, name);
  const what = `segment ${sequence} of stream ${name}`;
  if (!Number.isSafeInteger(sequence) || sequence < 1 || sequence > record.sealed) {
    throw new FogrunError('edge-forked', `the cloud acknowledged ${what}, but ${record.sealed} were sealed`);
  }
  const found = readHead(writer, name, sequence);
  const head = found?.discarded?.run ? undefined : found;
  const known = head?.hash ?? (sequence === before.sequence ? before.hash : undefined);
  if (known !== undefined && !sameHex(known, toHex(hash))) {
    throw new FogrunError('edge-forked', `the cloud acknowledged ${what} with a hash that is not its own`);
  }
  if (sequence <= before.sequence) return [];
  const heads = needHeadsBetween(writer, name, before.sequence + 1, sequence);
  // It stands among others under one header, made when theirs were damaged: the next greeting tells what the cloud has.
  if (!head) return [];
  const headers = heads.map(([at, one]) => toHeader(state.meta, name, at, one));
  const after = toAcked(sequence, head);
  const passed = Math.min(
    sequence,
    ...cursors.filter((other) => other !== cursor).map((other) => acked(state, other, name).sequence),
  );
  const last = passed > record.floor.sequence ? readHead(writer, name, passed) : undefined;
  const gone =
    last && record.discarded ? needHeadsBetween(writer, name, record.floor.sequence + 1, passed) : [];
  for (const header of headers) bodies.take(name, header.sequence);
  state.acked.set(ackedName(cursor, name), after);
  writer.put(keys.acked(cursor, name), encodeRecord(after));
  if (last) {
    const arrived = gone.map(([, head]) => head);
    writer.removeRange(keys.head(name, 0), keys.head(name, passed + 1));
    removeBatches(writer, name, 0, last.fromSeq + last.count);
    const floor = toAcked(passed, last);
    const left = withDiscarded(record, lessDiscarded(record.discarded, arrived));
    const changed = { ...left, released: last.totalCharged, floor };
    state.streams.set(name, changed);
    writer.put(keys.stream(name), encodeRecord(changed));
    if (record.discarded) {
      turnedOutStored(state, writer, name, arrived);
      lettersArrived(state, writer, arrived);
      keepFormat(state, writer);
    }
  }
  return headers;
}

/** They are not lost after all. */
function turnedOutStored(
  state: EdgeState,
  writer: KvWriter,
  name: string,
  heads: readonly HeadRecord[],
): void {
  for (const head of heads) {
    const reason = head.discarded?.gap ?? 'discarded';
    countLost(state, writer, name, reason, -sumDiscarded([head]).readings);
  }
}

function toAcked(sequence: number, head: HeadRecord): AckedRecord {
  return {
    sequence,
    hash: head.hash,
    seq: head.fromSeq + head.count - 1,
    totalReadings: head.totalReadings,
    totalBytes: head.totalBytes,
  };
}
