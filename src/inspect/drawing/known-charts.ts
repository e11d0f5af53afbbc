/** The charts of all built-in kinds, placed in advance: `npm run docs` makes `known-charts.json`, a test says whether it is fresh. */
import type { Chart, ChartLayout } from '../../contract/chart.ts';

export interface KnownChart {
  readonly chart: Chart;
  readonly layout: ChartLayout;
}

/** By name of the kind, or `cloud-session`; `null` for one that is not built in. Read at the first call. */
export async function knownChart(name: string): Promise<KnownChart | null> {
  const known = await knownCharts();
  return Object.hasOwn(known, name) ? known[name]! : null;
}

/** All of them, in the order of the catalogue. */
export async function knownCharts(): Promise<Readonly<Record<string, KnownChart>>> {
  const { default: charts } = await import('./known-charts.json', { with: { type: 'json' } });
  return charts as unknown as Readonly<Record<string, KnownChart>>;
}
