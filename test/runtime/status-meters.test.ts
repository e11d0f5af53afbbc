import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { SegmentReport } from '../../src/contract/report.ts';
import { checkStatus } from '../../src/runtime/ipc-control-answers.ts';
import { LoopWatch } from '../../src/runtime/loop-watch.ts';
import type { RunningPipeline } from '../../src/runtime/pipeline.ts';
import { Travels } from '../../src/runtime/travels.ts';
import { actorStatus, pipelineStatus } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { linkKind, watching } from './control-fixtures.ts';
import {
  actorPlan,
  batch,
  fakeKind,
  fakeStore,
  planOf,
  startPipeline,
  storePlan,
} from './pipeline-fixtures.ts';

const limits = { itemsMax: 1, bytesMax: 1_000 };
const named = async (pipeline: RunningPipeline, name: string) =>
  (await pipeline.control.status()).actors.find((actor) => actor.name === name)!;

test('state changes are counted, and attempts after the first whoever began them', async (t) => {
  const { pipeline, clock } = await startPipeline(planOf([actorPlan('up', linkKind())]));
  const up = pipeline.actors.get('up')!;
  t.like(await named(pipeline, 'up'), { transitions: 1, retries: 0 });
  up.send({ type: 'LOST' });
  t.like(await named(pipeline, 'up'), { transitions: 2, retries: 0 });
  await clock.advance(5_000);
  t.like(await named(pipeline, 'up'), { state: 'dialling', transitions: 3, retries: 1 });
  up.send({ type: 'LOST' });
  up.send({ type: 'RETRY' });
  t.like(await named(pipeline, 'up'), { transitions: 5, retries: 2 });
  await clock.advance(300);
  t.like(await named(pipeline, 'up'), { state: 'idle', transitions: 6, retries: 2 });
  up.send({ type: 'LOST' });
  up.send({ type: 'PAUSE' });
  up.send({ type: 'RESUME' });
  t.like(await named(pipeline, 'up'), { transitions: 9, retries: 2 }, 'a pause is no attempt');
});

test('each wire tells what its own sender has put there, and who waits for credit is held back', async (t) => {
  const plan = planOf([
    actorPlan('a', fakeKind({ emits: 'readings' }), 'sink'),
    actorPlan('b', fakeKind({ emits: 'readings' }), 'sink'),
    actorPlan('sink', fakeKind({ accepts: 'readings' })),
  ]);
  const hold = Promise.withResolvers<void>();
  const { pipeline, clock, envs } = await startPipeline(plan, {
    sink: (env) => (io) => env.input.consume(limits, io.signal, () => hold.promise),
  });
  const send = (from: string, count: number, bytes: number) => {
    const { output } = envs.get(from)!;
    void (output as unknown as { send(item: unknown): Promise<void> }).send({
      ...batch(1),
      lines: Buffer.alloc(bytes),
      count,
    });
  };
  const wires = async () => (await pipeline.control.status()).wires!;
  const [a, b] = await wires();
  t.deepEqual(a, {
    ...{ from: 'a', to: 'sink', type: 'readings' },
    ...{ items: 0, bytes: 0, bytesMax: 8 * 2 ** 20, itemsTotal: 0, readingsTotal: 0, blocked: false },
  });
  t.like(b, { from: 'b', to: 'sink' });
  send('a', 3, 100);
  send('b', 5, 8 * 2 ** 20 - 100);
  send('b', 7, 10);
  await clock.flush();
  t.like((await wires())[0], { items: 1, bytes: 100, itemsTotal: 0, blocked: false });
  t.like((await wires())[1], { items: 1, bytes: 8 * 2 ** 20 - 100, blocked: true });
  t.true((await named(pipeline, 'a')).heldBack, 'the port that both share has no credit left');
  t.false((await named(pipeline, 'sink')).heldBack);
  hold.resolve();
  await clock.flush();
  t.like((await wires())[0], { items: 0, bytes: 0, itemsTotal: 1, readingsTotal: 3, blocked: false });
  t.like((await wires())[1], { items: 0, bytes: 0, itemsTotal: 2, readingsTotal: 12, blocked: false });
  t.false((await named(pipeline, 'a')).heldBack);
});

test('what a sender takes back before there was credit no longer waits', async (t) => {
  const plan = planOf([
    actorPlan('a', fakeKind({ emits: 'readings' }), 'sink'),
    actorPlan('sink', fakeKind({ accepts: 'readings' })),
  ]);
  const { pipeline, envs } = await startPipeline(plan);
  const output = envs.get('a')!.output as unknown as {
    send(item: unknown, signal?: AbortSignal): Promise<void>;
  };
  void output.send({ ...batch(1), lines: Buffer.alloc(8 * 2 ** 20) });
  const abort = new AbortController();
  const back = output.send(batch(1), abort.signal);
  t.true((await pipeline.control.status()).wires![0]!.blocked);
  abort.abort(new Error('taken back'));
  await t.throwsAsync(back, { message: 'taken back' });
  t.like((await pipeline.control.status()).wires![0], { blocked: false, items: 1 });
});

const segment = (what: SegmentReport['what'], number: number, more: Partial<SegmentReport> = {}) =>
  ({ type: 'segment', what, segment: number, readings: 1, stream: 's', ...more }) as const;

test('an acknowledgement is as late as the first time that its segment was handed over, whatever the wall clock does', async (t) => {
  const clock = createVirtualClock();
  const travels = new Travels(clock);
  travels.see(segment('sent', 1));
  await clock.advance(700);
  travels.see(segment('sent', 1));
  travels.see(segment('sent', 2));
  clock.jump(-86_400_000);
  await clock.advance(200);
  travels.see(segment('acknowledged', 2, { first: 1 }));
  const counted = (ms: number) => {
    const { atMostMs, counts } = travels.latency.histogram();
    return counts[atMostMs.findIndex((most) => ms <= most)];
  };
  t.is(travels.latency.histogram().sumMs, 900 + 200);
  t.is(counted(900), 1);
  t.is(counted(200), 1);
  // One that was acknowledged before anybody heard that it was sent was as fast as can be.
  travels.see(segment('acknowledged', 3));
  travels.see(segment('sent', 3));
  t.is(counted(0), 1);
  // What nobody saw sent is not counted, and what took longer than all places has one of its own.
  travels.see(segment('acknowledged', 4));
  travels.see(segment('sent', 5));
  await clock.advance(2 * 86_400_000);
  travels.see(segment('acknowledged', 5));
  const { atMostMs, counts } = travels.latency.histogram();
  t.is(counts.length, atMostMs.length + 1);
  t.is(counts.at(-1), 1);
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    4,
  );
});

test('latencies are told of an edge only, and stalls only while somebody watches', async (t) => {
  const { store } = fakeStore();
  const edge = await startPipeline(planOf([actorPlan('up', fakeKind())], storePlan), {}, { store });
  const none = await startPipeline(planOf([actorPlan('up', fakeKind())]));
  const metersOf = async ({ pipeline }: typeof edge) => (await pipeline.control.status()).meters!;
  t.is((await metersOf(none)).ackLatency, null);
  t.is((await metersOf(edge)).ackLatency!.sumMs, 0);
  t.is((await metersOf(edge)).loopStallMsMax, null);
  const watcher = watching(edge.pipeline.control);
  t.is((await metersOf(edge)).loopStallMsMax, 0);
  t.true((await metersOf(edge)).residentBytes > 10 * 2 ** 20);
  t.true((await metersOf(edge)).cpuSeconds > 0);
  watcher.end();
  watcher.end();
  t.is((await metersOf(edge)).loopStallMsMax, null);
});

test('a loop that stands still is noticed, and forgotten when nobody watches any more', async (t) => {
  const loop = new LoopWatch();
  const [one, other] = [loop.begin(), loop.begin()];
  // Two ticks of the watch: before the first there is nothing to compare with.
  await pause(80);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await pause(80);
  one();
  one();
  t.true(loop.stallMsMax! >= 200, `${loop.stallMsMax} ms`);
  other();
  t.is(loop.stallMsMax, null);
  const again = loop.begin();
  t.is(loop.stallMsMax, 0);
  again();
});

test('what a stranger tells of wires and meters is checked, and what an older fogrun leaves out is not missed', (t) => {
  const wire = {
    ...{ from: 'a', to: 'b', type: 'readings' as const, items: 0, bytes: 0, bytesMax: 1 },
    ...{ itemsTotal: 0, readingsTotal: null, blocked: false },
  };
  const meters = {
    ackLatency: { atMostMs: [1, 2], counts: [0, 1, 0], sumMs: 2 },
    ...{ loopStallMsMax: null, residentBytes: 1, cpuSeconds: 0.5 },
  };
  const actors = [actorStatus('a', { heldBack: true, transitions: 3, retries: 1 })];
  const good = pipelineStatus({ actors, wires: [wire], meters });
  t.is(checkStatus(good), good);
  t.notThrows(() => checkStatus(pipelineStatus()));
  const withLatency = (ackLatency: object) => ({ ...good, meters: { ...meters, ackLatency } });
  const bad = [
    { ...good, wires: {} },
    { ...good, wires: [{ ...wire, blocked: 1 }] },
    { ...good, wires: [{ ...wire, readingsTotal: 'many' }] },
    { ...good, meters: null },
    { ...good, meters: { ...meters, cpuSeconds: '1' } },
    withLatency({ atMostMs: [1, 2], counts: [0, 1], sumMs: 2 }),
    withLatency({ atMostMs: [2, 1], counts: [0, 1, 0], sumMs: 2 }),
    { ...good, actors: [actorStatus('a', { heldBack: 'yes' as never })] },
    { ...good, actors: [actorStatus('a', { transitions: null as never })] },
  ];
  for (const each of bad) t.throws(() => checkStatus(each), { code: 'control-lost' });
});
