import test from 'ava';
import { inspecting } from './inspect-fixtures.ts';
import { sink, source, startPlaced } from './placed-fixtures.ts';

async function start() {
  const started = await startPlaced([source('a', 'p'), source('b', 'p')], {});
  await started.clock.advance(100);
  const inspect = () => inspecting((watcher) => started.pipeline.control.inspect(watcher));
  const act = (actor: string, action: 'pause' | 'resume' | 'restart') =>
    started.clock.until(started.pipeline.control.act(actor, action, { user: 'ada', command: 'test' }));
  return { ...started, inspect, act };
}

test('actors in other processes are inspected like those that run here', async (t) => {
  const { clock, inspect, act } = await start();
  const seen = inspect();
  await clock.advance(200);
  t.deepEqual(
    seen.actors('a').map(({ state, kind, known }) => [state, kind, known]),
    [
      ['running', 'source', true],
      ['running', 'source', true],
    ],
  );
  t.like(seen.actors('a').at(-1), { context: { attempt: 0 }, value: 'running' });
  await act('a', 'pause');
  await clock.advance(200);
  t.deepEqual(
    seen.steps('a').map(({ from, to, event, taken }) => [from, to, event.type, ...taken]),
    [['running', 'paused', 'PAUSE', 'running|PAUSE|0']],
  );
  const ids = seen.frames.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  t.deepEqual(
    ids,
    ids.toSorted((x, y) => x - y),
  );
  const late = inspect();
  await clock.advance(0);
  t.like(late.actors('a')[0], { state: 'paused', context: { attempt: 0 }, known: true });
});

test('nothing is told between processes unless somebody inspects', async (t) => {
  const { clock, inspect, act, pipeline } = await start();
  const seen = inspect();
  await clock.advance(200);
  seen.end();
  await clock.advance(200);
  const count = seen.frames.length;
  await act('a', 'pause');
  await clock.advance(200);
  t.is(seen.frames.length, count);
  const second = inspect();
  await clock.advance(200);
  t.like(second.actors('a').at(-1), { state: 'paused' });
  await clock.until(pipeline.drain(4_500));
  t.deepEqual(second.overs, [null]);
  t.deepEqual(
    second
      .ends()
      .map(({ actor, how }) => `${actor} ${how}`)
      .sort(),
    ['a stopped', 'b stopped', 'sink stopped'],
  );
});

test('a process that dies ends the lives in it, and the wait for the next one is told', async (t) => {
  const { clock, inspect, current } = await start();
  const seen = inspect();
  await clock.advance(200);
  current().end({ signal: 'SIGKILL', killed: true });
  await clock.advance(200);
  t.like(seen.ends('a')[0], { how: 'threw', cause: { code: 'process-ended' } });
  const waits = seen.steps('a').at(-1)!;
  t.like(waits, { to: 'waitingToRestart', event: { name: 'process-ended' } });
  t.is(waits.timers!.length, 1);
  const late = inspect();
  await clock.advance(0);
  t.like(late.actors('b')[0], { state: 'waitingToRestart' });
  await clock.advance(2_000);
  t.like(seen.actors('a').at(-1), { state: 'running', known: false });
  t.is(seen.ends('a').length, 1);
});

test('a process is not asked for more frames than are taken', async (t) => {
  const { clock, inspect, pipeline } = await start();
  const seen = inspect();
  await clock.advance(200);
  const a = pipeline.actors.get('a')!;
  for (let i = 0; i < 3_000; i += 1) a.send({ type: 'UNHEARD' });
  await clock.advance(1_000);
  t.is(
    seen.steps('a').reduce((sum, { skipped = 0 }) => sum + 1 + skipped, 0),
    3_000,
  );
  t.true(seen.steps('a').length <= 500);
});

test('an actor that a reload takes away ends, and one that it moves begins anew', async (t) => {
  const { clock, inspect, reload } = await start();
  const seen = inspect();
  await clock.advance(200);
  await reload([source('a', 'q'), sink]);
  await clock.advance(500);
  t.is(seen.ends('b').length, 1);
  t.is(seen.ends('a').length, 1);
  t.like(seen.actors('a').at(-1), { state: 'running', known: false });
  const late = inspect();
  await clock.advance(0);
  t.deepEqual(
    late
      .actors()
      .map(({ actor }) => actor)
      .sort(),
    ['a', 'sink'],
  );
});
