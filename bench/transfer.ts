/** The work that several benchmarks share: lines go in at the edge until the last of them is acknowledged and deleted. */
import { join } from 'node:path';
import { checkFiled, whenFiled } from './filed.ts';
import { lineBytes, type Sensor } from './lines.ts';
import { processFacts } from './measure.ts';
import type { Bench, Figures, Run } from './scenario.ts';
import type { Pair, PairOptions } from './world.ts';

const transferDeadlineMs = 300_000;

/** The work of the benchmarks of throughput: lines that count, and lines before them. */
export const blastOf = (quick: boolean): { readonly lines: number; readonly warmUp: number } =>
  quick ? { lines: 50_000, warmUp: 10_000 } : { lines: 1_000_000, warmUp: 300_000 };
const barePipeSyncLines = 1_000;

export interface Transfer extends PairOptions {
  readonly lines: number;
  /** Lines that go the same way before the clock starts, so that programs that run for months are not judged by their first second. */
  readonly warmUp?: number;
  readonly sensor?: Sensor;
  /** Runs when edge and cloud have greeted each other, before the first byte. */
  readonly before?: (pair: Pair) => Promise<void>;
  /** Runs after the last deletion, while both still run; its figures are added. */
  readonly after?: (pair: Pair) => Promise<Figures>;
}

/** Readings per second from the first byte written to the last segment deleted on the edge; checked in the cloud's files. */
export async function transfer({ world, load }: Bench, options: Transfer): Promise<Run> {
  const { lines, warmUp = 0, sensor = 'temperature' } = options;
  const total = warmUp + lines;
  await load.ask('prepare', { sensor, count: total });
  const pair = await world.pair(options);
  let warm: Figures = {};
  if (warmUp > 0) {
    const [end, { startedAtMs }] = await Promise.all([
      pair.edge.deleted(warmUp, transferDeadlineMs),
      load.ask('blast', { port: pair.port, to: warmUp }, transferDeadlineMs),
    ]);
    await whenFiled(world.data, warmUp);
    warm = {
      'while warming up': { value: warmUp / ((end.atMs - startedAtMs) / 1_000), unit: 'readings/s' },
    };
  }
  await options.before?.(pair);
  const [edgeBefore, cloudBefore] = [processFacts(pair.edge.pid), processFacts(pair.cloud.pid)];
  const deleted = pair.edge.deleted(total, transferDeadlineMs);
  const sent = load.ask('blast', { port: pair.port, from: warmUp }, transferDeadlineMs);
  // Whichever fails first; the load may end after the last deletion or before it.
  const [last, { startedAtMs }] = await Promise.all([deleted, sent]);
  const filedAtMs = await whenFiled(world.data, total);
  const [edge, cloud] = [processFacts(pair.edge.pid), processFacts(pair.cloud.pid)];
  const perMillion = (seconds: number) => ({ value: (seconds * 1e6) / lines, unit: 's per million' });
  const figures: Figures = {
    'edge: processor time': perMillion(edge.cpuSeconds - edgeBefore.cpuSeconds),
    'cloud: processor time': perMillion(cloud.cpuSeconds - cloudBefore.cpuSeconds),
    'edge: peak memory': { value: edge.rssPeakMb, unit: 'MB' },
    'cloud: peak memory': { value: cloud.rssPeakMb, unit: 'MB' },
    'filed after the last deletion': { value: Math.max(0, filedAtMs - last.atMs), unit: 'ms' },
    ...warm,
    ...(await options.after?.(pair)),
  };
  await Promise.all([pair.edge.end(), pair.cloud.end()]);
  await checkFiled(world.data, sensor, total);
  return { value: lines / ((last.atMs - startedAtMs) / 1_000), figures };
}

/** The yardstick: the same lines into a file, synced every 1,000 lines; rejects when bytes or syncs are missing. */
export async function barePipe({ world, load }: Bench, lines: number, warmUp = 0): Promise<Run> {
  await load.ask('prepare', { sensor: 'temperature', count: warmUp + lines });
  const pipe = world.child('bare-pipe');
  const send = async (name: string, from: number, to: number) => {
    const port = await pipe.ask('listen', { file: join(world.directory, name) });
    const [{ startedAtMs }, { syncedAtMs, bytes, syncs }] = await Promise.all([
      load.ask('blast', { port, from, to }, transferDeadlineMs),
      pipe.ask('finished', null, transferDeadlineMs),
    ]);
    const wanted = (to - from) * lineBytes;
    if (bytes !== wanted) throw new Error(`the bare pipe has ${bytes} of ${wanted} bytes`);
    const syncsLeast = (to - from) / barePipeSyncLines;
    if (syncs < syncsLeast) throw new Error(`the bare pipe synced ${syncs} times instead of ${syncsLeast}`);
    return syncedAtMs - startedAtMs;
  };
  if (warmUp > 0) await send('warm', 0, warmUp);
  return { value: lines / ((await send('bare', warmUp, warmUp + lines)) / 1_000) };
}
