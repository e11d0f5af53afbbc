/** What waits in a pipeline and what flows through it, at a moment and over the last half hour: for curves that do not begin with each page. */
import type { ActorStatus, PipelineStatus } from '../contract/status.ts';

export interface Figures {
  /** On the pipeline's clock, ms since 1970. */
  readonly timeMs: number;
  /** `null` for a moment of which only what flowed is known. */
  readonly backlogReadings: number | null;
  readonly backlogBytes: number | null;
  /** Readings a second that its last actor in the flow of data deals with. */
  readonly readingsPerSecond: number;
}

export interface KeptFigures {
  add(status: PipelineStatus): void;
  /** Oldest first. */
  readonly all: readonly Figures[];
}

const everyMs = 5_000;
/** Half an hour. */
const figuresMax = 360;
/** What flows is the mean of so many seconds, as a status has it. */
const meanSeconds = 10;

export function figuresOf({ nowMs, actors }: PipelineStatus): Figures {
  const waiting = declaredIn(actors).flatMap(({ waiting }) => waiting ?? []);
  return {
    timeMs: nowMs,
    backlogReadings: waiting.reduce((sum, { readings }) => sum + (readings ?? 0), 0),
    backlogBytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
    readingsPerSecond: flowing(actors)?.readingsPerSecond ?? 0,
  };
}

export function keepFigures(): KeptFigures {
  let all: Figures[] = [];
  return {
    add(status) {
      const lastMs = all.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY;
      const sinceMs = status.nowMs - lastMs;
      if (sinceMs >= 0 && sinceMs < everyMs) return;
      // A clock that was put back: what comes now is the truth.
      if (sinceMs < 0) all = [];
      const before = flowBefore(status).filter(({ timeMs }) => timeMs >= lastMs + everyMs);
      all = [...all, ...before, figuresOf(status)].slice(-figuresMax);
    },
    get all() {
      return all;
    },
  };
}

/** What flowed in the minute before a status, as it tells it itself. */
function flowBefore({ nowMs, actors }: PipelineStatus): Figures[] {
  const perSecond = flowing(actors)?.perSecond ?? [];
  const found: Figures[] = [];
  for (let agoMs = everyMs; agoMs < perSecond.length * 1_000; agoMs += everyMs) {
    const end = perSecond.length - agoMs / 1_000;
    const some = perSecond.slice(Math.max(0, end - meanSeconds), end);
    const readingsPerSecond = some.reduce((sum, count) => sum + count, 0) / some.length;
    found.unshift({ timeMs: nowMs - agoMs, backlogReadings: null, backlogBytes: null, readingsPerSecond });
  }
  return found;
}

const declaredIn = (actors: readonly ActorStatus[]) => actors.filter(({ name }) => !name.includes('/'));

const flowing = (actors: readonly ActorStatus[]) =>
  declaredIn(actors).findLast(({ readings }) => readings > 0);
