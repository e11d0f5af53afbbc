/** What it costs to import a module: time and memory, each in a Node.js of its own. */
import { execFileSync } from 'node:child_process';
import type { Figure, Figures } from './scenario.ts';
import { median } from './statistics.ts';
import { root } from './world.ts';

/** Whole packages, and parts of ours with all that they import. */
const modules: Readonly<Record<string, string>> = {
  xstate: 'xstate',
  zod: 'zod',
  yaml: 'yaml',
  lmdb: 'lmdb',
  'node-ipc': 'node-ipc',
  'tinkerforge (IPConnection)': 'tinkerforge/lib/IPConnection.js',
  'all machines': './dist/machines/index.js',
  'the check of pipeline files': './dist/src/pipeline/check.js',
  'the runtime': './dist/src/runtime/pipeline.js',
  "the edge's store": './dist/src/store/open-edge-store.js',
  "the uploader's link": './dist/src/link/uploader-effects.js',
};

const script = `
const [before, start] = [process.memoryUsage.rss(), performance.now()];
if (process.argv[1]) await import(process.argv[1]);
process.stdout.write(JSON.stringify([performance.now() - start, process.memoryUsage.rss() - before, before]));`;

/** Medians of that many fresh processes each. */
export function importCosts(times: number): Figures {
  const measure = (specifier: string): readonly number[][] =>
    Array.from({ length: times }, () =>
      JSON.parse(
        execFileSync(process.execPath, ['--input-type=module', '-e', script, specifier], {
          cwd: root,
          encoding: 'utf8',
          timeout: 30_000,
        }),
      ),
    );
  const middle = (costs: readonly number[][], field: number) => median(costs.map((cost) => cost[field]!));
  const bytes = (value: number): Figure => ({ value: value / 1e6, unit: 'MB' });
  const figures: [string, Figure][] = [['Node.js alone', bytes(middle(measure(''), 2))]];
  for (const [name, specifier] of Object.entries(modules)) {
    const costs = measure(specifier);
    figures.push([`import of ${name}: time`, { value: middle(costs, 0), unit: 'ms' }]);
    figures.push([`import of ${name}: memory`, bytes(middle(costs, 1))]);
  }
  return Object.fromEntries(figures);
}
