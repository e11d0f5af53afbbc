import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFiled, whenFiled } from '../filed.ts';
import { type MemoryPeak, watchMemory } from '../memory-watch.ts';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { transfer } from '../transfer.ts';
import { shipped, type World } from '../world.ts';

const deadlineMs = 300_000;
const bounds = { restartMs: 1_000, memoryMb: 20, ratio: 0.9, growth: 1.25 };
const names = {
  restart: 'restart to the first segment stored in the cloud',
  memory: 'edge: peak memory without mapped files',
  empty: 'an empty store',
  grown: 'store file after a second filling, by the first',
};

const linesOf = ({ quick }: Bench) => (quick ? 200_000 : 10_000_000);

export const backlog: Scenario = {
  name: 'backlog',
  what:
    'Ten million readings of 100 bytes (1 GB) wait in the store of `pipelines/ingest.yaml`, fed while there is no cloud. The ' +
    'edge is started anew beside a cloud that listens; from its start to the first stored segment counts as the restart. The ' +
    'figure is the rate from there to the last deletion; the reference is one million readings through an empty store, taken ' +
    'in and sent at once. Then the store is filled again without a cloud, and the size of its file is compared.',
  unit: 'readings/s',
  target: `restart <= ${bounds.restartMs / 1_000} s, peak memory <= ${bounds.memoryMb} MB above an empty store's, >= ${bounds.ratio} of its rate, space reused`,
  holds({ ratio, figures }) {
    const of = (name: string) => figures[name]?.value ?? Number.NaN;
    const more = of(names.memory) - of(`${names.empty}: ${names.memory}`);
    return (
      ratio! >= bounds.ratio &&
      of(names.restart) <= bounds.restartMs &&
      more <= bounds.memoryMb &&
      of(names.grown) <= bounds.growth
    );
  },
  run: (bench) => drainBacklog(bench, linesOf(bench)),
  reference: {
    name: names.empty,
    async run(bench) {
      let stop: () => MemoryPeak = () => ({ rssMb: 0, anonymousMb: 0 });
      return transfer(bench, {
        lines: Math.min(1_000_000, linesOf(bench)),
        before: async ({ edge }) => {
          stop = watchMemory(edge.pid);
        },
        after: async () => memoryFigures(stop()),
      });
    },
  },
};

function memoryFigures({ rssMb, anonymousMb }: MemoryPeak): Figures {
  return {
    [names.memory]: { value: anonymousMb, unit: 'MB' },
    'edge: peak memory with them': { value: rssMb, unit: 'MB' },
  };
}

const storeMb = async (world: World) =>
  (await stat(join(world.directory, 'ingest', 'lmdb', 'data.mdb'))).size / 1e6;

/** Feeds an edge without a cloud, starts it anew beside one, and watches the backlog go. */
export async function drainBacklog({ world, load }: Bench, lines: number, refill = true): Promise<Run> {
  const port = Number(world.env.INGEST_PORT);
  await load.ask('prepare', { sensor: 'temperature', count: lines }, deadlineMs);
  const feeder = world.fogrun([shipped('ingest.yaml')]);
  // The source closes the connection when everything is accepted.
  const { startedAtMs, closedAtMs } = await load.ask('blast', { port }, deadlineMs);
  await feeder.end();
  const filledMb = await storeMb(world);

  const cloud = world.fogrun([shipped('cloud.yaml')]);
  await cloud.line(({ text }) => text?.startsWith('listening on'));
  const edge = world.fogrun([shipped('ingest.yaml')]);
  const stop = watchMemory(edge.pid);
  const first = await cloud.line(({ text }) => /^segments? 1 .*stored/.test(text), deadlineMs);
  const last = await edge.deleted(lines, deadlineMs);
  const peak = stop();
  await whenFiled(world.data, lines);
  await checkFiled(world.data, 'temperature', lines);
  await cloud.end();
  const drainedMb = await storeMb(world);
  const figures: Figures = {
    [names.restart]: { value: first.atMs - edge.startedAtMs, unit: 'ms' },
    ...memoryFigures(peak),
    'filling without a cloud': { value: lines / ((closedAtMs - startedAtMs) / 1_000), unit: 'readings/s' },
    'store file when filled': { value: filledMb, unit: 'MB' },
    'store file when drained': { value: drainedMb, unit: 'MB' },
  };
  const run = { value: lines / ((last.atMs - first.atMs) / 1_000), figures };
  if (!refill) {
    await edge.end();
    return run;
  }
  await load.ask('blast', { port }, deadlineMs);
  await edge.end();
  return {
    ...run,
    figures: { ...figures, [names.grown]: { value: (await storeMb(world)) / filledMb, unit: 'times' } },
  };
}
