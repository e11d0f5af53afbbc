/** What is measured for docs/scaling.md: four ways in which work can grow, a few points on each. */
import { processFacts } from '../measure.ts';
import type { Bench, Figures } from '../scenario.ts';
import { drainBacklog } from '../scenarios/backlog.ts';
import { serveEdges } from '../scenarios/edges.ts';
import { transfer } from '../transfer.ts';

export interface Curve {
  readonly name: string;
  /** What grows, with its unit. */
  readonly grows: string;
  readonly points: (quick: boolean) => readonly number[];
  /** Does the work once at that point. */
  measure(bench: Bench, point: number): Promise<Figures>;
  readonly pictures: readonly Picture[];
}

/** One chart from a curve: which figures it shows, by name, and what they are called in it. */
export interface Picture {
  readonly file: string;
  readonly title: string;
  readonly y: string;
  readonly series: Readonly<Record<string, string>>;
}

const deadlineMs = 180_000;
const percentOfCore = '% of a core';

const rate: Curve = {
  name: 'rate',
  grows: 'readings/s',
  points: (quick) => (quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 500_000]),
  async measure({ world, load, quick }, perSecond) {
    const lines = perSecond * (quick ? 1 : 10);
    await load.ask('prepare', { sensor: 'temperature', count: lines }, deadlineMs);
    const { edge, cloud, port } = await world.pair({ env: { ROTATE_EVERY: '1s' } });
    const before = { edge: processFacts(edge.pid), cloud: processFacts(cloud.pid) };
    const deleted = edge.deleted(lines, deadlineMs);
    const { startedAtMs } = await load.ask('pace', { port, perSecond, everyMs: 10 }, deadlineMs);
    const seconds = ((await deleted).atMs - startedAtMs) / 1_000;
    const share = (from: number, to: number) => ({
      value: ((to - from) / seconds) * 100,
      unit: percentOfCore,
    });
    return {
      'edge: processor': share(before.edge.cpuSeconds, processFacts(edge.pid).cpuSeconds),
      'cloud: processor': share(before.cloud.cpuSeconds, processFacts(cloud.pid).cpuSeconds),
    };
  },
  pictures: [
    {
      file: 'rate.svg',
      title: 'Processor time against readings a second, one edge',
      y: percentOfCore,
      series: { 'edge: processor': 'edge', 'cloud: processor': 'cloud' },
    },
  ],
};

const edges: Curve = {
  name: 'edges',
  grows: 'edges',
  points: (quick) => (quick ? [1, 10] : [1, 10, 100, 1_000, 2_000]),
  async measure(bench, count) {
    const seconds = bench.quick ? 1 : 10;
    const { value, figures = {} } = await serveEdges(bench, { edges: count, seconds, reconnect: false });
    return {
      'ack, p99': { value, unit: 'ms' },
      'cloud: processor': figures['cloud: processor']!,
      'cloud: memory at rest': figures['cloud: memory at rest']!,
    };
  },
  pictures: [
    {
      file: 'edges-processor.svg',
      title: "The cloud's processor time against edges, a segment a second each",
      y: percentOfCore,
      series: { 'cloud: processor': 'cloud' },
    },
    {
      file: 'edges-memory.svg',
      title: "The cloud's memory against edges, all connected and at rest",
      y: 'MB',
      series: { 'cloud: memory at rest': 'cloud' },
    },
  ],
};

const backlog: Curve = {
  name: 'backlog',
  grows: 'readings waiting',
  points: (quick) => (quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000, 10_000_000]),
  async measure(bench, lines) {
    const { value, figures = {} } = await drainBacklog(bench, { lines });
    return { ...figures, 'rate of draining': { value, unit: 'readings/s' } };
  },
  pictures: [
    {
      file: 'backlog-restart.svg',
      title: 'From a restart to the first stored segment, against what waits',
      y: 'ms',
      series: { 'restart to the first segment stored in the cloud': 'restart' },
    },
    {
      file: 'backlog-memory.svg',
      title: "The edge's peak memory while it drains",
      y: 'MB',
      series: {
        'edge: peak memory without mapped files': 'its own',
        'edge: peak memory with them': 'with mapped files',
      },
    },
  ],
};

const roundTrip: Curve = {
  name: 'round-trip',
  grows: 'round trip, ms',
  points: (quick) => (quick ? [0, 20] : [0, 20, 50, 100, 200]),
  async measure(bench, roundTripMs) {
    const lines = bench.quick ? 20_000 : 3_000_000;
    const { value } = await transfer(bench, { lines, relayDelayMs: roundTripMs / 2 });
    return { throughput: { value, unit: 'readings/s' } };
  },
  pictures: [
    {
      file: 'round-trip.svg',
      title: 'Readings a second end to end, against the round trip',
      y: 'readings/s',
      series: { throughput: 'throughput' },
    },
  ],
};

export const curves: readonly Curve[] = [rate, edges, backlog, roundTrip];
