/**
 * Segments whose contents were given up before the cloud had acknowledged them. The bytes go at once. The header stays,
 * for the cloud may have the segment already: only a greeting tells, because nothing sent before it is stored after it.
 * What the cloud has then is acknowledged like any other; the rest becomes gaps, and what follows is chained anew.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvWriter } from '../contract/kv.ts';
import type { Discarded, SeqRange } from '../contract/store.ts';
import type { GapReason } from '../domain/gap.ts';
import { printable, quoteList } from '../domain/text.ts';
import { lessDiscarded, moreDiscarded, sumDiscarded, withDiscarded } from './discarded-totals.ts';
import type { Changes } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import { chargedUpTo, ownCharge, rechain } from './edge-rechain.ts';
import {
  type GivenUp,
  type HeadRecord,
  headsBetween,
  keepFormat,
  keys,
  needHead,
  needHeadsBetween,
  type StreamRecord,
} from './edge-records.ts';
import { holesOf, removeBatches } from './edge-sums.ts';
import { encodeHead } from './head-record.ts';
import { encodeRecord } from './text.ts';

/** Longest reason that is kept, in UTF-16 code units. */
const reasonLengthMax = 200;
/** For the gap, when no reason was given. */
const noReason = 'Discarded by hand.';

/** Gives up what the segments hold; those that are gaps or were discarded before stay as they are. */
export function discard(
  changes: Changes,
  writer: KvWriter,
  name: string,
  from: number,
  to: number,
  reason: string,
  seqs?: SeqRange,
): Discarded {
  const { state, cursors } = changes;
  if (cursors.length > 1) {
    // One cloud may have what another one lacks, and there is one chain for both.
    const text = `${quoteList(cursors, 'and')} read this store: only what one cursor reads can be discarded`;
    throw new FogrunError('control-refused', text);
  }
  const record = state.streams.get(name);
  if (!record) {
    const known = [...state.streams.keys()];
    const there = known.length > 0 ? `it has ${quoteList(known, 'and')}` : 'it is empty';
    throw new FogrunError('control-unknown', `the store has no stream \`${printable(name)}\`: ${there}`);
  }
  // What was acknowledged since the range was chosen is not worth a refusal.
  const first = Math.max(from, record.floor.sequence + 1);
  assertHeld(name, record, from, to, first);
  const text = printable(reason.trim() === '' ? noReason : reason.trim(), reasonLengthMax);
  const heads = headsBetween(writer, name, first, to).filter(
    ([, head]) => head.type !== 'gap' && !head.discarded,
  );
  if (heads.length === 0) return { segments: 0, readings: 0, bytes: 0 };
  const [[, oldest], [, newest]] = [heads[0]!, heads.at(-1)!];
  if (seqs && (oldest.fromSeq < seqs.from || newest.fromSeq + newest.count - 1 > seqs.to)) {
    const others = `segments ${from} to ${to} of ${name} hold other readings than those meant`;
    throw new FogrunError('control-refused', `${others}: they were sealed or numbered anew meanwhile`, {
      advice: 'List the segments again, and choose among those.',
    });
  }
  return giveUp(changes, writer, name, heads, { gap: 'discarded', text });
}

/**
 * Frees what sealed segments hold; a greeting settles what becomes of each.
 * @param heads readings that are not given up yet, oldest first; between them is nothing but gaps and what was given up before
 * @param why what their gaps will say; with `kept`, of the one segment that it is about
 */
export function giveUp(
  { state, bodies }: Changes,
  writer: KvWriter,
  name: string,
  heads: readonly (readonly [sequence: number, head: HeadRecord])[],
  why: Omit<GivenUp, 'charged'> & { readonly gap: GapReason },
): Discarded {
  const record = state.streams.get(name)!;
  const given = heads.map(([sequence, head]) => {
    const own = ownCharge(head, chargedUpTo(writer, name, record, sequence - 1));
    const charged = (why.kept ?? []).reduce((left, run) => left - run.charged, own);
    return [sequence, { ...head, discarded: { ...why, charged } }] as const;
  });
  for (const [sequence, head] of given) {
    writer.put(keys.head(name, sequence), encodeHead(head));
    bodies.take(name, sequence);
  }
  const [[, oldest], [, newest]] = [heads[0]!, heads.at(-1)!];
  for (const hole of holesOf(why.kept ?? [], oldest.fromSeq, newest.fromSeq + newest.count)) {
    removeBatches(writer, name, hole.fromSeq, hole.toSeq);
  }
  const now = given.map(([, head]) => head);
  const changed = withDiscarded(record, moreDiscarded(record.discarded, now));
  state.streams.set(name, changed);
  writer.put(keys.stream(name), encodeRecord(changed));
  keepFormat(state, writer);
  const { segments, readings, bytes } = sumDiscarded(now);
  countLost(state, writer, name, why.gap, readings);
  return { segments, readings, bytes };
}

/**
 * Makes gaps of the discarded segments beyond what the cloud has of each stream. To be called with what a greeting told, in
 * the transaction that keeps its token: from then on the cloud stores nothing more of what was sent before.
 * @param stored last sequence that the cloud has, by stream; 0 for a stream that is not named
 */
export function settle(
  { state, bodies }: Changes,
  writer: KvWriter,
  stored: ReadonlyMap<string, number>,
): void {
  // Everything is read first: what is damaged must be found before anything changes.
  const found = [...state.streams].flatMap(([name, record]) => {
    if (!record.discarded) return [];
    const mark = Math.max(stored.get(name) ?? 0, record.floor.sequence);
    const beyond = needHeadsBetween(writer, name, mark + 1, record.sealed).map(([, head]) => head);
    const skipped = beyond.findIndex((head) => head.discarded);
    if (skipped === -1) return [];
    const last = mark + skipped;
    const before = last > record.floor.sequence ? needHead(writer, name, last) : null;
    return [{ name, record, heads: beyond.slice(skipped), last, before }];
  });
  for (const { name, record, heads, last, before } of found) {
    const kept = lessDiscarded(record.discarded, heads);
    const chargedBefore = before?.totalCharged ?? record.released;
    state.streams.set(name, {
      ...withDiscarded(record, kept),
      openFrom: heads[0]!.fromSeq,
      sealed: last,
      sealedHash: before?.hash ?? record.floor.hash,
      readings: before?.totalReadings ?? record.floor.totalReadings,
      bytes: before?.totalBytes ?? record.floor.totalBytes,
      charged: chargedBefore,
    });
    if (heads.some(({ discarded }) => discarded?.run || discarded?.kept)) {
      // What is behind gets other sequences.
      writer.removeRange(keys.head(name, last + 1), keys.head(name, record.sealed + 1));
      bodies.clear();
    }
    rechain(state, writer, name, { before: record, heads, chargedBefore });
  }
  keepFormat(state, writer);
}

function assertHeld(name: string, record: StreamRecord, from: number, to: number, first: number): void {
  const { sealed, floor } = record;
  const wellFormed = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && from <= to;
  if (wellFormed && to <= sealed && first <= to) return;
  const held =
    floor.sequence < sealed ? `the store holds ${floor.sequence + 1} to ${sealed}` : 'the store holds none';
  const why = !wellFormed ? 'no range' : to > sealed ? 'not sealed yet' : 'acknowledged already';
  throw new FogrunError('control-unknown', `segments ${from} to ${to} of ${name}: ${why}; ${held}`);
}
