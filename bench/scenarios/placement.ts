import { readFileSync } from 'node:fs';
import { processFacts } from '../measure.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';
import { blastOf, transfer } from '../transfer.ts';
import { ownPipeline, type Pair } from '../world.ts';

export const placement: Scenario = {
  name: 'placement',
  what:
    'The work of `throughput`, but that `process:` places the source in a child process: it listens there, judges the lines, ' +
    'and hands them in batches over node-ipc to the process of the pipeline, which keeps the store. The yardstick has the source ' +
    'in the process of the pipeline. Through both, 300,000 lines go before the clock starts.',
  unit: 'readings/s',
  target: '>= 0.5 of in-process',
  holds: ({ ratio }) => ratio! >= 0.5,
  run: (bench) => through(bench, 'feeder'),
  reference: { name: 'in-process', run: (bench) => through(bench, '') },
};

async function through(bench: Bench, placed: string): Promise<Run> {
  const { lines, warmUp } = blastOf(bench.quick);
  let child: number | undefined;
  let before = 0;
  return transfer(bench, {
    lines,
    warmUp,
    edge: ownPipeline('placement.yaml'),
    env: { PLACED: placed },
    async before({ edge }: Pair) {
      child = childOf(edge.pid);
      if ((child !== undefined) !== (placed !== '')) throw new Error('the source runs in the wrong process');
      if (child !== undefined) before = processFacts(child).cpuSeconds;
    },
    async after() {
      if (child === undefined) return {};
      const { cpuSeconds, rssPeakMb } = processFacts(child);
      return {
        'source: processor time': { value: ((cpuSeconds - before) * 1e6) / lines, unit: 's per million' },
        'source: peak memory': { value: rssPeakMb, unit: 'MB' },
      };
    },
  });
}

/** The only child of a process, if it has one. */
function childOf(pid: number): number | undefined {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return first ? Number(first) : undefined;
}
