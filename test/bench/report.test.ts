import test from 'ava';
import { parseArguments } from '../../bench/arguments.ts';
import { renderReport } from '../../bench/report.ts';
import { judge, lineOf, type Result } from '../../bench/results.ts';
import type { Measured, Scenario } from '../../bench/scenario.ts';

const machine = {
  cpu: 'Some | Processor',
  cores: 2,
  memory: 8,
  kernel: '6.1',
  filesystem: 'ext4',
  node: 'v24.0.0',
  load: 0.1,
};
const on = { machine, commit: 'abc1234', date: '2026-01-02' };
const measured: Measured = {
  name: 'walk',
  unit: 'm/s',
  median: 1_500_000,
  min: 1_400_000,
  max: 1_600_000,
  runs: [1_400_000, 1_500_000, 1_600_000],
  reference: { name: 'run', unit: 'm/s', median: 2_000_000 },
  ratio: 0.75,
  figures: { shoes: { value: 2, unit: '' } },
};
const scenario: Scenario = {
  name: 'walk',
  what: 'Walks a mile.',
  unit: 'm/s',
  target: '>= 0.5 of a run',
  holds: ({ ratio }) => ratio! >= 0.5,
  run: async () => ({ value: 1 }),
};
const resultOf = (changes: Partial<Measured> = {}): Result =>
  judge(scenario, { ...measured, ...changes }, on);
const render = (...results: Result[]) =>
  renderReport(new Map(results.map((result) => [result.name, result])), ['walk', 'swim']);

test('a benchmark is judged by its own target, or only reported', (t) => {
  t.true(resultOf().holds);
  t.false(resultOf({ ratio: 0.4 }).holds);
  const { holds: _, ...promisesNothing } = scenario;
  t.is(judge(promisesNothing, measured, on).holds, null);
});

test('one line tells figure, range, ratio and verdict', (t) => {
  t.is(
    lineOf(resultOf()),
    'walk: 1,500,000 m/s · 1,400,000 to 1,600,000 in 3, spread 13 % · 0.75 of run (2,000,000 m/s) · target >= 0.5 of a run: holds',
  );
  t.regex(lineOf(resultOf({ ratio: 0.4 })), /: MISSED$/);
});

test('the page says from how many runs a figure is, and of one run no range', (t) => {
  t.true(
    render(resultOf()).includes(
      '\nMedian 1,500,000 m/s, from 1,400,000 to 1,600,000 in 3 runs (spread 13 %).\n',
    ),
  );
  t.true(render(resultOf({ runs: [1_500_000] })).includes('\n1,500,000 m/s, in one run.\n'));
});

test('the page has figure, reference, target, machine and commit', (t) => {
  const page = render(resultOf());
  t.true(
    page.includes('| [walk](#walk) | 1,500,000 m/s | run: 2,000,000 m/s | 0.75 | >= 0.5 of a run | holds |'),
  );
  t.true(page.includes('## walk\n\nWalks a mile.\n'));
  t.true(page.includes('| shoes | 2 |'));
  t.regex(
    page,
    /Some \\\| Processor, 2 cores, 8 GB, Linux 6\.1, ext4, Node\.js v24\.0\.0 \| 0\.1 \| abc1234 \| 2026-01-02/,
  );
});

test('a missed target is called missed', (t) => {
  t.regex(render(resultOf({ ratio: 0.4 })), /\| \*\*missed\*\* \|/);
});

test('what was not measured is named, and results of benchmarks that are gone are not shown', (t) => {
  t.regex(render(resultOf()), /Not measured here: swim\./);
  t.false(render({ ...resultOf(), name: 'crawl' }).includes('crawl'));
});

test('the same results make the same page', (t) => {
  t.is(render(resultOf()), render(JSON.parse(JSON.stringify(resultOf()))));
});

test('arguments: names, runs, and one clear error for what is unknown', (t) => {
  const known = ['walk', 'swim'];
  t.deepEqual(parseArguments(['swim', '--runs', '7'], known).names, ['swim']);
  t.is(parseArguments(['--runs', '7'], known).runs, 7);
  t.is(parseArguments([], known).runs, 5);
  t.is(parseArguments(['--quick'], known).runs, 1);
  t.is(parseArguments(['--check'], known).instead, 'check');
  t.throws(() => parseArguments(['crawl'], known), { message: /`crawl`; there are: walk, swim/ });
  for (const word of ['0', '1.5', 'x', '-1', undefined]) {
    const words = word === undefined ? ['--runs'] : ['--runs', word];
    t.throws(() => parseArguments(words, known), { message: /--runs wants a number/ });
  }
});
