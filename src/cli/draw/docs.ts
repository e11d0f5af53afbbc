/** Draws what the repository keeps: `npm run docs` runs it. Not part of the program. */
import { writeFile } from 'node:fs/promises';
import ElkEngine from 'elkjs/lib/elk.bundled.js';
import type { LayoutEngine } from '../../inspect/drawing/layout.ts';
import { builtInCharts } from './charts.ts';
import { knownChartsText, withLayouts } from './known.ts';

const root = new URL('../../../../', import.meta.url);
const engine = new (ElkEngine as unknown as new () => LayoutEngine)();
const known = await withLayouts(builtInCharts(), engine);
const text = knownChartsText(known);
for (const place of ['src', 'dist/src']) {
  await writeFile(new URL(`${place}/inspect/drawing/known-charts.json`, root), text);
}
process.stdout.write(`${known.size} charts\n`);
