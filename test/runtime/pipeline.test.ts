import test from 'ava';
import { type AnyStateMachine, createMachine } from 'xstate';
import { exitCodeOf } from '../../src/runtime/pipeline.ts';
import { failure, problem } from '../helpers/statechart.ts';
import {
  actorPlan,
  batch,
  fakeKind,
  fakeStore,
  numberOf,
  planOf,
  startPipeline,
  storePlan,
  untilAborted,
} from './pipeline-fixtures.ts';

const source = (slow = false) => fakeKind({ emits: 'readings', slow });
const relay = () => fakeKind({ accepts: 'readings', emits: 'readings' });
const sink = (slow = false) => fakeKind({ accepts: 'readings', slow });
const limits = { itemsMax: 1, bytesMax: 1_000 };

test('what an actor sends comes to the one that its wire names, in order', async (t) => {
  const got: number[] = [];
  const plan = planOf([
    actorPlan('source', source(), 'relay'),
    actorPlan('relay', relay(), 'sink'),
    actorPlan('sink', sink()),
  ]);
  const { pipeline, envs } = await startPipeline(plan, {
    source: (env) => async (io) => {
      for (let n = 1; n <= 100; n++) void env.output.send(batch(n));
      await untilAborted(io.signal);
    },
    relay: (env) => (io) =>
      env.input.consume({ itemsMax: 7, bytesMax: 1_000 }, io.signal, async (items) => {
        for (const item of items) await env.output.send(item);
      }),
    sink: (env) => (io) =>
      env.input.consume(limits, io.signal, async ([item]) => {
        got.push(numberOf(item!));
      }),
  });
  t.deepEqual(
    got,
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  t.is(envs.get('source')!.input, null);
  t.is(envs.get('sink')!.output, null);
  t.deepEqual(
    [...pipeline.actors.values()].map((actor) => actor.state()),
    ['running', 'running', 'running'],
  );
  await pipeline.drain(1_000);
});

test('actors that serve others are started first, and the others once these are ready', async (t) => {
  const plan = planOf([actorPlan('client', fakeKind()), actorPlan('server', fakeKind({ serves: true }))]);
  const { pipeline, clock, envs } = await startPipeline(plan);
  t.deepEqual([...envs.keys()], ['server']);
  pipeline.actors.get('server')!.send({ type: 'READY' });
  await pipeline.started;
  t.deepEqual([...envs.keys()], ['server', 'client']);
  t.is(clock.monotonic(), 0);
  t.is(clock.pending, 0);
  await pipeline.drain(1_000);
});

test('a server that does not become ready holds the others up for 2 s and no longer', async (t) => {
  const plan = planOf([actorPlan('client', fakeKind()), actorPlan('server', fakeKind({ serves: true }))]);
  const { pipeline, clock, envs } = await startPipeline(plan);
  await clock.until(pipeline.started);
  t.is(clock.monotonic(), 2_000);
  t.deepEqual([...envs.keys()], ['server', 'client']);
  await pipeline.drain(1_000);
});

test('a drain before all are started ends what runs and starts nothing more', async (t) => {
  const plan = planOf([actorPlan('client', fakeKind()), actorPlan('server', fakeKind({ serves: true }))]);
  const { pipeline, clock, envs } = await startPipeline(plan);
  await clock.until(pipeline.drain(1_000));
  await clock.advance(10_000);
  t.deepEqual([...envs.keys()], ['server']);
  t.is(await pipeline.ended, null);
  t.is(clock.pending, 0);
});

test('drain stops the source first, and each further actor when it has dealt with what was sent', async (t) => {
  const ends: string[] = [];
  const got: number[] = [];
  const { store, state } = fakeStore();
  const plan = planOf(
    [actorPlan('source', source(), 'relay'), actorPlan('relay', relay(), 'sink'), actorPlan('sink', sink())],
    storePlan,
  );
  const { pipeline, clock } = await startPipeline(
    plan,
    {
      source: (env) => async (io) => {
        for (let n = 1; n <= 5; n++) void env.output.send(batch(n));
        await untilAborted(io.signal);
        ends.push('source');
      },
      relay: (env) => async (io) => {
        await env.input.consume(limits, io.signal, async ([item]) => {
          await env.wait(50);
          await env.output.send(item!);
        });
        ends.push('relay');
      },
      sink: (env) => async (io) => {
        await env.input.consume(limits, io.signal, async ([item]) => {
          await env.wait(100);
          got.push(numberOf(item!));
        });
        ends.push('sink');
      },
    },
    { store },
  );
  t.is(got.length, 0);
  await clock.until(pipeline.drain(4_500));
  t.deepEqual(got, [1, 2, 3, 4, 5]);
  t.deepEqual(ends, ['source', 'relay', 'sink']);
  t.is(state.closed, 1);
  t.is(await pipeline.ended, null);
  t.true(clock.monotonic() < 1_000);
  t.is(clock.pending, 0);
  await pipeline.drain(1_000);
  t.is(state.closed, 1, 'a second drain waits for the first');
});

test('drain ends at its deadline, though nothing is dealt with and nobody listens', async (t) => {
  const { store, state } = fakeStore();
  const running = new Set<string>();
  const hold = (name: string) => async (io: { signal: AbortSignal }) => {
    running.add(name);
    await untilAborted(io.signal);
    running.delete(name);
  };
  const plan = planOf([actorPlan('source', source(true), 'sink'), actorPlan('sink', sink(true))], storePlan);
  const { pipeline, clock } = await startPipeline(
    plan,
    {
      source: (env) => (io) => {
        void env.output.send(batch(1));
        return hold('source')(io);
      },
      sink: () => hold('sink'),
    },
    { store },
  );
  t.is(running.size, 2);
  await clock.until(pipeline.drain(2_000));
  await clock.flush();
  t.true(clock.monotonic() <= 2_010, `${clock.monotonic()} ms`);
  t.is(running.size, 0);
  t.is(state.closed, 1);
  t.is(clock.pending, 0);
});

test('an actor that holds its port back gets half of the time left, so that the others have theirs', async (t) => {
  const plan = planOf([actorPlan('source', source(), 'sink'), actorPlan('sink', sink())]);
  const { pipeline, clock } = await startPipeline(plan, {
    source: (env) => (io) => {
      void env.output.send(batch(1));
      return untilAborted(io.signal);
    },
  });
  await clock.until(pipeline.drain(2_000));
  t.is(clock.monotonic(), 1_000);
});

test('a failed actor that the pipeline cannot do without ends it, with the problem', async (t) => {
  const stopped: string[] = [];
  const { store, state } = fakeStore();
  const plan = planOf([actorPlan('one', fakeKind()), actorPlan('two', fakeKind())], storePlan);
  const { pipeline, clock } = await startPipeline(
    plan,
    {
      one: () => async (io) => {
        await untilAborted(io.signal);
        stopped.push('one');
      },
      two: () => async () => {
        throw failure('store-failed', 'no disk');
      },
    },
    { store },
  );
  t.like(await clock.until(pipeline.ended), { code: 'store-failed', message: 'no disk' });
  t.deepEqual(stopped, ['one']);
  t.is(state.closed, 1);
  t.is(clock.pending, 0);
});

test('a failed actor that may be missing stays visible, and the pipeline goes on', async (t) => {
  const plan = planOf([actorPlan('one', fakeKind()), actorPlan('two', fakeKind({ onFailed: 'stay' }))]);
  const { pipeline, clock } = await startPipeline(plan, {
    two: () => async () => {
      throw failure('file-unreadable', 'no such file');
    },
  });
  await clock.advance(3_600_000);
  t.is(pipeline.actors.get('two')!.state(), 'failed');
  t.is(pipeline.actors.get('one')!.state(), 'running');
  await pipeline.drain(1_000);
  t.is(await pipeline.ended, null);
});

test('an actor that cannot be built starts as failed', async (t) => {
  const plan = planOf([actorPlan('one', fakeKind()), actorPlan('two', fakeKind())]);
  const { pipeline, clock, lines } = await startPipeline(plan, {
    one: () => {
      throw failure('effect-missing', 'one has no input');
    },
  });
  t.like(await clock.until(pipeline.ended), { code: 'effect-missing' });
  t.true(
    lines.some(
      ({ actor, report }) => actor === 'one' && report.type === 'transition' && report.to === 'failed',
    ),
  );
});

const resting = (): AnyStateMachine =>
  createMachine({ initial: 'open', states: { open: { tags: ['rest'] } } });

test('statecharts that an actor has started end with it, on a drain as on an exception', async (t) => {
  const plan = planOf([actorPlan('one', fakeKind())]);
  const { pipeline, clock, envs, lines } = await startPipeline(plan);
  const first = envs.get('one')!.startChild('a', resting());
  t.like(lines.at(-1), { actor: 'one/a', report: { type: 'transition', from: 'off', to: 'open' } });
  pipeline.actors.get('one')!.send({ type: 'BUG' });
  t.deepEqual(await first.ended, { how: 'stopped' });
  const old = envs.get('one')!;
  await clock.advance(500);
  t.not(envs.get('one'), old, 'a new life with effects of its own');
  const second = envs.get('one')!.startChild('b', resting());
  await pipeline.drain(1_000);
  t.deepEqual(await second.ended, { how: 'stopped' });
});

test('a statechart that a past life starts is ended at once', async (t) => {
  const plan = planOf([actorPlan('one', fakeKind())]);
  const { pipeline, envs } = await startPipeline(plan);
  await pipeline.drain(1_000);
  const late = envs.get('one')!.startChild('late', resting());
  t.deepEqual(await late.ended, { how: 'stopped' });
});

test('an actor that restarts finds what waits in its port, and nothing is handled twice', async (t) => {
  const got: number[] = [];
  const plan = planOf([actorPlan('source', source(), 'sink'), actorPlan('sink', sink())]);
  const { pipeline, clock } = await startPipeline(plan, {
    source: (env) => (io) => {
      for (let n = 1; n <= 3; n++) void env.output.send(batch(n));
      return untilAborted(io.signal);
    },
    sink: (env) => (io) =>
      env.input.consume(limits, io.signal, async ([item]) => {
        await env.wait(100);
        got.push(numberOf(item!));
      }),
  });
  await clock.advance(150);
  pipeline.actors.get('sink')!.send({ type: 'BUG' });
  await clock.advance(2_000);
  t.deepEqual(got, [1, 2, 3]);
  await pipeline.drain(1_000);
});

test('the exit code is that of the problem', (t) => {
  t.is(exitCodeOf(null), 0);
  t.is(exitCodeOf(problem('restart-limit')), 1);
  t.is(exitCodeOf(problem('usage')), 2);
  t.is(exitCodeOf(problem('store-failed')), 3);
});
