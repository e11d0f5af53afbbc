/** Which way is onward: what people follow from the beginning, as against what leads back. */
import type { Chart } from '../../contract/chart.ts';
import type { Bundle } from './telling.ts';

/** Indexes of the arrows that lead on in a breadth-first walk from where the statechart begins. */
export function forwardArrows(chart: Chart, arrows: readonly Bundle[]): ReadonlySet<number> {
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
  return new Set(
    arrows.flatMap(({ source, target }, index) => {
      const from = depth.get(source);
      const to = target === null ? undefined : depth.get(target);
      return from !== undefined && to !== undefined && to > from ? [index] : [];
    }),
  );
}
