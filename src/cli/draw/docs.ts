/** Draws what the repository keeps: `npm run docs` runs it. Not part of the program. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { builtInCharts } from './charts.ts';
import { layoutEngine } from './engine.ts';
import { knownChartsText, withLayouts } from './known.ts';
import { pictures } from './pictures.ts';

const root = new URL('../../../../', import.meta.url);
const folder = new URL('docs/pictures/', root);
const known = await withLayouts(builtInCharts(), await layoutEngine());
const text = knownChartsText(known);
for (const place of ['src', 'dist/src']) {
  await writeFile(new URL(`${place}/inspect/drawing/known-charts.json`, root), text);
}
const files = await pictures(Object.fromEntries(known));
await mkdir(folder, { recursive: true });
for (const name of await readdir(folder)) {
  if (name.endsWith('.svg') && !files.has(name)) await rm(new URL(name, folder));
}
for (const [name, picture] of files) await writeFile(new URL(name, folder), picture);
process.stdout.write(`${known.size} charts, ${files.size} pictures\n`);
