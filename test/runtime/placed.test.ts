import test from 'ava';
import { batch, untilAborted } from './pipeline-fixtures.ts';
import { source, sourceKind, startPlaced } from './placed-fixtures.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const killed = { signal: 'SIGKILL', killed: true };

test('actors that name one process share it, and their lines read as if they ran here', async (t) => {
  const { pipeline, clock, all, lines, moves, actors } = await startTwo();
  await clock.advance(100);
  t.is(all.length, 1);
  t.deepEqual(moves('process/p'), ['off → alive.starting', 'alive.starting → alive.running']);
  t.deepEqual(moves('a'), ['off → running']);
  t.deepEqual(moves('b'), ['off → running']);
  const said = lines.find(({ report }) => report.type === 'note')!;
  t.like(said, { actor: 'a', report: { type: 'note', text: 'hello' }, level: 'warn' });
  t.is(said.atMs, Date.UTC(2026, 0, 1) + 1);
  t.deepEqual(actors.get('a')!.process, { name: 'p', pid: 1 });
  t.like(actors.get('a')!.condition(), { state: 'running', health: 'well', settled: true });
  await clock.until(pipeline.drain(4_500));
  t.is(await pipeline.ended, null);
});

async function startTwo() {
  const started = await startPlaced([source('a', 'p'), source('b', 'p')], {
    a:
      ({ report }) =>
      ({ signal }) => {
        report({ type: 'note', text: 'hello' }, 'warn');
        return untilAborted(signal);
      },
  });
  return { ...started, actors: started.pipeline.actors };
}

test('what a placed source sends is accepted when the store has it, and not before', async (t) => {
  const accepted: number[] = [];
  const {
    clock,
    numbers: stored,
    pipeline,
  } = await startPlaced(
    [source('a', 'p')],
    {
      a:
        ({ output }) =>
        async ({ signal }) => {
          for (const n of [1, 2, 3]) output.send(batch(n)).then(() => accepted.push(n));
          await untilAborted(signal);
        },
    },
    { storeMs: () => 50 },
  );
  await clock.advance(40);
  t.deepEqual([stored, accepted], [[], []]);
  await clock.advance(200);
  t.deepEqual(
    [stored, accepted],
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
  );
  await clock.until(pipeline.drain(4_500));
});

test('a store that takes nothing holds a placed source back, and lets go of it in order', async (t) => {
  let isFull = true;
  let sent = 0;
  const {
    clock,
    numbers: stored,
    pipeline,
  } = await startPlaced(
    [source('a', 'p')],
    {
      a:
        ({ output, wait }) =>
        async ({ signal }) => {
          while (!signal.aborted) {
            if (output.blocked) await wait(10);
            else void output.send(batch(++sent));
          }
        },
    },
    { storeMs: () => (isFull ? 60_000 : 1) },
  );
  await clock.advance(5_000);
  const held = sent;
  t.is(held, 1_024);
  await clock.advance(20_000);
  t.is(sent, held);
  isFull = false;
  await clock.advance(60_000);
  t.true(sent > 2 * held);
  await clock.until(pipeline.drain(4_500));
  t.deepEqual(stored.slice(0, 2 * held), numbers(2 * held));
});

test('a placed source knows how the store is', async (t) => {
  const seen: string[] = [];
  const { clock, tell, pipeline } = await startPlaced([source('a', 'p')], {
    a:
      ({ store, wait }) =>
      async ({ signal }) => {
        for (; !signal.aborted; await wait(10)) {
          const { state } = store.edge!.status();
          if (state !== seen.at(-1)) seen.push(state);
        }
      },
  });
  await clock.advance(50);
  tell({ type: 'state', from: 'open', to: 'full' });
  await clock.advance(50);
  tell({ type: 'state', from: 'full', to: 'open' });
  await clock.advance(50);
  t.deepEqual(seen, ['open', 'full', 'open']);
  await clock.until(pipeline.drain(4_500));
});

test('a paused actor is paused again in a process that begins anew', async (t) => {
  const { clock, current, pipeline, moves } = await startPlaced([source('a', 'p')], {});
  const actor = pipeline.actors.get('a')!;
  await clock.advance(10);
  actor.send({ type: 'PAUSE' });
  await clock.advance(10);
  t.like(actor.condition(), { state: 'paused', health: 'paused' });
  t.true(actor.can('RESUME'));
  current().end(killed);
  await clock.advance(700);
  t.is(actor.state(), 'paused');
  actor.send({ type: 'RESUME' });
  await clock.advance(10);
  current().end(killed);
  await clock.advance(700);
  t.is(actor.state(), 'running');
  t.is(moves('a').filter((move) => move === 'running → paused').length, 2);
  await clock.until(pipeline.drain(4_500));
});

test('a process that is killed is started again with its actors, each time, and nobody gives up', async (t) => {
  const { clock, moves, lines, current, all, pipeline } = await startPlaced([source('a', 'p')], {});
  await clock.advance(10);
  for (let kill = 1; kill <= 8; kill++) {
    current().end(killed);
    await clock.advance(10);
    const actor = pipeline.actors.get('a')!;
    t.is(actor.state(), 'waitingToRestart');
    t.like(actor.condition(), { health: 'trouble', settled: true, cause: { code: 'process-ended' } });
    t.deepEqual(actor.process, { name: 'p', pid: null });
    await clock.advance(600);
    t.is(actor.state(), 'running');
    t.is(actor.restarts, kill);
  }
  t.is(all.length, 9);
  t.deepEqual(moves('a').slice(0, 3), [
    'off → running',
    'running → waitingToRestart',
    'waitingToRestart → running',
  ]);
  const died = lines.find(
    ({ actor, report }) => actor === 'a' && report.type === 'transition' && report.cause,
  );
  t.like(died?.report, {
    event: 'process-ended',
    cause: { code: 'process-ended', message: 'its process 1 was ended by SIGKILL' },
    retryInMs: 500,
  });
  await clock.until(pipeline.drain(4_500));
});

test('a process that ends by itself again and again is given up with its actors, and the pipeline with them', async (t) => {
  const { clock, moves, lines, current, pipeline, all } = await startPlaced([source('a', 'p')], {});
  await clock.advance(10);
  for (let crash = 0; crash < 6; crash++) {
    current().end({ code: 1 });
    await clock.advance(20_000);
  }
  t.is(all.length, 6);
  t.is(moves('process/p').at(-1), 'alive.running → failed');
  t.is(moves('a').at(-1), 'running → failed');
  const attempts = lines.flatMap(({ actor, report }) =>
    actor === 'a' && report.type === 'transition' ? [report.attempt] : [],
  );
  t.deepEqual(attempts.filter(Boolean), [1, 2, 3, 4, 5]);
  t.is((await clock.until(pipeline.ended))?.code, 'process-ended');
});

test('a process that answers nothing is killed and started again', async (t) => {
  const { clock, moves, lines, current, all, pipeline } = await startPlaced([source('a', 'p')], {});
  await clock.advance(60_000);
  t.is(all.length, 1);
  current().hang();
  await clock.advance(20_000);
  t.is(all.length, 2);
  t.deepEqual(moves('a').slice(1), ['running → waitingToRestart', 'waitingToRestart → running']);
  const died = lines.find(
    ({ actor, report }) => actor === 'a' && report.type === 'transition' && report.cause,
  );
  t.regex(JSON.stringify(died), /its process 1 did not answer for 10s and was killed/);
  await clock.until(pipeline.drain(4_500));
});

test('an exception in a placed actor is dealt with in its process, and the process lives on', async (t) => {
  const { clock, moves, all, pipeline } = await startPlaced([source('a', 'p')], {});
  await clock.advance(10);
  pipeline.actors.get('a')!.send({ type: 'BUG' });
  await clock.advance(10);
  t.is(pipeline.actors.get('a')!.state(), 'waitingToRestart');
  await clock.advance(600);
  t.deepEqual(moves('a'), ['off → running', 'running → waitingToRestart', 'waitingToRestart → running']);
  t.is(all.length, 1);
  t.is(pipeline.actors.get('a')!.restarts, 1);
  for (let bug = 0; bug < 3; bug++) {
    pipeline.actors.get('a')!.send({ type: 'BUG' });
    await clock.advance(5_000);
  }
  t.is(moves('a').at(-1), 'running → failed');
  t.is((await clock.until(pipeline.ended))?.code, 'restart-limit');
});

test('why an actor failed is still known when the process that it failed in is gone', async (t) => {
  const lasting = { ...source('a', 'p'), kind: { ...sourceKind, onFailed: 'stay' as const } };
  const { clock, current, pipeline, moves } = await startPlaced([lasting, source('b', 'p')], {});
  await clock.advance(10);
  const a = pipeline.actors.get('a')!;
  for (let bug = 0; bug < 4; bug++) {
    a.send({ type: 'BUG' });
    await clock.advance(5_000);
  }
  t.is(a.condition().cause?.code, 'restart-limit');
  current().end(killed);
  await clock.advance(5_000);
  t.is(moves('b').at(-1), 'waitingToRestart → running');
  t.like(a.condition(), { state: 'failed', health: 'failed', cause: { code: 'restart-limit' } });
  await clock.until(pipeline.drain(4_500));
});

test('restart and retry reach a placed actor wherever it is', async (t) => {
  const { clock, moves, current, all, pipeline } = await startPlaced([source('a', 'p')], {});
  const { control } = pipeline;
  const by = { user: 'me', command: 'test' };
  await clock.advance(10);
  await clock.until(control.act('a', 'restart', by));
  t.is(pipeline.actors.get('a')!.restarts, 1);
  t.is(moves('a').at(-1), 'stopped → running');
  await t.throwsAsync(clock.until(control.act('a', 'retry', by)), { code: 'control-refused' });
  current().end({ code: 7 });
  await clock.advance(10);
  const before = clock.monotonic();
  t.deepEqual(await clock.until(control.act('a', 'retry', by)), { from: 'waitingToRestart', to: 'running' });
  t.true(clock.monotonic() - before < 100);
  t.is(all.length, 2);
  const { actors } = await control.status();
  t.like(
    actors.find(({ name }) => name === 'a'),
    {
      state: 'running',
      restarts: 2,
      process: { name: 'p', pid: 2 },
      lastError: { problem: { code: 'process-ended' } },
    },
  );
  await clock.until(pipeline.drain(4_500));
});

test('an orderly end waits for what a placed source had sent, and leaves no process', async (t) => {
  const {
    clock,
    numbers: stored,
    pipeline,
    state,
    moves,
  } = await startPlaced(
    [source('a', 'p'), source('b', 'q')],
    {
      a:
        ({ output }) =>
        async ({ signal }) => {
          for (const n of numbers(100)) void output.send(batch(n));
          await untilAborted(signal);
        },
    },
    {
      storeMs: () => 20,
      weather: { delayMs: () => 7, twice: () => false, late: () => false, lastWordsMs: () => 0 },
    },
  );
  await clock.advance(30);
  await clock.until(pipeline.drain(4_500));
  t.is(await pipeline.ended, null);
  t.deepEqual(stored, numbers(100));
  t.is(moves('process/p').at(-1), 'alive.draining → stopped');
  t.is(moves('process/q').at(-1), 'alive.draining → stopped');
  t.true(state.closed);
  await clock.advance(10_000);
  t.is(clock.pending, 0);
});

test('a process that hangs while it is asked to end is killed in time', async (t) => {
  const { clock, pipeline, current } = await startPlaced([source('a', 'p')], {});
  await clock.advance(10);
  current().hang();
  const before = clock.monotonic();
  await clock.until(pipeline.drain(4_500));
  t.true(clock.monotonic() - before <= 5_200);
  t.like(await current().started.gone, { signal: 'SIGKILL' });
});
