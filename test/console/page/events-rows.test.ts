import test from 'ava';
import { filterOf, passes, queryOf } from '../../../src/console/page/events/filter.ts';
import { groupAt, grouped, insideMax, linesOf } from '../../../src/console/page/events/groups.ts';
import { happenedOf } from '../../../src/console/page/events/happened.ts';
import { columnsMax, cutName, lifelines, outside } from '../../../src/console/page/events/lifelines.ts';
import { rowsOf } from '../../../src/console/page/events/rows.ts';
import type { StepFrame } from '../../../src/contract/inspect.ts';
import { leastMs } from '../../helpers/least-ms.ts';
import { begun, entryItem, step, stepItem } from './past-items.ts';

const lost = { code: 'link-lost', message: 'the cloud is gone', advice: '' } as const;
const filter = (text: string) => filterOf(new URLSearchParams(text));
const steps = (...frames: Partial<StepFrame>[]) => rowsOf(frames.map((frame) => stepItem(step(frame))));

test('steps and lines of the log are rows of one order, a state change only once', (t) => {
  const change = { type: 'transition', from: 'idle', to: 'sending', event: 'GO' } as const;
  const rows = rowsOf([
    entryItem(change),
    stepItem(begun()),
    stepItem(step({ from: 'idle', to: 'sending' })),
    entryItem(change),
    entryItem({ type: 'segment', what: 'sent', segment: 4, readings: 15, stream: 'readings' }),
  ]);
  t.deepEqual(
    rows.map(({ sort, event, text }) => [sort, event, text]),
    [
      ['change', 'GO', 'idle → sending'],
      ['began', 'began', 'idle'],
      ['step', 'GO', 'idle → sending'],
      ['segment', 'sent', 'readings 4, 15 readings'],
    ],
  );
});

test('a state change of before the frames that are still there is a row, also where it is heard of after them', (t) => {
  const change = { type: 'transition', from: 'idle', to: 'sending', event: 'GO' } as const;
  const rows = rowsOf([
    stepItem(begun({ known: true, timeMs: 5_000 })),
    entryItem({ ...change, to: 'waitingToRetry', cause: lost }, { time: 4_000, level: 'warn' }),
    entryItem(change, { time: 6_000 }),
  ]);
  t.deepEqual(
    rows.map(({ sort, isFailure }) => [sort, isFailure]),
    [
      ['began', false],
      ['change', true],
    ],
  );
});

test('a thousand equal rows are one with a count and both times, also where others come between', (t) => {
  const frames = Array.from({ length: 2_000 }, (_, i) => step({ actor: i % 2 ? 'a' : 'b' }));
  const groups = grouped(rowsOf(frames.map(stepItem)), true);
  t.deepEqual(
    groups.map(({ rows, last }) => [rows.length, last.actor]),
    [
      [1_000, 'a'],
      [1_000, 'b'],
    ],
  );
  t.is(grouped(rowsOf(frames.map(stepItem)), false).length, 2_000);
});

test('what comes again after a pause is a row of its own', (t) => {
  const rows = steps({ timeMs: 0 }, { timeMs: 5_000 }, { timeMs: 60_000 });
  t.deepEqual(
    grouped(rows, true).map((group) => group.rows.length),
    [1, 2],
  );
});

test('an opened group shows its rows, newest first and not without end', (t) => {
  const rows = steps(...Array.from({ length: 300 }, () => ({})));
  const groups = grouped(rows, true);
  const lines = linesOf(groups, new Set([groups[0]!.key]));
  t.is(lines.length, 1 + insideMax);
  t.is(lines[1]!.row, rows.at(-1)!);
  t.is(new Set(lines.map(({ key }) => key)).size, lines.length);
});

test('a filter passes by pipeline, by either side of an event, by event, by words, and by failure', (t) => {
  const [sent, failed] = steps(
    { source: 'uploader#link', event: { type: 'SENT', name: 'SENT', payload: null } },
    { from: 'sending', to: 'waitingToRetry', cause: lost },
  );
  const both = [sent!, failed!];
  const passing = (query: string) => both.filter(passes(filter(query)));
  t.deepEqual(passing('pipeline=cloud'), []);
  t.deepEqual(passing('actor=link'), [sent]);
  t.deepEqual(passing('event=sen'), [sent]);
  t.deepEqual(passing('text=CLOUD+gone'), [failed]);
  t.deepEqual(passing('only=failures'), [failed]);
  t.deepEqual(passing(''), both);
});

test('a filter stands in the address, and what is as ever does not', (t) => {
  const given = filter('actor=up&only=failures&group=off&as=sequence&at=1700000000000');
  t.deepEqual(queryOf(given), {
    ...{ pipeline: null, actor: 'up', event: null, text: null },
    ...{ only: 'failures', group: 'off', as: 'sequence', at: 1_700_000_000_000 },
  });
  t.deepEqual(filterOf(new URLSearchParams()), filterOf(new URLSearchParams('at=nonsense')));
});

test('a moment is found in the group that holds what was last then', (t) => {
  const rows = steps({ timeMs: 100 }, { timeMs: 200, actor: 'b' }, { timeMs: 300 });
  const groups = grouped(rows, true);
  t.is(groupAt(groups, 250)?.last.actor, 'b');
  t.is(groupAt(groups, 300)?.last.actor, 'uploader');
  t.is(groupAt(groups, 50), null);
});

test('an actor has a lifeline, what it invoked another, all sessions share one, and one is for the outside', (t) => {
  const rows = steps(
    { actor: 'uploader', source: 'uploader#link' },
    { actor: 'receiver/127.0.0.1:1', source: 'receiver' },
    { actor: 'receiver/127.0.0.1:2', source: null },
    { actor: 'rotator', source: 'uploader' },
  );
  const { names, place } = lifelines(rows);
  t.deepEqual(names, [
    ...['edge/uploader#link', 'edge/uploader', 'edge/receiver', 'edge/receiver/…', outside, 'edge/rotator'],
  ]);
  t.deepEqual(rows.map(place), [
    { from: 0, to: 1 },
    { from: 2, to: 3 },
    { from: 4, to: 3 },
    { from: 1, to: 5 },
  ]);
});

test('who took part in what is newest stands first, and columns that are shown stay where they are', (t) => {
  const { names } = lifelines(steps({ actor: 'late' }, { actor: 'early' }));
  t.deepEqual(names, [outside, 'edge/late', 'edge/early']);
  t.deepEqual(lifelines(steps({ actor: 'new' }, { actor: 'early' }, { actor: 'late' }), names).names, [
    ...[outside, 'edge/late', 'edge/early', 'edge/new'],
  ]);
  t.deepEqual(lifelines(steps({ actor: 'early', source: 'early' }), names).names, ['edge/early']);
});

test('long names above columns keep both their ends, so that two links can be told apart', (t) => {
  t.is(cutName('edge/uploader', 18), 'edge/uploader');
  t.is(cutName('edge-north/uploader#link', 18), 'edge-…ploader#link');
  t.is(cutName('edge-north/uploader#link', 18).length, 18);
  t.not(cutName('cloud-west/receiver#link', 18), cutName('edge-north/uploader#link', 18));
  t.regex(cutName('the-cloud/long-receiver/…', 18), /receiver\/…$/);
});

test('more who take part than there is room for share a column', (t) => {
  const rows = steps(...Array.from({ length: 200 }, (_, i) => ({ actor: `a${i}`, source: `a${i}` })));
  const { names, place } = lifelines(rows);
  t.is(names.length, columnsMax);
  t.true(rows.every((row) => place(row).to < columnsMax));
});

test('20,000 rows are read, filtered and grouped within a part of a second', async (t) => {
  const items = Array.from({ length: 20_000 }, (_, i) => stepItem(step({ actor: `a${i % 200}` })));
  const shown = () => grouped(rowsOf(items).filter(passes(filter('text=go'))), true);
  t.true((await leastMs(100, shown)) < 200);
  t.true(shown().length < 2_000);
});

test('what had not happened yet is not shown, and where all of it had nothing changes', (t) => {
  const items = [step(), step(), step()].map(stepItem);
  t.deepEqual(happenedOf(items, items[1]!.place), items.slice(0, 2));
  t.deepEqual(happenedOf(items, 0), []);
  t.is(happenedOf(items, items[2]!.place), items);
});
