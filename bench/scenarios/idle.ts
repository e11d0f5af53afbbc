import { setTimeout as wait } from 'node:timers/promises';
import { checkFiledEdges } from '../filed-edges.ts';
import { type Fogrun, type LogLine, moved } from '../fogrun.ts';
import { importCosts } from '../imports.ts';
import { processFacts } from '../measure.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';
import { nowMs } from '../time.ts';
import { shipped } from '../world.ts';

const settleMsOf = (quick: boolean) => (quick ? 500 : 5_000);
const watchMsOf = (quick: boolean) => (quick ? 1_000 : 30_000);

/** How far the readings may be from one a second: the first is at 0 s, and one may be under way. */
const readingsOff = 2;

const edgeShare = 'edge: processor';
const cloudShare = 'cloud: processor';
const start = 'start to first accepted reading';

export const idle: Scenario = {
  name: 'idle',
  what:
    '`pipelines/cloud.yaml` and `pipelines/edge.yaml` as they stand, a process each, one reading a second from the emulator. ' +
    'The figure is the memory (VmRSS) of the larger process after 35 seconds; the share of a processor is taken over the ' +
    'last 30. The start runs from the spawn of the edge to its first reading in the store. Imports are measured one by one, ' +
    'each in a Node.js of its own and with all that it imports itself: their costs overlap. What was sealed until then must be ' +
    "in the cloud's files, as many readings as seconds passed, numbered without a gap; the values are the emulator's, and not compared.",
  unit: 'MB',
  target: '<= 100 MB a process, <= 0.5 % of a processor, start <= 400 ms',
  holds: ({ median, figures }) =>
    median <= 100 &&
    figures[edgeShare]!.value <= 0.5 &&
    figures[cloudShare]!.value <= 0.5 &&
    figures[start]!.value <= 400,
  run: oneRun,
  once: (inWorld) => inWorld(async ({ quick }) => importCosts(quick ? 1 : 5)),
};

async function oneRun({ world, quick }: Bench): Promise<Run> {
  const env = { ROTATE_EVERY: quick ? '1s' : '15s', RETRY_EVERY: '1s' };
  const cloud = world.fogrun([shipped('cloud.yaml')], { env });
  await cloud.line(({ actor }) => actor === 'receiver');
  const edge = world.fogrun([shipped('edge.yaml')], { env });
  const first = await edge.line(moved('rotator', 'filling'));
  await wait(settleMsOf(quick));
  const [edgeBefore, cloudBefore, beforeMs] = [processFacts(edge.pid), processFacts(cloud.pid), nowMs()];
  await wait(watchMsOf(quick));
  const [edgeAfter, cloudAfter] = [processFacts(edge.pid), processFacts(cloud.pid)];
  const watchedMs = nowMs() - beforeMs;
  const percent = (seconds: number) => ({ value: (seconds * 1e5) / watchedMs, unit: '%' });
  const trouble = edge.lines.find((line) => line.level === 'error' || line.type === 'problem');
  if (trouble) throw new Error(`the edge is in trouble: ${JSON.stringify(trouble)}`);
  await checkFiledEdges(world.data, 1, readingsSealed(edge, first));
  await Promise.all([edge.end(), cloud.end()]);
  return {
    value: Math.max(edgeAfter.rssMb, cloudAfter.rssMb),
    figures: {
      'edge: memory': { value: edgeAfter.rssMb, unit: 'MB' },
      'cloud: memory': { value: cloudAfter.rssMb, unit: 'MB' },
      [edgeShare]: percent(edgeAfter.cpuSeconds - edgeBefore.cpuSeconds),
      [cloudShare]: percent(cloudAfter.cpuSeconds - cloudBefore.cpuSeconds),
      [start]: { value: first.atMs - edge.startedAtMs, unit: 'ms' },
    },
  };
}

/** How many readings were sealed since the first one. Throws unless that is about one for each second until the last seal. */
function readingsSealed(edge: Fogrun, first: LogLine): number {
  const seals = edge.lines.filter(
    ({ type, what, stream }) => type === 'segment' && what === 'sealed' && stream === 'readings',
  );
  const readings = seals.reduce((sum, seal) => sum + seal.readings, 0);
  const last = seals.at(-1);
  if (!last) throw new Error('the edge sealed nothing');
  const seconds = (last.atMs - first.atMs) / 1_000;
  if (Math.abs(readings - seconds) > readingsOff)
    throw new Error(`the edge sealed ${readings} readings in ${seconds.toFixed(1)} s`);
  return readings;
}
