/** Draws what the repository keeps: `npm run docs` runs it. Not part of the program. */
import { writeFile } from 'node:fs/promises';
import { builtInCharts } from './charts.ts';
import { layoutEngine } from './engine.ts';
import { knownChartsText, withLayouts } from './known.ts';

const root = new URL('../../../../', import.meta.url);
const known = await withLayouts(builtInCharts(), await layoutEngine());
const text = knownChartsText(known);
for (const place of ['src', 'dist/src']) {
  await writeFile(new URL(`${place}/inspect/drawing/known-charts.json`, root), text);
}
process.stdout.write(`${known.size} charts\n`);
