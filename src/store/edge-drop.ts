/**
 * Dropping what is oldest, as a policy says: only segments that were never handed to a link, so that no cloud can have them.
 * Those in a row become one run under one header, however long the outage; a greeting makes a gap of it.
 */
import type { KvReader, KvWriter } from '../contract/kv.ts';
import type { Dropped } from '../contract/store.ts';
import { type Gap, mergeGaps } from '../domain/gap.ts';
import { lessDiscarded, moreDiscarded, withDiscarded } from './discarded-totals.ts';
import { type Changes, seal } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import { chargedUpTo } from './edge-rechain.ts';
import {
  type HeadRecord,
  headOverheadBytes,
  headsBetween,
  headUpTo,
  keepFormat,
  keys,
  type Run,
  type StreamRecord,
} from './edge-records.ts';
import { removeBatches } from './edge-sums.ts';
import { decodeHead, encodeHead } from './head-record.ts';
import { decodeRecord, encodeRecord } from './text.ts';

/** So many segments are dropped in one transaction; a caller who wants more goes on in the next. */
const headsMax = 1_024;
/** So many headers are read at once. */
const headsAtOnce = 64;

type Entry = readonly [sequence: number, head: HeadRecord];

/** What a policy wants, and how the gap will say it. */
export interface DropOrder {
  /** Whether the next one goes too. */
  readonly goesOn: (next: { readonly head: HeadRecord; readonly freed: number }) => boolean;
  /** Whether what is not sealed yet may be sealed and dropped when there is nothing else. */
  readonly alsoOpen: boolean;
  readonly text: string;
}

/** Drops the oldest segments of all streams; `null` when there is none that may go. */
export function dropOldest(
  changes: Changes,
  writer: KvWriter,
  order: DropOrder,
  nowMs: number,
): Dropped | null {
  const chosen = choose(changes, writer, order);
  if (chosen.size === 0 && order.alsoOpen) {
    for (const name of changes.state.streams.keys()) seal(changes, writer, name, nowMs);
    for (const [name, entries] of choose(changes, writer, order)) chosen.set(name, entries);
  }
  let all: Dropped | null = null;
  for (const [name, entries] of chosen) {
    for (const group of groupsOf(entries))
      all = addDropped(all, drop(changes, writer, name, group, order.text));
  }
  if (all) keepFormat(changes.state, writer);
  return all;
}

/** Segments of one stream that may go, oldest first, with how much each is charged. */
function* candidates(
  { state, sent }: Changes,
  reader: KvReader,
  name: string,
): Generator<Candidate, undefined> {
  const record = state.streams.get(name)!;
  const sentBefore = sent.lastBefore(name);
  let next = Math.max(sent.last(name), record.floor.sequence) + 1;
  let charged = chargedUpTo(reader, name, record, next - 1);
  while (next <= record.sealed) {
    const heads = headsBetween(reader, name, next, record.sealed, headsAtOnce);
    if (heads.length === 0) return undefined;
    for (const entry of heads) {
      const [sequence, head] = entry;
      const own = head.totalCharged - charged;
      charged = head.totalCharged;
      next = sequence + 1 + (head.discarded?.run?.merged ?? 0);
      if (head.fromSeq > sentBefore && mayGo(head))
        yield { name, entry, frees: head.type === 'readings' ? own - headOverheadBytes : 0 };
    }
  }
  return undefined;
}

interface Candidate {
  readonly name: string;
  readonly entry: Entry;
  readonly frees: number;
}

/** Oldest first over all streams, as long as the order goes on. */
function choose(changes: Changes, reader: KvReader, order: DropOrder): Map<string, Entry[]> {
  const queues = [...changes.state.streams.keys()].map((name) => {
    const queue = candidates(changes, reader, name);
    return { queue, next: queue.next().value };
  });
  const chosen = new Map<string, Entry[]>();
  let freed = 0;
  for (let count = 0; count < headsMax; count++) {
    const waiting = queues.filter(({ next }) => next);
    const oldest = waiting.reduce<(typeof queues)[number] | undefined>(
      (a, b) => (a && sealedAt(a.next) <= sealedAt(b.next) ? a : b),
      undefined,
    );
    if (!oldest?.next || !order.goesOn({ head: oldest.next.entry[1], freed })) break;
    const { name, entry, frees } = oldest.next;
    freed += frees;
    chosen.set(name, chosen.get(name) ?? []);
    chosen.get(name)!.push(entry);
    oldest.next = oldest.queue.next().value;
  }
  return chosen;
}

function sealedAt(candidate: Candidate | undefined): number {
  return candidate ? candidate.entry[1].sealedAtMs : Number.POSITIVE_INFINITY;
}

/** Readings, and gaps that a run can take in. */
function mayGo({ type, gap, discarded }: HeadRecord): boolean {
  if (discarded) return false;
  return type === 'readings' || canAbsorb(gapIn(gap));
}

function gapIn(text: string | undefined): Gap | null {
  return text === undefined ? null : decodeRecord<Gap>(Buffer.from(text));
}

function canAbsorb(gap: Gap | null): gap is Gap {
  return gap?.gap === 'dropped' || (gap?.gap === 'missed' && gap.fromSeq === undefined);
}

/** Those that follow each other without anything between; gaps at an end stay, for nothing is gained by them. */
function groupsOf(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  for (const entry of entries) {
    const group = groups.at(-1);
    if (group && group.at(-1)![0] + 1 === entry[0]) group.push(entry);
    else groups.push([entry]);
  }
  for (const group of groups) while (group.at(-1)?.[1].type === 'gap') group.pop();
  return groups.filter((group) => group.length > 0);
}

/** Makes one run of them, or lengthens the one that ends before them. */
function drop(
  { state, bodies, sent }: Changes,
  writer: KvWriter,
  name: string,
  group: readonly Entry[],
  text: string,
): Dropped {
  const record = state.streams.get(name)!;
  const [first, newest] = [group[0]!, group.at(-1)!];
  const before = first[0] - 1 > sent.last(name) ? runBefore(writer, name, record, first[0]) : undefined;
  const [start, startHead] = before ?? first;
  const reached = headUpTo(writer, name, record.floor.sequence, start - 1);
  const readingsBefore = (from: EdgeTotals | undefined) => from?.totalReadings ?? record.floor.totalReadings;
  const now =
    newest[1].totalReadings - readingsBefore(headUpTo(writer, name, record.floor.sequence, first[0] - 1));
  const run: Run = {
    merged: newest[0] - start,
    readings: newest[1].totalReadings - readingsBefore(reached),
    ...timesOf(writer, name, before?.[1], group),
    absorbed: absorb(before?.[1].discarded?.run?.absorbed ?? [], group),
  };
  const charged = newest[1].totalCharged - (reached?.totalCharged ?? record.released) - headOverheadBytes;
  const { gap: _, ...last } = newest[1];
  const head: HeadRecord = {
    ...last,
    type: 'readings',
    fromSeq: startHead.fromSeq,
    count: last.fromSeq + last.count - startHead.fromSeq,
    bytes: last.totalBytes - (reached?.totalBytes ?? record.floor.totalBytes),
    previousHash: startHead.previousHash,
    discarded: { gap: 'dropped', text, charged, run },
  };
  writer.removeRange(keys.head(name, start), keys.head(name, newest[0] + 1));
  removeBatches(writer, name, first[1].fromSeq, last.fromSeq + last.count);
  writer.put(keys.head(name, start), encodeHead(head));
  for (const [sequence] of group) bodies.take(name, sequence);
  const without = lessDiscarded(record.discarded, before ? [before[1]] : []);
  const changed = withDiscarded(record, moreDiscarded(without, [head]));
  state.streams.set(name, changed);
  writer.put(keys.stream(name), encodeRecord(changed));
  countLost(state, writer, name, 'dropped', now);
  const { fromTime, toTime } = run;
  const bytes = group.reduce((sum, [, one]) => sum + (one.type === 'readings' ? one.bytes : 0), 0);
  return { segments: group.length, readings: now, bytes, fromTime, toTime };
}

type EdgeTotals = Pick<HeadRecord, 'totalReadings'>;

/** The run that ends just before that sequence. */
function runBefore(
  reader: KvReader,
  name: string,
  record: StreamRecord,
  sequence: number,
): Entry | undefined {
  const range = { from: keys.head(name, record.floor.sequence + 1), to: keys.head(name, sequence) };
  for (const { key, value } of reader.range({ ...range, reverse: true, limit: 1 })) {
    const [at, head] = [Number(key[2]), decodeHead(value)];
    const { run, gap } = head.discarded ?? {};
    // Not one that was made of damaged headers.
    if (run && gap === 'dropped' && at + run.merged + 1 === sequence) return [at, head];
  }
  return undefined;
}

/** What was missed between them, added up. What was dropped before, with a number, is part of the run itself. */
function absorb(before: readonly Gap[], group: readonly Entry[]): Gap[] {
  const byReason = new Map(before.map((gap) => [gap.gap, gap]));
  for (const [, head] of group) {
    const gap = gapIn(head.gap);
    if (gap && gap.fromSeq === undefined) byReason.set(gap.gap, mergeGaps(byReason.get(gap.gap), gap));
  }
  return [...byReason.values()];
}

/** First and last moment of what the run stands for, as its readings say if they do. */
function timesOf(
  reader: KvReader,
  name: string,
  before: HeadRecord | undefined,
  group: readonly Entry[],
): Pick<Run, 'fromTime' | 'toTime'> {
  const [first, last] = [group[0]![1], group.at(-1)![1]];
  const run = before?.discarded?.run;
  // Whoever stamps readings may have a clock that is wrong, or several. One without a time was there when it was sealed.
  const sealed = (head: HeadRecord) => new Date(head.sealedAtMs).toISOString();
  const times = [
    ...[run?.fromTime ?? timeAt(reader, name, first, 'first') ?? sealed(first)],
    ...[run?.toTime, timeAt(reader, name, last, 'last') ?? sealed(last)],
  ];
  const known = times.filter((time) => time !== undefined).sort();
  return { fromTime: known[0]!, toTime: known.at(-1)! };
}

function timeAt(
  reader: KvReader,
  name: string,
  head: HeadRecord,
  which: 'first' | 'last',
): string | undefined {
  if (head.type === 'gap') return gapIn(head.gap)?.[which === 'first' ? 'fromTime' : 'toTime'];
  const range = { from: keys.batch(name, head.fromSeq), to: keys.batch(name, head.fromSeq + head.count) };
  for (const { value } of reader.range({ ...range, reverse: which === 'last', limit: 1 })) {
    const lines = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const end = which === 'first' ? lines.indexOf(0x0a) : lines.length - 1;
    const start = which === 'first' ? 0 : lines.lastIndexOf(0x0a, end - 1) + 1;
    return timeIn(lines.toString('utf8', start, end));
  }
  return undefined;
}

/** The `time` of a reading's line, if it can be read. */
export function timeIn(line: string): string | undefined {
  try {
    const { time } = JSON.parse(line);
    return typeof time === 'string' ? time : undefined;
  } catch {
    return undefined;
  }
}

/** Both together. */
export function addDropped(a: Dropped | null, b: Dropped): Dropped {
  if (!a) return b;
  const [fromTime] = [a.fromTime, b.fromTime].filter((time) => time !== undefined).sort();
  const toTime = [a.toTime, b.toTime]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return {
    segments: a.segments + b.segments,
    readings: a.readings + b.readings,
    bytes: a.bytes + b.bytes,
    fromTime,
    toTime,
  };
}
