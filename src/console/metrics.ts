/** What `/metrics` tells. */
import type { Histogram, PipelineStatus } from '../contract/status.ts';
import type { GapReason } from '../domain/gap.ts';
import {
  ageSeconds,
  counter,
  each,
  gauge,
  isDeclared,
  type Metric,
  one,
  pipeline,
  type Seen,
  seconds,
} from './metric.ts';
import { actorMetrics } from './metrics-actors.ts';
import { contentType, exposition, type Labels, numberText, type Sample } from './prometheus.ts';

export { contentType };

const lossReasons: readonly GapReason[] = ['missed', 'dropped', 'discarded', 'refused', 'corrupt'];
/** What an edge holds that the cloud has not acknowledged: in ports, in the open segment, and sealed. */
function backlogOf({ store, actors, nowMs }: PipelineStatus) {
  if (store?.role !== 'edge') return null;
  let [readings, bytes, oldestMs] = [0, 0, nowMs];
  for (const { waiting } of actors.filter(isDeclared)) {
    if (waiting?.readings === null || waiting?.readings === undefined) continue;
    readings += waiting.readings;
    bytes += waiting.bytes;
    oldestMs = Math.min(oldestMs, waiting.oldestMs ?? nowMs);
  }
  return { readings, bytes, oldestSeconds: ageSeconds(oldestMs, nowMs) };
}

function histogramSamples({ atMostMs, counts, sumMs }: Histogram, labels: Labels): Sample[] {
  let total = 0;
  const bucket = (le: string) => ({ labels: { ...labels, le }, value: total, suffix: '_bucket' }) as const;
  const buckets = atMostMs.map((most, i) => {
    total += counts[i]!;
    return bucket(numberText(seconds(most)));
  });
  total += counts.at(-1)!;
  return [
    ...buckets,
    bucket('+Inf'),
    { labels, value: seconds(sumMs), suffix: '_sum' },
    { labels, value: total, suffix: '_count' },
  ];
}

export const metrics: readonly Metric[] = [
  gauge(
    'build_info',
    'Always 1; tells the version of the program that answers.',
    ['version'],
    (_, version) => [{ labels: { version }, value: 1 }],
  ),
  gauge('up', '1 while the pipeline answers, 0 while it does not.', pipeline, (seen) =>
    seen.map(({ pipeline: name, status }) => ({ labels: { pipeline: name }, value: status ? 1 : 0 })),
  ),
  gauge(
    'pipeline_info',
    'Always 1; tells the version that the pipeline runs, its edge if it is one, and the role of its store.',
    ['pipeline', 'version', 'edge', 'role'],
    each(({ status: { version, edge, store } }) => [
      { labels: { version, edge: edge ?? '', role: store?.role ?? '' }, value: 1 },
    ]),
  ),
  gauge(
    'start_time_seconds',
    'When the pipeline was started, since 1970.',
    pipeline,
    one((status) => seconds(status.startedMs)),
  ),
  ...actorMetrics,
  gauge(
    'backlog_readings',
    'Readings of an edge that the cloud has not acknowledged.',
    pipeline,
    one((status) => backlogOf(status)?.readings),
  ),
  gauge(
    'backlog_bytes',
    'Bytes of these.',
    pipeline,
    one((status) => backlogOf(status)?.bytes),
  ),
  gauge(
    'backlog_oldest_age_seconds',
    'How long the oldest of these has waited; 0 when there is none.',
    pipeline,
    one((status) => backlogOf(status)?.oldestSeconds),
  ),
  {
    name: 'fogrun_ack_latency_seconds',
    type: 'histogram',
    help: 'From the first time that a segment was handed to the link to its acknowledgement.',
    labels: pipeline,
    of: (seen) =>
      seen.flatMap(({ pipeline: name, status }) => {
        const latency = status?.meters?.ackLatency;
        return latency ? histogramSamples(latency, { pipeline: name }) : [];
      }),
  },
  gauge(
    'readings_lost',
    'Readings that became gaps since the life of the store began; goes down where one turns out to have arrived.',
    ['pipeline', 'role', 'reason'],
    each(({ status: { store } }) => {
      const { role, lost } = store ?? {};
      if (!role || !lost) return [];
      return lossReasons.map((reason) => ({ labels: { role, reason }, value: lost[reason] ?? 0 }));
    }),
  ),
  gauge(
    'store_state',
    '1 for the state that the store is in, 0 for the others.',
    ['pipeline', 'state'],
    each(({ status: { store } }) =>
      (store ? ['open', 'full', 'failed'] : []).map((state) => ({
        labels: { state },
        value: Number(store?.state === state),
      })),
    ),
  ),
  gauge(
    'store_bytes',
    'Bytes in the store that count against its quota.',
    pipeline,
    one(({ store }) => store?.bytes),
  ),
  gauge(
    'store_bytes_max',
    'The quota of the store.',
    pipeline,
    one(({ store }) => store?.bytesMax),
  ),
  gauge(
    'dead_letters',
    'Dead letters that the edge keeps for people.',
    pipeline,
    one(({ store }) => store?.letters?.letters),
  ),
  gauge(
    'dead_letter_readings',
    'Readings in these.',
    pipeline,
    one(({ store }) => store?.letters?.readings),
  ),
  gauge(
    'dead_letter_bytes',
    'Bytes of these.',
    pipeline,
    one(({ store }) => store?.letters?.bytes),
  ),
  gauge(
    'loop_stall_longest_seconds',
    "The longest time that the event loop of the pipeline's process stood still since somebody watches that.",
    pipeline,
    one(({ meters }) => {
      const ms = meters?.loopStallMsMax ?? null;
      return ms === null ? null : seconds(ms);
    }),
  ),
  gauge(
    'process_resident_memory_bytes',
    "Memory of the pipeline's process.",
    pipeline,
    one(({ meters }) => meters?.residentBytes),
  ),
  counter(
    'process_cpu_seconds_total',
    "Processor time of the pipeline's process.",
    pipeline,
    one(({ meters }) => meters?.cpuSeconds),
  ),
  gauge(
    'fleet_edges',
    'Edges that the cloud has met.',
    pipeline,
    each(({ fleet }) => [{ value: fleet?.edges }]),
  ),
  gauge(
    'fleet_edges_connected',
    'Edges that are connected to the cloud.',
    pipeline,
    each(({ fleet }) => [{ value: fleet?.connected }]),
  ),
];

export function metricsText(seen: readonly Seen[], version: string): string {
  return exposition(metrics.map((metric) => ({ ...metric, samples: metric.of(seen, version) })));
}
