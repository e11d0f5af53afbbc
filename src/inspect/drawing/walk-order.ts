/** Which way is onward: what people follow from the beginning, as against what leads back. */
import type { Chart } from '../../contract/chart.ts';
import type { Bundle } from './telling.ts';

export interface Directions {
  /** Indexes of the arrows that lead on in a breadth-first walk from where the statechart begins. */
  readonly forward: ReadonlySet<number>;
  /** Of those that lead to what the walk finds from what it does not, since no arrow leads there: they must not push it down. */
  readonly upward: ReadonlySet<number>;
}

export function directions(chart: Chart, arrows: readonly Bundle[]): Directions {
  const states = new Map(chart.states.map((state) => [state.id, state]));
  const depth = new Map<string, number>();
  const queue: string[] = [];
  const reach = (id: string, at: number) => {
    // With a state all around it are entered, and those it begins in.
    for (let up = states.get(id); up && up.parent !== null; up = states.get(up.parent)) {
      if (depth.has(up.id)) continue;
      depth.set(up.id, at);
      queue.push(up.id);
    }
    const initial = states.get(id)?.initial;
    if (initial !== undefined && initial !== null && !depth.has(initial)) reach(initial, at);
  };
  reach('', 0);
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    for (const { source, target } of arrows) {
      if (source === id && target !== null && !depth.has(target)) reach(target, depth.get(id)! + 1);
    }
  }
  const which = (fits: (from: number | undefined, to: number | undefined, bundle: Bundle) => boolean) =>
    new Set(
      arrows.flatMap((bundle, index) => {
        const to = bundle.target === null ? undefined : depth.get(bundle.target);
        return fits(depth.get(bundle.source), to, bundle) ? [index] : [];
      }),
    );
  const isFinal = (id: string | null) => id !== null && states.get(id)?.type === 'final';
  return {
    forward: which((from, to) => from !== undefined && to !== undefined && to > from),
    upward: which((from, to, { target }) => from === undefined && to !== undefined && !isFinal(target)),
  };
}
