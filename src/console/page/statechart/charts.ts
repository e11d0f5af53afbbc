/** Statecharts for drawing, each asked for once. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Chart, ChartLayout } from '../../../contract/chart.ts';
import { layOutHere } from '../elk/load.ts';
import { getJson } from '../model/api.ts';

export type ChartState =
  | { readonly is: 'asked' }
  /** The server has no layout of it: it is made here. */
  | { readonly is: 'drawn'; readonly chart: Chart }
  | { readonly is: 'there'; readonly chart: Chart; readonly layout: ChartLayout }
  /** `chart` where only its layout could not be made. */
  | { readonly is: 'missing'; readonly reason: string; readonly chart: Chart | null };

const known = new Map<string, Signal<ChartState>>();

/** @param kind name of a kind, or `cloud-session` */
export function chartOfKind(kind: string): ReadonlySignal<ChartState> {
  const before = known.get(kind);
  if (before) return before;
  const state = signal<ChartState>({ is: 'asked' });
  known.set(kind, state);
  void load(kind, (next) => {
    state.value = next;
  });
  return state;
}

/** Asks again, for one that was missing. */
export function askAgain(kind: string): void {
  const state = known.get(kind);
  if (!state) return;
  state.value = { is: 'asked' };
  void load(kind, (next) => {
    state.value = next;
  });
}

async function load(kind: string, say: (state: ChartState) => void): Promise<void> {
  let chart: Chart | null = null;
  try {
    const answer = await getJson<{ chart: Chart; layout: ChartLayout | null }>(
      `api/charts/${encodeURIComponent(kind)}`,
    );
    chart = answer.chart;
    if (!answer.layout) say({ is: 'drawn', chart });
    say({ is: 'there', chart, layout: answer.layout ?? (await layOutHere(chart)) });
  } catch (error) {
    say({ is: 'missing', reason: error instanceof Error ? error.message : String(error), chart });
  }
}
