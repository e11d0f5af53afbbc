import test from 'ava';
import type { Holder } from '../../src/cli/segments-holder.ts';
import { segmentList } from '../../src/cli/segments-list.ts';
import type { SegmentInfo } from '../../src/contract/control.ts';

const now = 100_000;
const sealed: SegmentInfo = {
  stream: 'readings',
  sequence: 3,
  type: 'readings',
  fromSeq: 21,
  count: 10,
  bytes: 1_024,
  sealedAtMs: now - 60_000,
  discarded: false,
};
const open: SegmentInfo = {
  ...sealed,
  sequence: 4,
  fromSeq: 31,
  count: 44,
  bytes: 5_632,
  sealedAtMs: now - 9_000,
  open: true,
};

const list = (segments: readonly SegmentInfo[], options: object = {}) => {
  const holder = { pipeline: 'edge', isRunning: true, segments: async () => segments } as unknown as Holder;
  return segmentList(holder, { state: '', ...options }, now);
};

test('readings that no segment is sealed over yet are a row, and do not count as a segment', async (t) => {
  const lines = (await list([sealed, open])).trimEnd().split('\n');
  t.deepEqual(
    lines.slice(0, 3).map((line) => line.split(/ {2,}/)),
    [
      ['STREAM', 'SEQUENCE', 'TYPE', 'SEQS', 'READINGS', 'BYTES', 'SEALED', 'STATE'],
      ['readings', '3', 'readings', '21–30', '10', '1KiB', '1m ago', 'waits'],
      ['readings', '4', 'readings', '31–74', '44', '5.5KiB', 'begun 9s ago', 'open'],
    ],
  );
  t.is(lines.at(-1), 'edge holds 1 segment · 10 readings · 1KiB · open: 44 readings, 5.5KiB');
});

test('an edge with nothing but an open segment does not say that it holds nothing', async (t) => {
  t.regex(await list([open]), /\bopen\n\nedge holds no sealed segment · open: 44 readings, 5\.5KiB\n$/);
  t.is(await list([]), 'edge holds nothing: all readings are acknowledged\n');
});

test('in JSON the open ones stand apart from what can be exported', async (t) => {
  const told = JSON.parse(await list([sealed, open], { json: true }));
  t.deepEqual(told.segments, [sealed]);
  t.is(told.sums.segments, 1);
  t.deepEqual(told.open, [
    { stream: 'readings', sequence: 4, fromSeq: 31, count: 44, bytes: 5_632, sinceMs: now - 9_000 },
  ]);
});
