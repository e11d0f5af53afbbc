/** docs/performance.md, from the results alone: the same results make the same page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { besideOthers } from './peers/beside.ts';
import { readComparison } from './peers/compare.ts';
import { type Result, readResults, verdict } from './results.ts';
import { formatNumber, spread } from './statistics.ts';
import { describe, table } from './tables.ts';
import { root } from './world.ts';

export { table };

const page = join(root, 'docs/performance.md');

/**
 * @param order names of benchmarks as they are to be shown; results of others are left out
 * @param beside lines about other programs
 */
export function renderReport(
  results: ReadonlyMap<string, Result>,
  order: readonly string[],
  beside: readonly string[] = [],
): string {
  const shown = order.flatMap((name) => results.get(name) ?? []);
  const missing = order.filter((name) => !results.has(name));
  return [
    '# Performance',
    '',
    '<!-- Written by `npm run bench`; `npm run bench -- --report` writes it anew from bench/results. -->',
    '',
    intro,
    '',
    ...overview(shown),
    '',
    ...(missing.length > 0
      ? [`Not measured here: ${missing.join(', ')}. A benchmark that a machine cannot run says why.`, '']
      : []),
    '## How to repeat it',
    '',
    repeat,
    '',
    ...shown.flatMap(section),
    ...beside,
    ...machines(shown),
  ].join('\n');
}

const intro = `Every figure of fogrun was measured with real \`fogrun\` processes, real sockets and a real disk, and with the syncs that the
guarantees ask for. Unless its section says otherwise, the pipelines are those that ship in \`pipelines/\`, and a run that
does not find every reading in the cloud's files, once, in order and as it was sent, ends the benchmark without a figure.
A target that is missed says so.`;

const repeat = `\`\`\`sh
npm ci
npm run bench                      # all, about half an hour
npm run bench -- throughput        # one
npm run bench -- throughput --peers # and what other programs do with the same work
npm run bench -- --quick           # tries all of them quickly; nothing is written or judged
npm run bench -- --report          # writes this page from bench/results
\`\`\`

One run warms up, five or more count, fewer where a run is long and more would tell little; work and yardstick take turns, so that a machine
that gets slower slows both. The median is given, with the smallest and the largest run. Let the machine do nothing else meanwhile. The stores lie in
\`.fogrun\` below the project, or in \`FOGRUN_BENCH_DIR\`: a disk in memory makes syncs free and figures worthless.
\`strace\`, and \`perf\` or \`valgrind\`, where they are installed, count the syncs and the instructions.`;

function overview(results: readonly Result[]): string[] {
  return table(
    ['benchmark', 'median', 'reference', 'ratio', 'target', ''],
    results.map((result) => [
      `[${result.name}](#${result.name})`,
      `${formatNumber(result.median)} ${result.unit}`,
      result.reference
        ? `${result.reference.name}: ${formatNumber(result.reference.median)} ${result.reference.unit}`
        : '',
      result.ratio === undefined ? '' : formatNumber(result.ratio),
      result.target,
      result.holds === false ? '**missed**' : verdict(result.holds),
    ]),
  );
}

function section(result: Result): string[] {
  const { name, what, unit, runs, figures } = result;
  const rows = Object.entries(figures).map(([label, figure]) => [
    label,
    `${formatNumber(figure.value)} ${figure.unit}`.trim(),
  ]);
  return [
    `## ${name}`,
    '',
    what,
    '',
    `${runs.length > 1 ? 'Median ' : ''}${formatNumber(result.median)} ${unit}, ${rangeOf(result)}.`,
    '',
    ...(rows.length > 0 ? [...table(['besides', ''], rows), ''] : []),
  ];
}

function rangeOf({ runs, min, max }: Result): string {
  if (runs.length === 1) return 'in one run';
  const apart = Math.round(spread(runs) * 100);
  return `from ${formatNumber(min)} to ${formatNumber(max)} in ${runs.length} runs (spread ${apart} %)`;
}

function machines(results: readonly Result[]): string[] {
  const rows = results.map(({ name, machine, commit, date }) => [
    name,
    describe(machine),
    String(machine.load),
    commit,
    date,
  ]);
  const note =
    'Load is that of the minute before; a `+` after the commit: with changes that were not committed.';
  return [
    '## Machine and commit',
    '',
    ...table(['benchmark', 'machine', 'load', 'commit', 'day'], rows),
    '',
    note,
    '',
  ];
}

/** The page as it should be now. */
function currentReport(order: readonly string[]): string {
  const results = readResults();
  return renderReport(results, order, besideOthers(readComparison(), results));
}

export function writeReport(order: readonly string[]): void {
  writeFileSync(page, currentReport(order));
}

export function reportIsFresh(order: readonly string[]): boolean {
  try {
    return readFileSync(page, 'utf8') === currentReport(order);
  } catch {
    return false;
  }
}
