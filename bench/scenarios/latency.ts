import type { AckSeen } from '../children/load.ts';
import { checkFiled, whenFiled } from '../filed.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import { ownPipeline } from '../world.ts';

const perSecond = 1_000;
const secondsOf = (quick: boolean) => (quick ? 1 : 10);
const deadlineMs = 60_000;
const p99 = '99 of 100 within';

export const latency: Scenario = {
  name: 'latency',
  what:
    'One thousand readings a second for ten seconds, sealed every 20 ms. Per reading: from the ack line that tells the sender ' +
    "that it is accepted, to the edge's report that its segment is acknowledged (which comes after the commit that deletes " +
    'it). A reading waits 10 ms on average for its segment to be sealed. The figure is the median of all readings of a run, ' +
    'its first ones included. The edge has `bench/pipelines/latency.yaml`: `pipelines/ingest.yaml` with ack lines.',
  unit: 'ms',
  target: 'p50 <= 25 ms, p99 <= 80 ms',
  holds: ({ median, figures }) => median <= 25 && figures[p99]!.value <= 80,
  run: oneRun,
};

async function oneRun({ world, load, quick }: Bench): Promise<Run> {
  const lines = perSecond * secondsOf(quick);
  await load.ask('prepare', { sensor: 'temperature', count: lines });
  const pair = await world.pair({ edge: ownPipeline('latency.yaml'), env: { ROTATE_EVERY: '20ms' } });
  const acknowledged: AckSeen[] = [];
  let sum = 0;
  pair.edge.listen((line) => {
    if (line.type !== 'segment' || line.what !== 'acknowledged' || line.stream !== 'readings') return;
    sum += line.readings;
    acknowledged.push([line.atMs, sum]);
  });
  const deleted = pair.edge.deleted(lines, deadlineMs);
  const [{ acks }] = await Promise.all([
    load.ask('pace', { port: pair.port, perSecond, everyMs: 1 }, deadlineMs),
    deleted,
  ]);
  await whenFiled(world.data, lines);
  await Promise.all([pair.edge.end(), pair.cloud.end()]);
  await checkFiled(world.data, 'temperature', lines);
  const [accepted, safe] = [timesOf(acks, lines), timesOf(acknowledged, lines)];
  const waits = accepted.map((atMs, i) => safe[i]! - atMs);
  return {
    value: quantile(waits, 0.5),
    figures: {
      [p99]: { value: quantile(waits, 0.99), unit: 'ms' },
      'the longest': { value: quantile(waits, 1), unit: 'ms' },
      'acknowledgements per second': { value: acknowledged.length / secondsOf(quick), unit: '' },
    },
  };
}

/** When each reading was told of, from reports that say how many were so far. */
function timesOf(seen: readonly AckSeen[], lines: number): number[] {
  const times: number[] = [];
  for (const [atMs, count] of seen) while (times.length < count) times.push(atMs);
  if (times.length !== lines) throw new Error(`${times.length} of ${lines} readings were told of`);
  return times;
}
