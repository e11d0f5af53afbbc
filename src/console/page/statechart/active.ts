/** What a statechart is in, and what can happen next. Pure. */
import type { Chart, ChartTransition } from '../../../contract/chart.ts';
import type { RunningTimer, StateValue } from '../../../contract/inspect.ts';

/** Ids of all states that are active, the root (empty) first, as in the chart. */
export function activeStates(value: StateValue): readonly string[] {
  const ids = [''];
  const walk = (inside: StateValue, path: string) => {
    if (typeof inside === 'string') {
      // A state without any in it has an empty value in some forms of it.
      if (inside !== '') ids.push(path + inside);
      return;
    }
    for (const [name, below] of Object.entries(inside)) {
      ids.push(path + name);
      walk(below, `${path}${name}.`);
    }
  };
  walk(value, '');
  return ids;
}

/** One thing that can happen now. */
export interface NextStep {
  /** For people, such as `after retry`. */
  readonly label: string;
  /** Ids of its transitions: more than one where guards choose. */
  readonly transitions: readonly string[];
  /** Where it may lead, each with the guard that must say yes for it; an empty target stays where it is. */
  readonly ways: readonly { readonly target: string; readonly guard: string | null }[];
  /** Set when it comes by itself. */
  readonly timer: RunningTimer | null;
}

/**
 * What the active states listen to, deepest first; of one event the deepest state that is sure to take it hides those around it.
 * What happens by itself comes first, soonest first.
 */
export function nextSteps(
  chart: Chart,
  active: readonly string[],
  timers: readonly RunningTimer[],
): readonly NextStep[] {
  const depth = (id: string) => (id === '' ? 0 : id.split('.').length);
  const sources = [...active].sort((a, b) => depth(b) - depth(a));
  const byEvent = new Map<string, ChartTransition[]>();
  const settled = new Set<string>();
  for (const source of sources) {
    const offered = chart.transitions.filter((transition) => transition.source === source);
    const surely = new Set<string>();
    for (const transition of offered) {
      const { event, guard } = transition;
      if (settled.has(event) || surely.has(event)) continue;
      byEvent.set(event, [...(byEvent.get(event) ?? []), transition]);
      if (guard === null) surely.add(event);
    }
    for (const event of surely) settled.add(event);
  }
  const steps = [...byEvent].map(([event, all]): NextStep => {
    const ways = all.map(({ targets, guard }) => ({ target: targets.join(' + '), guard }));
    return {
      label: all[0]!.label || 'at once',
      transitions: all.map(({ id }) => id),
      ways,
      timer: timers.find((timer) => timer.event === event) ?? null,
    };
  });
  const dueMs = ({ timer }: NextStep) => (timer ? timer.startedMs + timer.delayMs : Number.POSITIVE_INFINITY);
  const moves = ({ ways }: NextStep) => (ways.some(({ target }) => target !== '') ? 0 : 1);
  return steps.sort((a, b) => {
    const [left, right] = [dueMs(a), dueMs(b)];
    return left === right ? moves(a) - moves(b) : left - right;
  });
}

/** How far a countdown has got: from 0 to 1, and what is left. */
export function timerProgress(timer: RunningTimer, nowMs: number): { share: number; leftMs: number } {
  const passedMs = Math.max(0, nowMs - timer.startedMs);
  const leftMs = Math.max(0, timer.delayMs - passedMs);
  return { share: timer.delayMs <= 0 ? 1 : Math.min(1, passedMs / timer.delayMs), leftMs };
}
