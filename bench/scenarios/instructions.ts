import { countInstructions, perfCounts, type Watch } from '../measure.ts';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { transfer } from '../transfer.ts';
import type { Pair } from '../world.ts';

export const instructions: Scenario = {
  name: 'instructions',
  what:
    'Instructions in user mode that edge and cloud spend on one reading in the work of `throughput`, counted by `perf stat` ' +
    'over all threads. Unlike time it is nearly the same on a busy machine and a slow disk, so that a regression shows anywhere.',
  unit: 'instructions/reading',
  target: 'reported',
  impossible: () => (perfCounts() ? null : '`perf stat -e instructions:u` does not work here'),
  run: oneRun,
};

async function oneRun(bench: Bench): Promise<Run> {
  const lines = bench.quick ? 50_000 : 1_000_000;
  let watches: Watch[] = [];
  const watch = async ({ edge, cloud }: Pair) => {
    watches = await Promise.all([countInstructions(edge.pid), countInstructions(cloud.pid)]);
  };
  const count = async (): Promise<Figures> => {
    const [edge, cloud] = await Promise.all(watches.map((each) => each.stop()));
    const unit = 'instructions/reading';
    return { edge: { value: edge! / lines, unit }, cloud: { value: cloud! / lines, unit } };
  };
  const { figures = {} } = await transfer(bench, { lines, before: watch, after: count });
  const { edge, cloud } = figures;
  return { value: edge!.value + cloud!.value, figures: { edge: edge!, cloud: cloud! } };
}
