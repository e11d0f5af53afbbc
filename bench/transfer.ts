/** The work that several benchmarks share: lines go in at the edge until the last of them is acknowledged and deleted. */
import { join } from 'node:path';
import { checkFiled, whenFiled } from './filed.ts';
import { lineBytes, type Sensor } from './lines.ts';
import { processFacts } from './measure.ts';
import type { Bench, Figures, Run } from './scenario.ts';
import type { Pair, PairOptions } from './world.ts';

const transferDeadlineMs = 300_000;

export interface Transfer extends PairOptions {
  readonly lines: number;
  readonly sensor?: Sensor;
  /** Runs when edge and cloud have greeted each other, before the first byte. */
  readonly before?: (pair: Pair) => Promise<void>;
  /** Runs after the last deletion, while both still run; its figures are added. */
  readonly after?: (pair: Pair) => Promise<Figures>;
}

/** Readings per second from the first byte written to the last segment deleted on the edge; checked in the cloud's files. */
export async function transfer({ world, load }: Bench, options: Transfer): Promise<Run> {
  const { lines, sensor = 'temperature' } = options;
  await load.ask('prepare', { sensor, count: lines });
  const pair = await world.pair(options);
  await options.before?.(pair);
  const [edgeBefore, cloudBefore] = [processFacts(pair.edge.pid), processFacts(pair.cloud.pid)];
  const deleted = pair.edge.deleted(lines, transferDeadlineMs);
  const sent = load.ask('blast', { port: pair.port }, transferDeadlineMs);
  // Whichever fails first; the load may end after the last deletion or before it.
  const [last, { startedAtMs }] = await Promise.all([deleted, sent]);
  const filedAtMs = await whenFiled(world.data, lines);
  const [edge, cloud] = [processFacts(pair.edge.pid), processFacts(pair.cloud.pid)];
  const perMillion = (seconds: number) => ({ value: (seconds * 1e6) / lines, unit: 's per million' });
  const figures: Figures = {
    'edge: processor time': perMillion(edge.cpuSeconds - edgeBefore.cpuSeconds),
    'cloud: processor time': perMillion(cloud.cpuSeconds - cloudBefore.cpuSeconds),
    'edge: peak memory': { value: edge.rssPeakMb, unit: 'MB' },
    'cloud: peak memory': { value: cloud.rssPeakMb, unit: 'MB' },
    'filed after the last deletion': { value: Math.max(0, filedAtMs - last.atMs), unit: 'ms' },
    ...(await options.after?.(pair)),
  };
  await Promise.all([pair.edge.end(), pair.cloud.end()]);
  await checkFiled(world.data, sensor, lines);
  return { value: lines / ((last.atMs - startedAtMs) / 1_000), figures };
}

/** The yardstick: the same lines into a file, synced every 1,000 lines. */
export async function barePipe({ world, load }: Bench, lines: number): Promise<Run> {
  await load.ask('prepare', { sensor: 'temperature', count: lines });
  const pipe = world.child('bare-pipe');
  const port = await pipe.ask('listen', { file: join(world.directory, 'bare') });
  const [{ startedAtMs }, { syncedAtMs, bytes }] = await Promise.all([
    load.ask('blast', { port }, transferDeadlineMs),
    pipe.ask('finished', null, transferDeadlineMs),
  ]);
  if (bytes !== lines * lineBytes) throw new Error(`the bare pipe has ${bytes} bytes of ${lines} lines`);
  return { value: lines / ((syncedAtMs - startedAtMs) / 1_000) };
}
