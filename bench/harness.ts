/** Runs a benchmark: once to warm up, then in turn with its reference, and sums up what it measured. */
import type { Load } from './children/load.ts';
import type { Remote } from './remote.ts';
import type { Bench, Figure, Figures, Measured, Run, Scenario } from './scenario.ts';
import { median } from './statistics.ts';
import { startChild, World } from './world.ts';

export interface HarnessOptions {
  readonly runs: number;
  readonly quick: boolean;
  /** What is going on, for a person who waits. */
  readonly progress: (text: string) => void;
}

/** What a benchmark needs from outside, so that the harness can be tried without processes. */
export interface Ground {
  startLoad(): Remote<Load>;
  openWorld(): Promise<World>;
}

const realGround: Ground = { startLoad: () => startChild('load'), openWorld: () => World.open() };

/** Rejects with the first run that failed its own check: no figure is made of it. */
export async function measure(
  scenario: Scenario,
  options: HarnessOptions,
  ground: Ground = realGround,
): Promise<Measured> {
  const { name, unit, reference } = scenario;
  const load = ground.startLoad();
  const inWorld = async <T>(body: (bench: Bench) => Promise<T>): Promise<T> => {
    const world = await ground.openWorld();
    try {
      return await body({ world, load, quick: options.quick });
    } finally {
      await world.close();
    }
  };
  const turn = async (): Promise<[Run | null, Run]> => {
    const yardstick = reference ? await inWorld((bench) => reference.run(bench)) : null;
    return [yardstick, await inWorld((bench) => scenario.run(bench))];
  };
  try {
    const enough = scenario.runsEnough?.() ?? null;
    const count = Math.min(options.runs, enough ?? options.runs);
    if (!options.quick && enough === null) {
      options.progress('warming up');
      await turn();
    }
    const runs: Run[] = [];
    const yardsticks: Run[] = [];
    for (let i = 1; i <= count; i++) {
      options.progress(`run ${i} of ${count}`);
      const [yardstick, run] = await turn();
      if (yardstick) yardsticks.push(yardstick);
      runs.push(run);
    }
    options.progress('checks');
    const extra = (await scenario.once?.(inWorld)) ?? {};
    const values = runs.map(({ value }) => value);
    const figures = { ...medians(runs), ...extra };
    const result = { name, unit, median: median(values), min: Math.min(...values), max: Math.max(...values) };
    if (!reference) return { ...result, runs: values, figures };
    const middle = median(yardsticks.map(({ value }) => value));
    return {
      ...result,
      runs: values,
      reference: { name: reference.name, unit: reference.unit ?? unit, median: middle },
      ratio: result.median / middle,
      figures: { ...figures, ...prefixed(reference.name, medians(yardsticks)) },
    };
  } finally {
    await load.close();
  }
}

/** Each figure's median over the runs that have it. */
function medians(runs: readonly Run[]): Figures {
  const values = new Map<string, { unit: string; values: number[] }>();
  for (const { figures } of runs) {
    for (const [name, { value, unit }] of Object.entries(figures ?? {})) {
      const entry = values.get(name) ?? { unit, values: [] };
      entry.values.push(value);
      values.set(name, entry);
    }
  }
  const entries = [...values].map(([name, entry]): [string, Figure] => [
    name,
    { value: median(entry.values), unit: entry.unit },
  ]);
  return Object.fromEntries(entries);
}

function prefixed(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [`${prefix}: ${name}`, figure]));
}
