import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { Seen } from '../../src/console/metric.ts';
import { metrics, metricsText } from '../../src/console/metrics.ts';
import type { PipelineStatus } from '../../src/contract/status.ts';
import { actorStatus, pipelineStatus } from '../helpers/fake-control.ts';
import { canRun, pathOf } from '../helpers/needs.ts';
import { readExposition } from './exposition.ts';

const nowMs = 1_000_000;
const waiting = { readings: 40, bytes: 4_000, oldestMs: nowMs - 90_000, bytesMax: 8_000 };
/** One that has everything. */
const full: PipelineStatus = pipelineStatus({
  nowMs,
  actors: [
    actorStatus('rotator', {
      ...{
        kind: 'file-rotator',
        state: 'filling',
        readings: 500,
        waiting: { ...waiting, readings: 5, bytes: 600 },
      },
      ...{ heldBack: false, transitions: 9, retries: 0 },
    }),
    actorStatus('uploader', {
      ...{ state: 'waitingToRetry', health: 'trouble', waiting, readings: 460 },
      ...{ heldBack: true, transitions: 12, retries: 3, restarts: 1 },
    }),
    actorStatus('acks', {
      kind: 'ack-handler',
      waiting: { readings: null, bytes: 3, oldestMs: null, bytesMax: 9 },
    }),
    actorStatus('receiver/10.0.0.7:1', { kind: 'session', state: 'receiving' }),
    actorStatus('receiver/10.0.0.8:2', { kind: 'session', state: 'receiving' }),
    actorStatus('receiver/10.0.0.9:3', { kind: 'session', state: 'greeting' }),
  ],
  actorsLeftOut: 7,
  store: {
    ...{ role: 'edge', path: '/x', state: 'full', cause: null, bytes: 1_024, bytesMax: 4_096 },
    letters: { letters: 2, readings: 30, bytes: 900 },
    lost: { dropped: 12, missed: 3 },
  },
  wires: [
    {
      ...{ from: 'rotator', to: 'uploader', type: 'segments', items: 1, bytes: 1, bytesMax: 16 },
      ...{ itemsTotal: 40, readingsTotal: null, blocked: true },
    },
  ],
  meters: {
    ackLatency: { atMostMs: [10, 100, 2_500], counts: [1, 5, 0, 2], sumMs: 9_500 },
    ...{ loopStallMsMax: 12.5, residentBytes: 5e7, cpuSeconds: 1.25 },
  },
});
const seenEdge: Seen = { pipeline: 'edge', status: full, fleet: null };
const cloud = pipelineStatus({
  ...{ pipeline: 'cloud', edge: null },
  store: { role: 'cloud', path: '/y', state: 'open', cause: null, bytes: 0, bytesMax: 9 },
});
const seen: readonly Seen[] = [
  seenEdge,
  { pipeline: 'cloud', status: cloud, fleet: { edges: 3, connected: 2 } },
  { pipeline: 'gone', status: null, fleet: null },
];

const values = (text: string, name: string) =>
  [...readExposition(text).values()]
    .flatMap(({ series }) => series)
    .filter((each) => each.name === name)
    .map(({ labels, value }): Record<string, string | number> => ({ ...labels, value }));

test('what a pipeline says of itself is told by name, with the units of Prometheus', (t) => {
  const text = metricsText(seen, '1.2.3');
  const of = (name: string) => values(text, `fogrun_${name}`);
  t.deepEqual(of('build_info'), [{ version: '1.2.3', value: 1 }]);
  t.deepEqual(of('up'), [
    { pipeline: 'edge', value: 1 },
    { pipeline: 'cloud', value: 1 },
    { pipeline: 'gone', value: 0 },
  ]);
  t.deepEqual(of('actor_state')[1], {
    ...{ pipeline: 'edge', actor: 'uploader', kind: 'uploader', value: 1 },
    ...{ state: 'waitingToRetry', health: 'trouble' },
  });
  const uploader = { pipeline: 'edge', actor: 'uploader', kind: 'uploader' };
  t.deepEqual(of('actor_health')[1], { ...uploader, value: 2 });
  t.deepEqual(of('actor_transitions_total')[1], { ...uploader, value: 12 });
  t.deepEqual(of('actor_retries_total')[1], { ...uploader, value: 3 });
  t.deepEqual(of('actor_restarts_total')[1], { ...uploader, value: 1 });
  t.deepEqual(of('actor_readings_total')[1], { ...uploader, value: 460 });
  t.deepEqual(of('actor_held_back')[1], { ...uploader, value: 1 });
  t.deepEqual(of('actor_waiting_oldest_age_seconds')[1], { ...uploader, value: 90 });
  t.deepEqual(of('backlog_readings'), [{ pipeline: 'edge', value: 45 }]);
  t.deepEqual(of('backlog_bytes'), [{ pipeline: 'edge', value: 4_600 }]);
  t.deepEqual(of('backlog_oldest_age_seconds'), [{ pipeline: 'edge', value: 90 }]);
  t.deepEqual(of('readings_lost'), [
    { pipeline: 'edge', role: 'edge', reason: 'missed', value: 3 },
    { pipeline: 'edge', role: 'edge', reason: 'dropped', value: 12 },
    { pipeline: 'edge', role: 'edge', reason: 'discarded', value: 0 },
    { pipeline: 'edge', role: 'edge', reason: 'refused', value: 0 },
    { pipeline: 'edge', role: 'edge', reason: 'corrupt', value: 0 },
  ]);
  t.deepEqual(of('store_state').slice(0, 3), [
    { pipeline: 'edge', state: 'open', value: 0 },
    { pipeline: 'edge', state: 'full', value: 1 },
    { pipeline: 'edge', state: 'failed', value: 0 },
  ]);
  t.deepEqual(of('wire_blocked'), [
    { pipeline: 'edge', from: 'rotator', to: 'uploader', carries: 'segments', value: 1 },
  ]);
  t.deepEqual(of('wire_readings_total'), [], 'nobody counts readings there');
  t.deepEqual(of('loop_stall_longest_seconds'), [{ pipeline: 'edge', value: 0.0125 }]);
  t.deepEqual(of('fleet_edges'), [{ pipeline: 'cloud', value: 3 }]);
  t.deepEqual(of('fleet_edges_connected'), [{ pipeline: 'cloud', value: 2 }]);
});

test('a histogram is cumulative, and its buckets are in seconds', (t) => {
  const { series } = readExposition(metricsText([seenEdge], '1')).get('fogrun_ack_latency_seconds')!;
  t.deepEqual(
    series.map(({ name, labels, value }) => [
      name.slice('fogrun_ack_latency_seconds'.length),
      labels.le,
      value,
    ]),
    [
      ['_bucket', '0.01', 1],
      ['_bucket', '0.1', 6],
      ['_bucket', '2.5', 6],
      ['_bucket', '+Inf', 8],
      ['_sum', undefined, 9.5],
      ['_count', undefined, 8],
    ],
  );
});

test('sessions are counted by state, and make no series of their own', (t) => {
  const text = metricsText([seenEdge], '1');
  t.false(text.includes('10.0.0.'));
  t.deepEqual(values(text, 'fogrun_sessions'), [
    { pipeline: 'edge', actor: 'receiver', state: 'receiving', value: 2 },
    { pipeline: 'edge', actor: 'receiver', state: 'greeting', value: 1 },
    { pipeline: 'edge', actor: '', state: '', value: 7 },
  ]);
});

test('every metric has the labels that it is said to have, and each comes from somewhere', (t) => {
  for (const { name, labels, of } of metrics) {
    const samples = of(seen, '1');
    // This one has no samples without readings on a wire.
    if (name !== 'fogrun_wire_readings_total') t.true(samples.length > 0, name);
    for (const sample of samples) {
      const own = Object.keys(sample.labels).filter((label) => label !== 'le');
      t.deepEqual(own, [...labels], name);
    }
  }
  const names = metrics.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
});

test('foreign names break no line: quotes, backslashes, controls and halves of pairs', (t) => {
  const nasty = 'a"} 1\nfogrun_up{pipeline="b\\';
  const status = pipelineStatus({
    version: nasty,
    actors: [actorStatus('x', { state: '\u202e\ud800\u0000' }), actorStatus('x', { state: nasty })],
  });
  const text = metricsText([{ pipeline: 'p', status, fleet: null }], '1');
  t.deepEqual(values(text, 'fogrun_up'), [{ pipeline: 'p', value: 1 }]);
  t.is(values(text, 'fogrun_pipeline_info')[0]!.version, nasty.replaceAll('\n', '\\n'));
  t.is(values(text, 'fogrun_actor_state')[0]!.state, '\\u202e\\ud800\\u0000');
  // An actor of that name comes twice, and its series once: else nothing at all would be taken.
  t.is(values(text, 'fogrun_actor_health').length, 1);
});

test('what an older fogrun does not say is left out, and nothing is made up', (t) => {
  const text = metricsText([{ pipeline: 'old', status: pipelineStatus(), fleet: null }], '1');
  for (const name of ['transitions_total', 'retries_total', 'held_back'])
    t.false(text.includes(`fogrun_actor_${name}`), name);
  for (const name of ['wire_', 'ack_latency', 'process_', 'readings_lost', 'dead_letters', 'fleet_'])
    t.false(text.includes(`fogrun_${name}`), name);
  t.notThrows(() => readExposition(text));
});

test("Prometheus' own checker has nothing to say", (t) => {
  if (!canRun(t, 'promtool')) return;
  const checked = spawnSync(pathOf('promtool')!, ['check', 'metrics'], {
    input: metricsText(seen, '1.2.3'),
    encoding: 'utf8',
  });
  t.is(`${checked.stdout}${checked.stderr}`, '');
  t.is(checked.status, 0);
});

test('the page of metrics tells of each one what the code does', async (t) => {
  const page = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `fogrun_'));
  t.deepEqual(
    rows,
    metrics.map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    ),
  );
});
