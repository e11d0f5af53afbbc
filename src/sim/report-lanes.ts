/** Each actor's states over time, coarse enough to be drawn: the time is cut into columns of equal width. */
import { type Condition, conditionOf, conditions } from './report-states.ts';
import type { SimRun, SimTransition } from './run.ts';
import { processActor } from './telling.ts';

export const columns = 720;

/** Columns in a row that look the same. */
export interface LaneRun {
  readonly condition: Condition;
  /** First column, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** States in it, those that lasted longest first. */
  readonly states: readonly string[];
}

export interface Lane {
  readonly actor: string;
  readonly runs: readonly LaneRun[];
  readonly changes: number;
  /** Time in each condition, ms. */
  readonly times: Readonly<Record<Condition, number>>;
  /** Longest time that it was in trouble or failed without a break, ms. */
  readonly longestTroubleMs: number;
  readonly last: string;
}

export interface ProcessLanes {
  readonly process: string;
  readonly lanes: readonly Lane[];
}

interface Stay {
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: string;
  readonly condition: Condition;
}

/** Processes by name, edges by number, their actors in the order they appeared. */
export function lanesOf(run: SimRun): readonly ProcessLanes[] {
  const byProcess = new Map<string, Map<string, SimTransition[]>>();
  for (const transition of run.transitions) {
    const { process, actor } = transition;
    const actors = byProcess.get(process) ?? new Map<string, SimTransition[]>();
    byProcess.set(process, actors);
    const list = actors.get(actor) ?? [];
    actors.set(actor, list);
    list.push(transition);
  }
  return [...byProcess].sort(byName).map(([process, actors]) => {
    const offTimes = (actors.get(processActor) ?? []).filter((one) => conditionOf(one) === 'off');
    return {
      process,
      lanes: [...actors].map(([actor, moves]) => {
        const own = actor === processActor ? [] : offTimes;
        return laneOf(actor, staysOf(moves, own, run.virtualMs), moves, run.virtualMs);
      }),
    };
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** @param offTimes when its process ended, which an actor does not tell itself */
function staysOf(
  moves: readonly SimTransition[],
  offTimes: readonly SimTransition[],
  endMs: number,
): readonly Stay[] {
  const all = [...moves, ...offTimes].sort((a, b) => a.atMs - b.atMs);
  const first = { fromMs: 0, toMs: all[0]?.atMs ?? endMs, state: 'off', condition: 'off' } as const;
  const stays = all.map((move, i) => ({
    fromMs: move.atMs,
    toMs: Math.min(endMs, all[i + 1]?.atMs ?? endMs),
    state: move.to,
    condition: conditionOf(move),
  }));
  return [first, ...stays].filter(({ fromMs, toMs }) => toMs > fromMs);
}

function laneOf(
  actor: string,
  stays: readonly Stay[],
  moves: readonly SimTransition[],
  virtualMs: number,
): Lane {
  const times = { failed: 0, off: 0, trouble: 0, work: 0, rest: 0 };
  let [troubleMs, longestTroubleMs] = [0, 0];
  for (const { fromMs, toMs, condition } of stays) {
    times[condition] += toMs - fromMs;
    if (condition === 'rest' || condition === 'off') troubleMs = 0;
    // On the way out of trouble an actor works between two attempts.
    else if (condition !== 'work' || troubleMs > 0) troubleMs += toMs - fromMs;
    longestTroubleMs = Math.max(longestTroubleMs, troubleMs);
  }
  const runs = runsOf(stays, virtualMs);
  return { actor, runs, changes: moves.length, times, longestTroubleMs, last: moves.at(-1)!.to };
}

interface Column {
  readonly times: Map<Condition, number>;
  readonly states: Map<string, { ms: number; readonly condition: Condition }>;
}

function runsOf(stays: readonly Stay[], virtualMs: number): readonly LaneRun[] {
  const widthMs = virtualMs / columns;
  const all: Column[] = Array.from({ length: columns }, () => ({ times: new Map(), states: new Map() }));
  for (const { fromMs, toMs, state, condition } of stays) {
    const last = Math.min(columns - 1, Math.ceil(toMs / widthMs) - 1);
    for (let at = Math.floor(fromMs / widthMs); at <= last; at++) {
      const ms = Math.min(toMs, (at + 1) * widthMs) - Math.max(fromMs, at * widthMs);
      if (ms <= 0) continue;
      const { times, states } = all[at]!;
      times.set(condition, (times.get(condition) ?? 0) + ms);
      const known = states.get(state) ?? { ms: 0, condition };
      known.ms += ms;
      states.set(state, known);
    }
  }
  const runs: { condition: Condition; from: number; to: number; states: Map<string, number> }[] = [];
  for (const [at, { times, states }] of all.entries()) {
    const condition = lookOf(times);
    if (condition === null) continue;
    const before = runs.at(-1);
    const run =
      before && before.condition === condition && before.to === at
        ? before
        : { condition, from: at, to: at, states: new Map<string, number>() };
    if (run !== before) runs.push(run);
    run.to = at + 1;
    for (const [state, known] of states) {
      if (known.condition === condition) run.states.set(state, (run.states.get(state) ?? 0) + known.ms);
    }
  }
  return runs.map(({ states, ...run }) => ({
    ...run,
    states: [...states].sort(([, a], [, b]) => b - a).map(([state]) => state),
  }));
}

/** Trouble shows however short it was; of what is well, the longer part. */
function lookOf(times: ReadonlyMap<Condition, number>): Condition | null {
  if (times.size === 0) return null;
  const bad = conditions.slice(0, 3).find((condition) => times.has(condition));
  return bad ?? ((times.get('work') ?? 0) > (times.get('rest') ?? 0) ? 'work' : 'rest');
}
