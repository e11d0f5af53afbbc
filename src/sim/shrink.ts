/** Looks for the shortest way to a violation: leaves out faults as long as it stays. */
import type { PlannedFault } from './fault-plan.ts';
import type { SimRun, SimTrail, SimTransition } from './run.ts';
import { processActor } from './telling.ts';

export interface Shrinking {
  /** The run that failed. */
  readonly run: SimRun;
  /** The faults that it had planned. */
  readonly faults: readonly PlannedFault[];
  /** Runs it again with those faults only. */
  readonly again: (only: readonly number[]) => Promise<SimRun>;
  /** Virtual time that may be spent on looking, ms. */
  readonly budgetMs: number;
  readonly told?: (faultsLeft: number) => void;
}

/** State changes that a trail has at most. */
const transitionsMax = 40;

/** Rejects when there is no violation to look for. */
export async function shrink(shrinking: Shrinking): Promise<SimTrail> {
  const { run, faults, again } = shrinking;
  const wanted = run.violations[0];
  if (!wanted) throw new RangeError('nothing was violated');
  let best = run;
  let spentMs = 0;
  const holds = async (only: readonly number[]): Promise<boolean> => {
    if (spentMs > shrinking.budgetMs) return false;
    const tried = await again(only);
    spentMs += tried.virtualMs;
    if (!tried.violations.some(({ invariant }) => invariant === wanted.invariant)) return false;
    best = tried;
    shrinking.told?.(only.length);
    return true;
  };

  let left = faults.filter(({ atMs }) => atMs <= wanted.atMs).map(({ number }) => number);
  // Those that had not begun cannot have been it; a run without any is the shortest of all.
  if (left.length > 0 && (await holds([]))) left = [];
  for (let parts = 2; left.length > 0 && spentMs <= shrinking.budgetMs; ) {
    const size = Math.ceil(left.length / parts);
    const pieces = Array.from({ length: parts }, (_, i) => left.slice(i * size, (i + 1) * size));
    const without = pieces
      .filter((piece) => piece.length > 0)
      .map((piece) => left.filter((number) => !piece.includes(number)))
      .filter((rest) => rest.length > 0);
    let smaller: readonly number[] | undefined;
    for (const rest of without) {
      if (!(await holds(rest))) continue;
      smaller = rest;
      break;
    }
    if (smaller) {
      left = [...smaller];
      parts = Math.max(2, parts - 1);
    } else if (parts >= left.length) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return trailOf(best, wanted.invariant);
}

/** What led to the first violation of that invariant. */
export function trailOf(run: SimRun, invariant: string): SimTrail {
  const violation = run.violations.find((one) => one.invariant === invariant)!;
  const faults = run.faults.filter(({ atMs }) => atMs <= violation.atMs);
  const processes = new Set(run.transitions.map(({ process }) => process));
  const concerned = new Set(
    [...processes].filter(
      (name) => name === violation.process || faults.some(({ target }) => target.split(' ').includes(name)),
    ),
  );
  const told = (one: SimTransition) =>
    one.atMs <= violation.atMs && (concerned.has(one.process) || one.actor === processActor);
  return {
    violation,
    faults,
    transitions: run.transitions.filter(told).slice(-transitionsMax),
    command: run.command,
  };
}
