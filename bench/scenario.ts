/** What a benchmark is: one exported object per file in `scenarios/`. */
import type { Load } from './children/load.ts';
import type { Remote } from './remote.ts';
import type { World } from './world.ts';

/** A number that is shown beside the main one. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
}

export type Figures = Readonly<Record<string, Figure>>;

/** What one run measured, after it checked itself. */
export interface Run {
  readonly value: number;
  readonly figures?: Figures;
}

/** What a run is given: a fresh world, and the load generator that all runs of the benchmark share. */
export interface Bench {
  readonly world: World;
  readonly load: Remote<Load>;
  /** True when only the machinery is tried: short, and nobody judges the figures. */
  readonly quick: boolean;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
  readonly reference?: { readonly name: string; readonly unit: string; readonly median: number };
  /** Median of the figure by median of the reference. */
  readonly ratio?: number;
  /** Medians over the runs, and what was measured once. */
  readonly figures: Figures;
}

export interface Scenario {
  readonly name: string;
  /** One or two sentences: the work, and what the figure means. */
  readonly what: string;
  readonly unit: string;
  /** The target in words, as in `>= 0.5 of the bare pipe`. */
  readonly target: string;
  /** Absent when nothing is promised, only reported. */
  holds?(measured: Measured): boolean;
  /** Why it cannot run on this machine, or `null`. */
  impossible?(): string | null;
  /** How many runs are enough here, without one to warm up, because they take long and more would tell little more; or `null`. */
  runsEnough?(): number | null;
  /** Does the work once. Rejects when the outcome is not what was sent. */
  run(bench: Bench): Promise<Run>;
  /** The yardstick, run in turn with the work; `ratio` is the figure by this one. */
  readonly reference?: { readonly name: string; readonly unit?: string; run(bench: Bench): Promise<Run> };
  /** Checks and figures that are taken once, after the runs. `inWorld` opens a fresh world for its body. */
  once?(inWorld: <T>(body: (bench: Bench) => Promise<T>) => Promise<T>): Promise<Figures>;
}
