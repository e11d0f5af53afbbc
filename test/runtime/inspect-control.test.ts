import test from 'ava';
import { linkKind } from './control-fixtures.ts';
import { inspecting } from './inspect-fixtures.ts';
import { actorPlan, planOf, startPipeline } from './pipeline-fixtures.ts';

async function start(options?: Parameters<typeof linkKind>[0]) {
  const { pipeline, clock, envs } = await startPipeline(
    planOf([actorPlan('uploader', linkKind(options)), actorPlan('other', linkKind())]),
  );
  const seen = inspecting((watcher) => pipeline.control.inspect(watcher));
  await clock.advance(100);
  return { pipeline, clock, envs, seen, uploader: pipeline.actors.get('uploader')! };
}

test('every actor of a pipeline is inspected, under the name that its status has', async (t) => {
  const { pipeline, clock, seen } = await start();
  t.deepEqual(
    seen.actors().map(({ actor, kind, state, known }) => [actor, kind, state, known]),
    [
      ['other', 'fake-link', 'idle', true],
      ['uploader', 'fake-link', 'idle', true],
    ],
  );
  pipeline.actors.get('other')!.send({ type: 'LOST' });
  await clock.advance(6_000);
  t.deepEqual(
    seen.steps().map(({ actor, to, event }) => [actor, to, event.name]),
    [
      ['other', 'waitingToRetry', 'LOST'],
      ['other', 'dialling', 'after 5000 ms'],
      ['other', 'idle', 'after 300 ms'],
    ],
  );
  const [lost] = seen.steps();
  t.like(lost!.timers![0], { delayMs: 5_000, startedMs: lost!.timeMs });
});

test('a life that an exception ends is followed by the wait for the next one, with its countdown', async (t) => {
  const { clock, seen, uploader, pipeline } = await start();
  uploader.send({ type: 'BUG' });
  await clock.advance(200);
  t.like(seen.ends()[0], { actor: 'uploader', how: 'threw', cause: { code: 'internal' } });
  const waits = seen.steps().at(-1)!;
  t.like(waits, { from: 'idle', to: 'waitingToRestart', event: { name: 'exception' }, taken: [] });
  t.like(waits.timers![0], { delayMs: 500, startedMs: waits.timeMs });
  const late = inspecting((watcher) => pipeline.control.inspect(watcher));
  await clock.advance(0);
  t.like(late.actors('uploader')[0], { state: 'waitingToRestart', known: true, timers: waits.timers! });
  await clock.advance(1_000);
  t.like(seen.actors('uploader').at(-1), { state: 'idle', known: false });
  t.like(late.actors('uploader').at(-1), { state: 'idle', known: false });
});

test('an actor that is given up is told as failed', async (t) => {
  const { clock, seen, uploader } = await start({ onFailed: 'stay' });
  for (let life = 0; life < 4; life += 1) {
    uploader.send({ type: 'BUG' });
    await clock.advance(5_000);
  }
  t.like(seen.steps('uploader').at(-1), { to: 'failed', cause: { code: 'restart-limit' }, timers: [] });
  t.is(seen.ends('uploader').length, 4);
});

test('a restart that somebody asked for is an end and a new life', async (t) => {
  const { pipeline, clock, seen } = await start();
  await clock.until(pipeline.control.act('uploader', 'restart', { user: 'ada', command: 'test' }));
  await clock.advance(100);
  t.deepEqual(
    seen.frames.filter(({ actor }) => actor === 'uploader').map(({ type }) => type),
    ['actor', 'step', 'end', 'actor'],
  );
});

test('what belongs to an actor is inspected while it lives', async (t) => {
  const { clock, seen, envs } = await start();
  const { startChild } = envs.get('uploader')!;
  const machine = linkKind().statechart({ work: async () => {} } as never);
  const child = startChild('127.0.0.1:44294', machine);
  await clock.advance(100);
  t.like(seen.actors('uploader/127.0.0.1:44294')[0], { parent: 'uploader', known: false });
  child.send({ type: 'END' });
  await clock.advance(100);
  t.like(seen.ends('uploader/127.0.0.1:44294')[0], { how: 'stopped' });
});

test('who inspects a pipeline hears of its end, once', async (t) => {
  const { pipeline, clock, seen } = await start();
  const gone = inspecting((watcher) => pipeline.control.inspect(watcher));
  gone.end();
  await clock.until(pipeline.drain(4_500));
  await clock.flush();
  t.deepEqual(seen.overs, [null]);
  t.deepEqual(gone.overs, []);
  t.deepEqual(
    seen
      .ends()
      .map(({ actor, how }) => [actor, how])
      .sort(),
    [
      ['other', 'stopped'],
      ['uploader', 'stopped'],
    ],
  );
  t.is(clock.pending, 0);
  const late = inspecting((watcher) => pipeline.control.inspect(watcher));
  await clock.flush();
  t.deepEqual(late.overs, [null]);
});
