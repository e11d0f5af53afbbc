/** What `npm run docs` keeps in the repository about charts. */
import type { Chart } from '../../contract/chart.ts';
import type { KnownChart } from '../../inspect/drawing/known-charts.ts';
import { type LayoutEngine, layOut } from '../../inspect/drawing/layout.ts';

/** Charts with their layouts, by name. */
export async function withLayouts(
  charts: readonly Chart[],
  engine: LayoutEngine,
): Promise<ReadonlyMap<string, KnownChart>> {
  const known = new Map<string, KnownChart>();
  for (const chart of charts) known.set(chart.kind, { chart, layout: await layOut(chart, engine) });
  return known;
}

/** As a file: a line each, so that what changed can be seen. */
export function knownChartsText(known: ReadonlyMap<string, KnownChart>): string {
  const lines = [...known].map(([name, chart]) => `${JSON.stringify(name)}: ${JSON.stringify(chart)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}
