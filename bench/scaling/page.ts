/** docs/scaling.md and its pictures, from the measured curves. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import { table } from '../report.ts';
import type { Figures } from '../scenario.ts';
import { formatNumber } from '../statistics.ts';
import { drawChart } from './chart.ts';
import type { Curve } from './curves.ts';

/** What was measured on one curve. */
export interface MeasuredCurve {
  readonly name: string;
  readonly runs: number;
  readonly points: readonly { readonly at: number; readonly figures: Figures }[];
  readonly machine: Machine;
  readonly commit: string;
  readonly date: string;
}

/** The page keeps its words; between these two lines of a curve stand its pictures and figures. */
const markers = (name: string) => [`<!-- measured: ${name} -->`, `<!-- end: ${name} -->`] as const;

export function drawPictures(curve: Curve, { points }: MeasuredCurve): { file: string; svg: string }[] {
  return curve.pictures.map(({ file, title, y, series }) => ({
    file,
    svg: drawChart({
      title,
      x: { label: curve.grows, values: points.map(({ at }) => at) },
      y: { label: y },
      series: Object.entries(series).map(([figure, name]) => ({
        name,
        values: points.map(({ figures }) => figures[figure]!.value),
      })),
    }),
  }));
}

/** Pictures and table of a curve in Markdown. */
export function renderCurve(curve: Curve, { points, machine, commit, date, runs }: MeasuredCurve): string {
  const names = Object.keys(points[0]!.figures);
  const unit = (name: string) => points[0]!.figures[name]!.unit;
  const rows = points.map(({ at, figures }) => [
    formatNumber(at),
    ...names.map((name) => formatNumber(figures[name]?.value ?? Number.NaN)),
  ]);
  return [
    ...curve.pictures.map(({ file, title }) => `![${title}](scaling/${file})`),
    '',
    ...table([curve.grows, ...names.map((name) => `${name}, ${unit(name)}`)], rows),
    '',
    `Median of ${runs}; ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.filesystem}, Node.js ` +
      `${machine.node}, load before ${machine.load}; commit ${commit}, ${date}.`,
  ].join('\n');
}

/** The page with that text between the markers of the curve. Throws when they are not there. */
export function replaceCurve(page: string, name: string, text: string): string {
  const [begin, end] = markers(name);
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/scaling.md lacks \`${begin}\` or \`${end}\``);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** Draws pictures and fills tables below the project's folder `docs`. */
export function writePage(docs: string, curve: Curve, measured: MeasuredCurve): void {
  mkdirSync(join(docs, 'scaling'), { recursive: true });
  for (const { file, svg } of drawPictures(curve, measured)) writeFileSync(join(docs, 'scaling', file), svg);
  const path = join(docs, 'scaling.md');
  writeFileSync(path, replaceCurve(readFileSync(path, 'utf8'), curve.name, renderCurve(curve, measured)));
}
