import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkFiledEdges } from '../filed-edges.ts';
import { processFacts } from '../measure.ts';
import { Probe } from '../probe.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';
import { readingsPerSegment } from '../simulated-edge.ts';
import { quantile } from '../statistics.ts';
import { shipped } from '../world.ts';

const deadlineMs = 180_000;
/** A process is at rest after that. */
const restMs = 3_000;

export interface EdgesWork {
  readonly edges: number;
  readonly seconds: number;
  /** Whether they are all cut in the end and dial again at once; they are unless told otherwise. */
  readonly reconnect?: boolean;
}

/** So many dial at once at first: fewer than a receiver takes of strangers. */
const dialAtOnce = 500;

const bounds = { p99Ms: 250, memoryKb: 60, settleMs: 10_000 };
const memoryName = 'memory an edge above the first, all connected and at rest';
const settleName = 'all cut and dialling at once: until all are greeted and acknowledged';

export const edges: Scenario = {
  name: 'edges',
  what:
    'One process of `pipelines/cloud.yaml` and 1,000 edges, each with a segment of ten readings a second for 20 s, spread evenly ' +
    'over the second. The edges are one process that speaks the real link protocol and keeps its segments in memory. The figure is ' +
    'the time from sending a segment to its acknowledgement, as the edges see it. Memory is what the system counts (VmRSS), with ' +
    "the pages of the store that happen to be mapped. In the cloud's files each edge must have its readings by number, once and " +
    'in order; their other bytes are not compared.',
  unit: 'ms (p99)',
  target: `no ack missed, p99 <= ${bounds.p99Ms} ms, <= ${bounds.memoryKb} kB an edge, settled within ${bounds.settleMs / 1_000} s`,
  holds: ({ median, figures }) =>
    median <= bounds.p99Ms &&
    (figures[memoryName]?.value ?? Number.POSITIVE_INFINITY) <= bounds.memoryKb &&
    (figures[settleName]?.value ?? Number.POSITIVE_INFINITY) <= bounds.settleMs,
  run: (bench) => serveEdges(bench, bench.quick ? { edges: 50, seconds: 3 } : { edges: 1_000, seconds: 20 }),
};

/** Connects, waits, loads, cuts and reconnects that many edges; rejects when an acknowledgement or a reading is missing. */
export async function serveEdges({ world }: Bench, work: EdgesWork): Promise<Run> {
  const { edges: count, seconds, reconnect = true } = work;
  const probe = new Probe({ file: join(world.directory, 'probe') });
  const cloud = world.fogrun([shipped('cloud.yaml')], probe.options);
  await cloud.line(({ text }) => text?.startsWith('listening on'));
  const load = world.child('edges');
  const port = Number(world.env.CLOUD_PORT);
  const facts = () => processFacts(cloud.pid);

  await load.ask('connect', { port, count: 1 });
  await wait(restMs);
  const one = { rssMb: facts().rssMb, heapBytes: (await probe.read(cloud.pid)).heapUsedBytes };
  const kbAnEdge = (mb: number) => ({ value: ((mb - one.rssMb) * 1e3) / Math.max(1, count - 1), unit: 'kB' });

  for (let left = count - 1; left > 0; left -= dialAtOnce) {
    await load.ask('connect', { port, count: Math.min(left, dialAtOnce) }, deadlineMs);
  }
  await wait(restMs);
  const atRest = facts();
  const { heapUsedBytes } = await probe.read(cloud.pid);

  const before = facts();
  const paced = await load.ask('pace', { seconds }, deadlineMs);
  const after = facts();
  const again = reconnect ? await load.ask('reconnect', null, deadlineMs) : null;
  for (const { sealed, acknowledged, lost, lastWords } of again ? [paced, again] : [paced]) {
    if (acknowledged !== sealed || lost > 0) {
      throw new Error(`${acknowledged} of ${sealed} segments acknowledged, ${lost} links lost: ${lastWords}`);
    }
  }
  await checkFiledEdges(world.data, count, (seconds + (again ? 1 : 0)) * readingsPerSegment);
  await load.ask('cut', null);
  await cloud.end();
  const latencies = [...paced.latenciesMs];
  return {
    value: quantile(latencies, 0.99),
    figures: {
      p50: { value: quantile(latencies, 0.5), unit: 'ms' },
      longest: { value: Math.max(...latencies), unit: 'ms' },
      [memoryName]: kbAnEdge(atRest.rssMb),
      'of that live on the heap, after a collection': {
        value: (heapUsedBytes - one.heapBytes) / 1e3 / Math.max(1, count - 1),
        unit: 'kB',
      },
      'memory an edge right after the load': kbAnEdge(after.rssMb),
      'cloud: memory with one edge': { value: one.rssMb, unit: 'MB' },
      'cloud: memory at rest': { value: atRest.rssMb, unit: 'MB' },
      'cloud: processor': {
        value: ((after.cpuSeconds - before.cpuSeconds) / (paced.settledMs / 1_000)) * 100,
        unit: '% of a core',
      },
      ...(again && {
        'all cut and dialling at once: until all are greeted': { value: again.greetedMs, unit: 'ms' },
        [settleName]: { value: again.settledMs, unit: 'ms' },
      }),
    },
  };
}
