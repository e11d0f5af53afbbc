import test from 'ava';
import { createMachine } from 'xstate';
import type { PortType } from '../../src/contract/port.ts';
import type { RunningPipeline } from '../../src/runtime/pipeline.ts';
import { problem } from '../helpers/statechart.ts';
import { linkKind, unreachable, watching } from './control-fixtures.ts';
import {
  actorPlan,
  batch,
  fakeKind,
  fakeStore,
  planOf,
  startPipeline,
  storePlan,
  untilAborted,
} from './pipeline-fixtures.ts';

const source = () => fakeKind({ emits: 'readings' });
const relay = () => fakeKind({ accepts: 'readings', emits: 'readings' });
const sink = (accepts: PortType = 'readings') => fakeKind({ accepts });
const limits = { itemsMax: 1, bytesMax: 1_000 };

const named = async (pipeline: RunningPipeline, name: string) =>
  (await pipeline.control.status()).actors.find((actor) => actor.name === name)!;

test('readings are counted once each: where they are passed on, or else where they are dealt with', async (t) => {
  const plan = planOf([
    actorPlan('a', source(), 'relay'),
    actorPlan('b', source(), 'relay'),
    actorPlan('relay', relay(), 'sink'),
    actorPlan('sink', sink()),
  ]);
  const hold = Promise.withResolvers<void>();
  const feed =
    (count: number) =>
    (env: { output: { send(item: unknown): Promise<void> } }) =>
    async (io: { signal: AbortSignal }) => {
      await env.output.send({ ...batch(1), count });
      await untilAborted(io.signal);
    };
  const { pipeline, clock } = await startPipeline(plan, {
    a: feed(5) as never,
    b: feed(7) as never,
    relay: (env) => (io) =>
      env.input.consume(limits, io.signal, async (items) => {
        for (const item of items) await env.output.send(item);
      }),
    sink: (env) => (io) => env.input.consume(limits, io.signal, () => hold.promise),
  });
  const counted = async () => (await pipeline.control.status()).actors.map(({ readings }) => readings);
  t.deepEqual(await counted(), [0, 0, 0, 0]);
  t.like((await named(pipeline, 'sink')).waiting, { readings: 7, bytes: 2 });
  t.like((await named(pipeline, 'relay')).waiting, { readings: 12, bytes: 4 });
  t.is((await named(pipeline, 'a')).waiting, null);
  hold.resolve();
  await clock.flush();
  t.deepEqual(await counted(), [5, 7, 12, 12]);
  t.like((await named(pipeline, 'sink')).waiting, { readings: 0, bytes: 0, oldestMs: null });
  await clock.advance(2_000);
  const { readingsPerSecond, perSecond } = await named(pipeline, 'relay');
  t.is(readingsPerSecond, 6);
  t.deepEqual(perSecond, [12, 0]);
});

test('what waits says since when, and where readings are not counted it says so', async (t) => {
  const plan = planOf([
    actorPlan('source', fakeKind({ emits: 'messages' }), 'sink'),
    actorPlan('sink', sink('messages')),
  ]);
  const { pipeline, clock, envs } = await startPipeline(plan);
  const since = clock.now();
  const send = () => void (envs.get('source')!.output as unknown as { send(x: object): void }).send({});
  send();
  await clock.advance(5_000);
  send();
  t.deepEqual((await named(pipeline, 'sink')).waiting, {
    readings: null,
    bytes: 2,
    oldestMs: since,
    bytesMax: 4_096,
  });
});

test('an actor tells its state, since when, what is wrong, and when it tries again', async (t) => {
  const { pipeline, clock } = await startPipeline(planOf([actorPlan('up', linkKind())]));
  const up = pipeline.actors.get('up')!;
  const began = clock.now();
  t.like(await named(pipeline, 'up'), {
    kind: 'fake-link',
    state: 'idle',
    health: 'well',
    sinceMs: began,
    cause: null,
    lastError: null,
    attempt: 0,
    retryAtMs: null,
    restarts: 0,
    process: null,
  });
  await clock.advance(1_000);
  up.send({ type: 'LOST' });
  await clock.advance(2_000);
  t.like(await named(pipeline, 'up'), {
    state: 'waitingToRetry',
    health: 'trouble',
    sinceMs: began + 1_000,
    cause: unreachable,
    attempt: 1,
    retryAtMs: began + 6_000,
  });
  await clock.advance(3_100);
  // It is not well before it says so.
  t.like(await named(pipeline, 'up'), {
    state: 'dialling',
    health: 'trouble',
    cause: unreachable,
    retryAtMs: null,
  });
  await clock.advance(1_000);
  const well = await named(pipeline, 'up');
  t.like(well, { state: 'idle', health: 'well', cause: null, attempt: 0 });
  t.deepEqual(well.lastError, { problem: unreachable, atMs: began + 1_000 });
  up.send({ type: 'PAUSE' });
  t.is((await named(pipeline, 'up')).health, 'paused');
  up.send({ type: 'GIVE_UP' });
  await clock.flush();
  t.like(await named(pipeline, 'up'), { state: 'failed', health: 'failed', cause: unreachable });
});

test('a problem that no state shows is the last error all the same', async (t) => {
  const { pipeline, clock, envs } = await startPipeline(planOf([actorPlan('one', fakeKind())]));
  envs.get('one')!.report({ type: 'problem', ...problem('store-corrupt', 'segment 3') });
  t.deepEqual((await named(pipeline, 'one')).lastError, {
    problem: problem('store-corrupt', 'segment 3'),
    atMs: clock.now(),
  });
});

test('what belongs to an actor follows it, is forgotten when it ends, and is counted beyond 200', async (t) => {
  const plan = planOf([actorPlan('receiver', fakeKind()), actorPlan('other', fakeKind())]);
  const { pipeline, clock, envs } = await startPipeline(plan);
  const env = envs.get('receiver')!;
  const machine = createMachine({
    id: 'session',
    initial: 'open',
    states: { open: { tags: ['rest'] } },
  });
  const sessions = Array.from({ length: 250 }, (_, i) =>
    env.startChild(`192.0.2.1:${i}`, machine, (report) => {
      report({ type: 'stored', edge: 'e', stream: 's', segment: 1, readings: i, file: 'f' });
      return undefined;
    }),
  );
  const many = await pipeline.control.status();
  t.is(many.actors.length, 202);
  t.is(many.actorsLeftOut, 50);
  t.like(many.actors[3], {
    name: 'receiver/192.0.2.1:2',
    kind: 'session',
    state: 'open',
    health: 'well',
    readings: 2,
    waiting: null,
  });
  t.is(many.actors.at(-1)!.name, 'other');
  t.is(many.actors[0]!.readings, (249 * 250) / 2, 'what they store counts for their owner too');
  for (const session of sessions.slice(1)) session.kill();
  await clock.flush();
  const few = await pipeline.control.status();
  t.deepEqual(
    few.actors.map(({ name }) => name),
    ['receiver', 'receiver/192.0.2.1:0', 'other'],
  );
  t.is(few.actorsLeftOut, 0);
});

test('a segment that is sent again is not counted again', async (t) => {
  const { store, tell } = fakeStore();
  const { pipeline, envs } = await startPipeline(
    planOf([actorPlan('up', fakeKind())], storePlan),
    {},
    { store },
  );
  const sent = (segment: number, stream = 'readings') =>
    envs.get('up')!.report({ type: 'segment', what: 'sent', segment, readings: 10, stream });
  for (const segment of [1, 2, 3, 2, 3, 4]) sent(segment);
  sent(1, 'other');
  // What an edge says of itself is no reading of anybody's.
  sent(1, 'states');
  t.is((await named(pipeline, 'up')).readings, 50);
  // In a new epoch the same numbers stand for others.
  tell({ type: 'forked', fromEpoch: 'aa', toEpoch: 'bb' });
  sent(1);
  t.is((await named(pipeline, 'up')).readings, 60);
});

test('a flood of complaints is cut before the log and before who watches, and counted at the end', async (t) => {
  const { pipeline, clock, envs, lines } = await startPipeline(planOf([actorPlan('one', fakeKind())]));
  const { entries, end } = watching(pipeline.control);
  const before = lines.length;
  for (let i = 0; i < 1_000; i++) envs.get('one')!.report({ type: 'note', text: `${i} turned away` }, 'warn');
  t.is(lines.length - before, 50);
  t.is(entries.length, 50);
  end();
  await clock.until(pipeline.drain(1_000));
  t.true(lines.some(({ report }) => report.type === 'note' && report.text === '… 950 more like this'));
  t.is(clock.pending, 0);
});
