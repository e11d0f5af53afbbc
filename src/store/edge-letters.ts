/** The dead letters of an edge's store: made of what the cloud refuses or the disk damages, requeued or discarded by people. */
import { createHash } from 'node:crypto';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Kv, KvWriter } from '../contract/kv.ts';
import type {
  DeadLetters,
  LetterPolicy,
  QuarantineOutcome,
  RefusalOutcome,
  Requeued,
} from '../contract/letters.ts';
import type { Batch } from '../contract/port.ts';
import { bodyHash, type SegmentHeader } from '../domain/segment.ts';
import { counted, printable } from '../domain/text.ts';
import { append, type Changes, chargeOf, seal } from './edge-changes.ts';
import { giveUp } from './edge-discard.ts';
import { describeMended, mendAll } from './edge-mend.ts';
import * as read from './edge-reads.ts';
import { chargedUpTo } from './edge-rechain.ts';
import { type EdgeState, type HeadRecord, keepFormat, keys, readHead } from './edge-records.ts';
import { examine, type Found, runsOf } from './edge-sums.ts';
import { addLetter, sizeOf, skipId, takeAway } from './letter-changes.ts';
import {
  infoOf,
  type LetterRecord,
  letterKeys,
  letterParts,
  needLetter,
  type RefusalRecord,
  readLetters,
} from './letter-records.ts';
import { decodeRecord, encodeRecord, sameHex, toHex } from './text.ts';
import { withoutNumbers } from './unnumbered.ts';

/** What the letters need of the store around them. */
export interface LettersEnv {
  readonly kv: Kv;
  readonly clock: Clock;
  /** As of the last commit. */
  committed(): EdgeState;
  run<T>(work: (changes: Changes, writer: KvWriter) => T): Promise<T>;
  /** Sets bytes aside for `work`, or rejects with `store-full`. */
  withRoom<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  sealed(headers: readonly SegmentHeader[]): void;
}

/** Longest text that is kept, in UTF-16 code units. */
const textLengthMax = 400;
/** Requeued readings become segments of about this many bytes, whatever they were part of before. */
const requeuedBytes = 2 ** 20;

export function createLetters(env: LettersEnv): DeadLetters {
  const { kv, clock } = env;
  return {
    ...readLetters(kv),
    totals() {
      const { letters, readings, bytes } = env.committed().letters;
      return { letters, readings, bytes };
    },
    refused(header, text, policy) {
      const now = clock.now();
      return env.run((changes, writer) => refused(changes, writer, header, text, policy, now));
    },
    async quarantine(header, bytesMax) {
      if (isSound(kv, header)) return null;
      const { stream, fromSeq, count, type } = header;
      // What is sealed does not change, so all of this is true in the commit as well.
      const found = type === 'gap' ? [] : examine(kv, stream, fromSeq, fromSeq + count);
      const now = clock.now();
      return env.run((changes, writer) => quarantine(changes, writer, header, found, bytesMax, now));
    },
    async mend() {
      const now = clock.now();
      const mended = await env.run((changes, writer) => mendAll(changes, writer, now));
      return mended.length === 0 ? null : describeMended(mended);
    },
    async requeue(ids) {
      const letters = unique(ids).map((id) => needLetter(kv, id));
      const batches = letters.flatMap((letter) => batchesOf(letter, letterParts(kv, letter.id)));
      const given = letters.reduce((sum, { charged }) => sum + charged, 0);
      const now = clock.now();
      const headers = await env.withRoom(Math.max(0, chargeOf(batches) - given), () =>
        env.run((changes, writer) => requeue(changes, writer, letters, batches, now)),
      );
      env.sealed(headers);
      return sumOf(letters);
    },
    discard: (ids) =>
      env.run((changes, writer) => {
        const letters = unique(ids).map((id) => needLetter(writer, id));
        takeAway(changes.state, writer, letters);
        keepFormat(changes.state, writer);
        return sumOf(letters);
      }),
  };
}

const unique = (ids: readonly number[]) => [...new Set(ids)].sort((a, b) => a - b);

const sumOf = (letters: readonly LetterRecord[]): Requeued => ({
  letters: letters.length,
  readings: letters.reduce((sum, { count }) => sum + count, 0),
});

function isSound(kv: Kv, header: SegmentHeader): boolean {
  try {
    read.body(kv, header);
    return true;
  } catch (error) {
    if (error instanceof FogrunError && error.code === 'segment-corrupt') return false;
    if (error instanceof FogrunError && error.code === 'segment-discarded') return true;
    throw error;
  }
}

/** The head of a segment that is still there as it was, and whose fate one cloud decides. */
function headToGiveUp(
  { state, cursors }: Changes,
  writer: KvWriter,
  header: SegmentHeader,
): HeadRecord | null {
  const { stream, sequence, hash, epoch } = header;
  const head = readHead(writer, stream, sequence);
  const isThere = head && !head.discarded && epoch === state.meta.epoch && sameHex(head.hash, toHex(hash));
  // What its charge is told from must be readable before anything changes.
  if (isThere) chargedUpTo(writer, stream, state.streams.get(stream)!, sequence - 1);
  return isThere && cursors.length <= 1 ? head : null;
}

function refused(
  changes: Changes,
  writer: KvWriter,
  header: SegmentHeader,
  text: string,
  { refusalsMax, bytesMax }: LetterPolicy,
  now: number,
): RefusalOutcome {
  const head = headToGiveUp(changes, writer, header);
  // A gap is what would take its place.
  if (!head || head.type === 'gap') return { refusals: 0, letter: null, isFull: false };
  const { state } = changes;
  const { stream, sequence, fromSeq, count } = header;
  const before = refusalOf(writer, stream);
  const isSame = before?.fromSeq === fromSeq && before.bodyHash === head.bodyHash;
  const refusals = (isSame ? before.count : 0) + 1;
  const sinceMs = isSame ? before.sinceMs : now;
  const isFull = refusals >= refusalsMax && state.letters.bytes + head.bytes > bytesMax;
  if (refusals < refusalsMax || isFull) {
    const record: RefusalRecord = { fromSeq, bodyHash: head.bodyHash, count: refusals, sinceMs };
    writer.put(letterKeys.refusal(stream), encodeRecord(record));
    return { refusals, letter: null, isFull };
  }
  const range = { from: keys.batch(stream, fromSeq), to: keys.batch(stream, fromSeq + count) };
  const values = Array.from(writer.range(range), ({ key, value }) => ({ fromSeq: Number(key[2]), value }));
  const why = printable(text, textLengthMax);
  const letter = addLetter(
    state,
    writer,
    {
      ...{ reason: 'refused', text: why, stream, epoch: state.meta.epoch, sequence, fromSeq },
      ...{ toSeq: fromSeq + count - 1, count, refusals, sinceMs, atMs: now, bodyHash: head.bodyHash },
    },
    values,
  );
  giveUp(changes, writer, stream, [[sequence, head]], {
    gap: 'refused',
    text: `The cloud refused these ${refusals} times; the edge keeps them as its dead letter ${letter.id}: ${why}`,
    letter: letter.id,
  });
  writer.remove(letterKeys.refusal(stream));
  return { refusals, letter: infoOf(letter), isFull: false };
}

function refusalOf(writer: KvWriter, stream: string): RefusalRecord | undefined {
  const bytes = writer.get(letterKeys.refusal(stream));
  return bytes && decodeRecord<RefusalRecord>(bytes);
}

function quarantine(
  changes: Changes,
  writer: KvWriter,
  header: SegmentHeader,
  found: readonly Found[],
  bytesMax: number,
  now: number,
): QuarantineOutcome | null {
  const head = headToGiveUp(changes, writer, header);
  if (!head) return null;
  const { state } = changes;
  const { stream, sequence, count } = header;
  const kept = runsOf(found);
  const salvaged = kept.reduce((sum, run) => sum + run.count, 0);
  if (head.type === 'gap' || salvaged === count) {
    // Only what stood in its header is damaged; the header is made anew at the next greeting.
    skipId(state, writer);
    const text = 'What this gap said was damaged on the disk of the edge.';
    giveUp(changes, writer, stream, [[sequence, head]], { gap: 'corrupt', text, kept });
    return { salvaged, lost: 0, letter: null };
  }
  const damaged = found.filter((each) => each.is !== 'sound');
  const there = damaged.flatMap(({ fromSeq, value }) => (value ? [{ fromSeq, value }] : []));
  // Without its bytes it still tells what was lost.
  const values = state.letters.bytes + sizeOf(there) > bytesMax ? [] : there;
  const last = damaged.at(-1)!;
  const lost = count - salvaged;
  const text = `${counted(lost, 'reading')} of segment ${sequence} came back from the disk of the edge otherwise than they were written`;
  const letter = addLetter(
    state,
    writer,
    {
      ...{ reason: 'corrupt', text, stream, epoch: state.meta.epoch, sequence, fromSeq: damaged[0]!.fromSeq },
      ...{ toSeq: last.fromSeq + last.count - 1, count: lost, refusals: 0, sinceMs: now, atMs: now },
      bodyHash: toHex(bodyHash(Buffer.concat(values.map(({ value }) => value)))),
    },
    values,
  );
  giveUp(changes, writer, stream, [[sequence, head]], {
    gap: 'corrupt',
    text: `These came back damaged from the disk of the edge, which keeps what is left as its dead letter ${letter.id}.`,
    letter: letter.id,
    kept,
  });
  return { salvaged, lost, letter: infoOf(letter) };
}

/** The readings of a letter without their numbers. Throws `letter-held` when they cannot go out once more. */
function batchesOf(letter: LetterRecord, values: readonly Uint8Array[]): readonly Batch[] {
  const held = (why: string, advice: string) =>
    new FogrunError('letter-held', `dead letter ${letter.id} cannot be requeued: ${why}`, { advice });
  if (letter.reason === 'corrupt') {
    throw held('what it holds is damaged', '`fogrun dead-letters export` saves the bytes as they are.');
  }
  if (!letter.settled) {
    throw held(
      'until the edge meets the cloud again, the cloud may turn out to have it',
      'Let the pipeline run until it has greeted the cloud, then requeue.',
    );
  }
  const hash = createHash('sha256');
  for (const value of values) hash.update(value);
  const isWhole = sameHex(toHex(hash.digest()), letter.bodyHash);
  const batches = values.map((value) => ({ stream: letter.stream, ...withoutNumbers(value) }));
  if (isWhole && batches.reduce((sum, each) => sum + each.count, 0) === letter.count) return batches;
  throw held('it was damaged on the disk', '`fogrun dead-letters export` saves the bytes as they are.');
}

function requeue(
  changes: Changes,
  writer: KvWriter,
  letters: readonly LetterRecord[],
  batches: readonly Batch[],
  now: number,
): readonly SegmentHeader[] {
  // Somebody else may have been first.
  for (const { id } of letters) needLetter(writer, id);
  const headers: SegmentHeader[] = [];
  const sealOpen = (stream: string) => {
    const header = seal(changes, writer, stream, now);
    if (header) headers.push(header);
  };
  // Segments of their own, so that they are as they were, and go out without waiting for others.
  const streams = new Set(batches.map(({ stream }) => stream));
  for (const stream of streams) sealOpen(stream);
  for (const batch of batches) headers.push(...append(changes, writer, [batch], now, requeuedBytes));
  for (const stream of streams) sealOpen(stream);
  takeAway(changes.state, writer, letters);
  keepFormat(changes.state, writer);
  return headers;
}
