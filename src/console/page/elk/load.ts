/** The layout engine from the page: loaded when the first chart needs it. */
import type { Chart, ChartLayout } from '../../../contract/chart.ts';

/** Rejects when the engine cannot be loaded. */
export async function layOutHere(chart: Chart): Promise<ChartLayout> {
  // By an address of its own, so that the bundler leaves it out of the page.
  const address = new URL('elk.js', import.meta.url).href;
  const engine = (await import(address)) as typeof import('./elk.ts');
  return engine.layOutHere(chart);
}
