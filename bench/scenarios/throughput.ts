import { filesIn } from '../filed.ts';
import type { LogLine } from '../fogrun.ts';
import { countSyncs, hasProgram, type Watch } from '../measure.ts';
import type { Figures, Scenario } from '../scenario.ts';
import { barePipe, blastOf, transfer } from '../transfer.ts';
import type { Pair } from '../world.ts';

const tracedLines = 100_000;

export const throughput: Scenario = {
  name: 'throughput',
  what:
    'One million readings of 100 bytes (temperature, which the forecaster passes over) come over one TCP connection into ' +
    '`pipelines/ingest.yaml`: validated, accepted (synced) on the edge, stored (synced) in the cloud, acknowledged, deleted. ' +
    'The clock runs from the first byte written to the last segment deleted on the edge; segments are sealed at 1 MiB, the ' +
    'last one after 20 ms. The bare pipe is `node:net` into a file with an fdatasync per 1,000 lines: the same bytes from the same sender. ' +
    'Through both, 300,000 lines go before the clock starts.',
  unit: 'readings/s',
  target: '>= 0.5 of the bare pipe, >= 1,000,000/s',
  holds: ({ median, ratio }) => ratio! >= 0.5 && median >= 1_000_000,
  run: (bench) => transfer(bench, { ...blastOf(bench.quick) }),
  reference: {
    name: 'bare pipe',
    run: (bench) => {
      const { lines, warmUp } = blastOf(bench.quick);
      return barePipe(bench, lines, warmUp);
    },
  },
  async once(inWorld) {
    const parsed = await inWorld((bench) =>
      transfer(bench, {
        ...blastOf(bench.quick),
        sensor: 'pressure',
      }),
    );
    const syncs = await inWorld((bench) => (hasProgram('strace', '-V') ? countedSyncs(bench) : noSyncs()));
    return {
      'with a forecaster that parses each reading (pressure, one run)': {
        value: parsed.value,
        unit: 'readings/s',
      },
      ...syncs,
    };
  },
};

const noSyncs = async (): Promise<Figures> => ({
  'syncs were not counted: strace is not installed': { value: 0, unit: '' },
});

/** How often the edge deleted: each time it first says what was acknowledged, then what is deleted. */
function deletions(lines: readonly LogLine[]): number {
  const said = lines
    .filter(({ type, actor }) => type === 'segment' && actor === 'acks')
    .map(({ what }) => what);
  return said.filter((what, i) => what === 'deleted' && said[i - 1] === 'acknowledged').length;
}

/** A run under strace, whose time nobody takes: both ends must really have synced. */
async function countedSyncs(bench: Parameters<Scenario['run']>[0]): Promise<Figures> {
  let watches: Watch[] = [];
  const watch = async ({ edge, cloud }: Pair) => {
    watches = [await countSyncs(edge.pid), await countSyncs(cloud.pid)];
  };
  const count = async ({ edge }: Pair): Promise<Figures> => {
    const [onEdge, inCloud] = await Promise.all(watches.map((each) => each.stop()));
    const [commits, files] = [deletions(edge.lines), (await filesIn(bench.world.data)).length];
    // At least one more than the deletions, each of which is a commit: what they delete was accepted before.
    if (onEdge! <= commits) throw new Error(`the edge synced ${onEdge} times, but deleted ${commits} times`);
    // Each file is synced, and was committed before it was written.
    if (inCloud! <= files) throw new Error(`the cloud synced ${inCloud} times for ${files} files`);
    const unit = `per ${tracedLines.toLocaleString('en-US')} readings`;
    return {
      'edge: syncs, counted by strace': { value: onEdge!, unit },
      'cloud: syncs, counted by strace': { value: inCloud!, unit },
    };
  };
  const { figures = {} } = await transfer(bench, { lines: tracedLines, before: watch, after: count });
  return Object.fromEntries(Object.entries(figures).filter(([name]) => name.includes('strace')));
}
