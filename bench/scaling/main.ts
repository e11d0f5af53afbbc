/** `npm run bench -- scaling`: measures the curves of docs/scaling.md, keeps them in bench/results/scaling, draws them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit, machine } from '../machine.ts';
import { resultsDirectory } from '../results.ts';
import type { Figures } from '../scenario.ts';
import { median } from '../statistics.ts';
import { root, startChild, World } from '../world.ts';
import { type Curve, curves } from './curves.ts';
import { type MeasuredCurve, writePage } from './page.ts';

const usage = `npm run bench -- scaling [CURVE…] [--runs N] [--quick] [--report]
  curves: ${curves.map(({ name }) => name).join(', ')}
  --runs N   runs at each point, 3 by default
  --quick    small points, to see that it works: nothing is written
  --report   draws again what was measured before`;

const resultFile = (name: string) => join(resultsDirectory, 'scaling', `${name}.json`);

/** @param words what follows `scaling`. Resolves to the exit code. */
export async function runScaling(words: readonly string[]): Promise<number> {
  const quick = words.includes('--quick');
  const at = words.indexOf('--runs');
  const runs = at >= 0 ? Number(words[at + 1]) : quick ? 1 : 3;
  const names = words.filter((word, i) => !word.startsWith('--') && (at < 0 || i !== at + 1));
  const known = curves.map(({ name }) => name);
  const options = ['--quick', '--runs', '--report'];
  const wrong = words.find((word) =>
    word.startsWith('--') ? !options.includes(word) : names.includes(word) && !known.includes(word),
  );
  if (wrong !== undefined || !Number.isSafeInteger(runs) || runs < 1) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  for (const curve of curves.filter(({ name }) => names.length === 0 || names.includes(name))) {
    if (!words.includes('--report')) {
      const measured = await measureCurve(curve, runs, quick);
      if (quick) continue;
      mkdirSync(join(resultsDirectory, 'scaling'), { recursive: true });
      writeFileSync(resultFile(curve.name), `${JSON.stringify(measured, rounded, 2)}\n`);
    }
    if (!existsSync(resultFile(curve.name))) process.stderr.write(`${curve.name} was never measured\n`);
    else writePage(join(root, 'docs'), curve, JSON.parse(readFileSync(resultFile(curve.name), 'utf8')));
  }
  return 0;
}

const rounded = (_: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : value;

async function measureCurve(curve: Curve, runs: number, quick: boolean): Promise<MeasuredCurve> {
  const on = { machine: machine(), commit: commit(), date: new Date().toISOString().slice(0, 10) };
  const load = startChild('load');
  try {
    const points: MeasuredCurve['points'][number][] = [];
    for (const at of curve.points(quick)) {
      const measured: Figures[] = [];
      for (let i = 0; i < runs; i++) {
        const world = await World.open();
        try {
          measured.push(await curve.measure({ world, load, quick }, at));
        } finally {
          await world.close();
        }
      }
      const figures = mediansOf(measured);
      const shown = Object.entries(figures).map(
        ([name, { value, unit }]) => `${name} ${Number(value.toPrecision(4))} ${unit}`,
      );
      process.stdout.write(`${curve.name} ${at} ${curve.grows}: ${shown.join(' · ')}\n`);
      points.push({ at, figures });
    }
    return { name: curve.name, runs, points, ...on };
  } finally {
    await load.close();
  }
}

function mediansOf(runs: readonly Figures[]): Figures {
  return Object.fromEntries(
    Object.entries(runs[0]!).map(([name, { unit }]) => [
      name,
      { value: median(runs.map((figures) => figures[name]!.value)), unit },
    ]),
  );
}
