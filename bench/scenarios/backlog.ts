import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFiled, whenFiled } from '../filed.ts';
import { type Fogrun, isDeletion } from '../fogrun.ts';
import { watchMemory } from '../memory-watch.ts';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { shipped, type World } from '../world.ts';

const deadlineMs = 300_000;
const unit = 'readings/s';
/** The backlog that a large one is compared with. */
const smallLines = 1_000_000;
const smallNumber = smallLines.toLocaleString('en-US');
const bounds = { restartMs: 1_000, memoryMb: 20, ratio: 0.9, growth: 1.25 };
const names = {
  restart: 'restart to the first segment stored in the cloud',
  memory: 'edge: peak memory without mapped files',
  small: 'a small backlog',
  beginning: `rate of the first ${smallNumber}`,
  grown: 'store file after a second filling, by the first',
};

const linesOf = ({ quick }: Bench) => (quick ? 200_000 : 10_000_000);
const smallOf = ({ quick }: Bench) => (quick ? 20_000 : smallLines);

export const backlog: Scenario = {
  name: 'backlog',
  what:
    'Ten million readings of 100 bytes (1 GB) wait in the store of `pipelines/ingest.yaml`, fed while there is no cloud. The ' +
    'edge is started anew beside a cloud that listens; from its start to the first stored segment counts as the restart. The ' +
    'figure is the rate from the greeting to the last deletion. The reference is ' +
    `the same work with a backlog of ${smallNumber}: filled, started anew, drained, with nothing taken in meanwhile. As its time is ` +
    `short and the process young, the rate of the first ${smallNumber} of the ten million is told as well. Then the store is filled ` +
    'again without a cloud, to compare the size of its file; those readings are not sent.',
  unit,
  target: `restart <= ${bounds.restartMs / 1_000} s, peak memory <= ${bounds.memoryMb} MB above a small backlog's, >= ${bounds.ratio} of its rate, space reused`,
  holds({ ratio, figures }) {
    const of = (name: string) => figures[name]?.value ?? Number.NaN;
    const more = of(names.memory) - of(`${names.small}: ${names.memory}`);
    return (
      ratio! >= bounds.ratio &&
      of(names.restart) <= bounds.restartMs &&
      more <= bounds.memoryMb &&
      of(names.grown) <= bounds.growth
    );
  },
  run: (bench) => drainBacklog(bench, { lines: linesOf(bench), beginning: smallOf(bench), refill: true }),
  reference: { name: names.small, run: (bench) => drainBacklog(bench, { lines: smallOf(bench) }) },
};

const storeMb = async (world: World) =>
  (await stat(join(world.directory, 'ingest', 'lmdb', 'data.mdb'))).size / 1e6;

export interface Backlog {
  /** How many readings wait. */
  readonly lines: number;
  /** Also gives the rate at which so many of them went. */
  readonly beginning?: number;
  /** Whether the store is filled once more in the end, to see how its file grows. */
  readonly refill?: boolean;
}

/** Feeds an edge without a cloud, starts it anew beside one, and watches the backlog go. */
export async function drainBacklog({ world, load }: Bench, work: Backlog): Promise<Run> {
  const { lines, beginning, refill = false } = work;
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
  const [greeted, first] = await Promise.all([
    edge.line(({ actor, event }) => actor === 'uploader' && event === 'GREETED'),
    cloud.line(({ type }) => type === 'stored', deadlineMs),
    edge.deleted(lines, deadlineMs),
  ]);
  const peak = stop();
  await whenFiled(world.data, lines);
  await checkFiled(world.data, 'temperature', lines);
  await cloud.end();
  const drainedMb = await storeMb(world);
  const rateOf = (readings: number) => ({ value: drainRate(edge, greeted.atMs, readings), unit });
  const figures: Figures = {
    [names.restart]: { value: first.atMs - edge.startedAtMs, unit: 'ms' },
    ...(beginning === undefined ? {} : { [names.beginning]: rateOf(beginning) }),
    [names.memory]: { value: peak.anonymousMb, unit: 'MB' },
    'edge: peak memory with them': { value: peak.rssMb, unit: 'MB' },
    'filling without a cloud': { value: lines / ((closedAtMs - startedAtMs) / 1_000), unit },
    'store file when filled': { value: filledMb, unit: 'MB' },
    'store file when drained': { value: drainedMb, unit: 'MB' },
  };
  const run = { value: rateOf(lines).value, figures };
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

/** Readings per second from that time to the commit that deletes the last of so many; all that it deletes counts. */
function drainRate(edge: Fogrun, fromMs: number, readings: number): number {
  const deletions = edge.lines.filter(isDeletion);
  let sum = 0;
  const last = deletions.find((line) => {
    sum += line.readings;
    return sum >= readings;
  });
  if (!last) throw new Error(`${sum} of ${readings} readings were deleted`);
  const after = deletions.slice(deletions.indexOf(last) + 1);
  // Segments of one commit are reported one by one, at the same time.
  for (const line of after) if (line.time === last.time) sum += line.readings;
  return sum / ((last.atMs - fromMs) / 1_000);
}
