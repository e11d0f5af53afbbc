import { callgrind, callgrindCounts, callgrindStartMs, instructionsOf } from '../callgrind.ts';
import { countInstructions, perfCounts, type Watch } from '../measure.ts';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { transfer } from '../transfer.ts';
import { type Pair, World } from '../world.ts';

const unit = 'instructions/reading';
/** Readings of the shorter of two runs under callgrind, and how many times as many the longer one has. */
const shorterOf = (quick: boolean) => (quick ? 2_000 : 100_000);
const longer = 5;

export const instructions: Scenario = {
  name: 'instructions',
  what:
    'Instructions in user mode that edge and cloud spend on one reading in the work of `throughput`, over all threads. Unlike ' +
    'time they are nearly the same on a busy machine and a slow disk, so that a regression shows anywhere. `perf stat` counts ' +
    'them over a million readings; where it cannot, callgrind counts two whole runs, of 100,000 and 500,000 readings: the ' +
    'difference belongs to the readings, as start and end cancel out. The two ways do not compare: callgrind shows programs a ' +
    'processor without instructions for SHA-256, and beside a disk that seems fifty times faster they make other batches; ' +
    'how they do differs by chance, so that two runs lie up to a sixth apart.',
  unit,
  target: 'reported',
  impossible: () =>
    perfCounts() || callgrindCounts()
      ? null
      : '`perf stat -e instructions:u` does not work here, and valgrind is not installed',
  runsEnough: () => (perfCounts() ? null : 2),
  run: (bench) => (perfCounts() ? countedByPerf(bench) : countedByCallgrind(bench)),
};

async function countedByPerf(bench: Bench): Promise<Run> {
  const lines = bench.quick ? 50_000 : 1_000_000;
  let watches: Watch[] = [];
  const watch = async ({ edge, cloud }: Pair) => {
    watches = await Promise.all([countInstructions(edge.pid), countInstructions(cloud.pid)]);
  };
  const count = async (): Promise<Figures> => {
    const [edge, cloud] = await Promise.all(watches.map((each) => each.stop()));
    return { edge: { value: edge! / lines, unit }, cloud: { value: cloud! / lines, unit } };
  };
  const { figures = {} } = await transfer(bench, { lines, before: watch, after: count });
  const { edge, cloud } = figures;
  return { value: edge!.value + cloud!.value, figures: { edge: edge!, cloud: cloud! } };
}

async function countedByCallgrind(bench: Bench): Promise<Run> {
  const lines = shorterOf(bench.quick);
  const short = await wholeRun(bench, lines);
  // The start alone takes half a minute: one is enough to see that it works.
  if (bench.quick) return { value: (short.edge + short.cloud) / lines };
  const world = await World.open();
  const long = await wholeRun({ ...bench, world }, longer * lines).finally(() => world.close());
  const perReading = (side: 'edge' | 'cloud') => (long[side] - short[side]) / ((longer - 1) * lines);
  const unmoved = (side: 'edge' | 'cloud') => ({
    value: (short[side] - perReading(side) * lines) / 1e6,
    unit: 'million instructions',
  });
  const [edge, cloud] = [perReading('edge'), perReading('cloud')];
  return {
    value: edge + cloud,
    figures: {
      edge: { value: edge, unit },
      cloud: { value: cloud, unit },
      'edge: start, end and what does not grow with the readings': unmoved('edge'),
      'cloud: start, end and what does not grow with the readings': unmoved('cloud'),
      'counted by callgrind; readings in the difference': { value: (longer - 1) * lines, unit: '' },
    },
  };
}

/** Instructions of both processes from start to end. */
async function wholeRun(bench: Bench, lines: number): Promise<{ edge: number; cloud: number }> {
  let pair: Pair | undefined;
  await transfer(bench, {
    lines,
    wrapped: { before: callgrind, startDeadlineMs: callgrindStartMs },
    // As many as in a run at full speed: a segment is sealed when it is large, not because time passes slowly.
    env: { ROTATE_EVERY: '3s' },
    before: async (started) => {
      pair = started;
    },
  });
  return { edge: instructionsOf(pair!.edge), cloud: instructionsOf(pair!.cloud) };
}
