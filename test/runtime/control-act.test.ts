import test from 'ava';
import { createMachine } from 'xstate';
import { by, linkKind } from './control-fixtures.ts';
import { actorPlan, fakeKind, planOf, startPipeline } from './pipeline-fixtures.ts';

async function start(kind = linkKind(), other = fakeKind()) {
  const { pipeline, ...rest } = await startPipeline(
    planOf([actorPlan('uploader', kind), actorPlan('other', other)]),
  );
  const { control } = pipeline;
  const act = (action: Parameters<typeof control.act>[1], actor = 'uploader') =>
    control.act(actor, action, by);
  const uploader = pipeline.actors.get('uploader')!;
  const status = async () => (await control.status()).actors.find(({ name }) => name === 'uploader')!;
  return { pipeline, ...rest, control, act, uploader, status };
}

test('pausing answers with both states, at once', async (t) => {
  const { act, clock, uploader } = await start();
  t.deepEqual(await clock.until(act('pause')), { from: 'idle', to: 'paused' });
  t.is(uploader.state(), 'paused');
  t.is(clock.monotonic(), 0);
});

test('the answer comes when the actor has come to rest, and not while it is on its way', async (t) => {
  const { act, clock, uploader } = await start();
  await clock.until(act('pause'));
  t.deepEqual(await clock.until(act('resume')), { from: 'paused', to: 'idle' });
  t.is(clock.monotonic(), 300);
  uploader.send({ type: 'LOST' });
  t.deepEqual(await clock.until(act('retry')), { from: 'waitingToRetry', to: 'idle' });
  t.is(clock.monotonic(), 600);
  t.is(clock.pending, 0);
});

test('a retry that leads back into the same trouble is answered too', async (t) => {
  const { act, clock, uploader } = await start();
  uploader.send({ type: 'LOST' });
  const answer = act('retry');
  await clock.advance(100);
  uploader.send({ type: 'LOST' });
  t.deepEqual(await answer, { from: 'waitingToRetry', to: 'waitingToRetry' });
});

test('after 2 s the answer says where it is by then', async (t) => {
  const slow = linkKind();
  // Never comes to rest.
  const kind = {
    ...slow,
    statechart: () =>
      createMachine({
        initial: 'idle',
        states: { idle: { tags: ['rest'], on: { PAUSE: 'pausing' } }, pausing: { after: { 60000: 'idle' } } },
      }),
  };
  const { act, clock } = await start(kind);
  t.deepEqual(await clock.until(act('pause')), { from: 'idle', to: 'pausing' });
  t.is(clock.monotonic(), 2_000);
  await t.throwsAsync(act('pause'), { message: 'tested/uploader is about to be paused already' });
});

test('what cannot be done in the state it is in is refused with the reason, and changes nothing', async (t) => {
  const { act, clock, uploader, lines } = await start();
  const refused = async (action: 'pause' | 'resume' | 'retry', message: string, actor?: string) => {
    const before = lines.length;
    await t.throwsAsync(clock.until(act(action, actor)), { code: 'control-refused', message });
    t.is(lines.length, before);
  };
  await refused('retry', 'tested/uploader is not waiting to retry: it is idle');
  await refused('resume', 'tested/uploader is not paused: it is idle');
  await refused('pause', 'tested/other cannot be paused: the kind fake has no such state', 'other');
  await clock.until(act('pause'));
  await refused('pause', 'tested/uploader is paused already');
  uploader.send({ type: 'END' });
  await refused('pause', 'tested/uploader cannot be paused now: it is stopped');
  await refused('resume', 'tested/uploader is not paused: it is stopped');
});

test('an actor that is not there is named with those that could be meant', async (t) => {
  const { act } = await start();
  await t.throwsAsync(act('pause', 'uplaoder'), {
    code: 'control-unknown',
    message: 'tested has no actor uplaoder: did you mean `uploader`?',
  });
  await t.throwsAsync(act('pause', 'x\u001b[31m'), {
    message: 'tested has no actor x\\u001b[31m: it has `uploader` and `other`',
  });
});

test('what belongs to an actor takes no orders of its own', async (t) => {
  const { act, envs } = await start();
  envs.get('uploader')!.startChild('a', createMachine({}));
  await t.throwsAsync(act('restart', 'uploader/a'), {
    code: 'control-refused',
    message: 'tested/uploader/a belongs to uploader and takes no orders of its own',
  });
});

test('a restart ends one life in order and begins another, with what it holds made anew', async (t) => {
  const { act, clock, envs, uploader, lines, status } = await start(linkKind({ stopMs: 1_000 }));
  const before = envs.get('uploader')!;
  const child = before.startChild('a', createMachine({ initial: 'on', states: { on: {} } }));
  await clock.until(act('pause'));
  t.deepEqual(await clock.until(act('restart')), { from: 'paused', to: 'idle' });
  t.is(clock.monotonic(), 1_000);
  t.not(envs.get('uploader'), before);
  t.deepEqual(await child.ended, { how: 'stopped' });
  const path = lines.flatMap(({ actor, report }) =>
    actor === 'uploader' && report.type === 'transition' ? [report.to] : [],
  );
  t.deepEqual(path, ['idle', 'paused', 'stopping', 'stopped', 'idle']);
  t.like(await status(), { restarts: 1, health: 'well', state: 'idle' });
  t.false(uploader.over);
  t.is(clock.pending, 0);
});

test('a life that does not end within 3 s is ended at once for a restart, and a second restart meanwhile is refused', async (t) => {
  const { act, clock, status } = await start(linkKind({ stopMs: 60_000 }));
  const answer = act('restart');
  await clock.advance(1_000);
  await t.throwsAsync(act('restart'), { code: 'control-refused', message: /being restarted or stopped/ });
  t.deepEqual(await clock.until(answer), { from: 'idle', to: 'idle' });
  t.is(clock.monotonic(), 3_000);
  t.is((await status()).restarts, 1);
  t.is(clock.pending, 0);
});

test('restarts that were asked for do not count as failures', async (t) => {
  const { act, clock, uploader, status } = await start();
  for (let i = 0; i < 10; i++) await clock.until(act('restart'));
  for (let i = 0; i < 3; i++) {
    uploader.send({ type: 'BUG' });
    await clock.advance(5_000);
  }
  t.like(await status(), { state: 'idle', restarts: 13 });
  uploader.send({ type: 'BUG' });
  await clock.flush();
  t.is(uploader.state(), 'failed');
});

test('an actor that failed or ended runs again after a restart, and counts as running', async (t) => {
  for (const end of ['GIVE_UP', 'END']) {
    const { act, clock, pipeline, uploader, status } = await start();
    uploader.send({ type: end });
    await clock.flush();
    const from = end === 'END' ? 'stopped' : 'failed';
    t.is((await status()).health, end === 'END' ? 'ended' : 'failed');
    t.deepEqual(await clock.until(act('restart')), { from, to: 'idle' });
    t.like(await status(), { health: 'well', cause: null, restarts: 1 });
    // The other one ends: as long as this one runs, so does the pipeline.
    pipeline.actors.get('other')!.send({ type: 'STOP' });
    await clock.advance(10_000);
    t.is(await Promise.race([pipeline.ended, 'running']), 'running');
    uploader.send({ type: 'END' });
    t.is(await clock.until(pipeline.ended), null);
  }
});

test('the last actor of a pipeline can be restarted without ending it', async (t) => {
  const { act, clock, pipeline } = await start(linkKind({ stopMs: 500 }));
  pipeline.actors.get('other')!.send({ type: 'STOP' });
  await clock.flush();
  await clock.until(act('restart'));
  t.is(await Promise.race([pipeline.ended, 'running']), 'running');
});

test('a failure after a restart still ends a pipeline that cannot do without the actor', async (t) => {
  const { act, clock, pipeline, uploader } = await start(linkKind({ onFailed: 'exit' }));
  uploader.send({ type: 'END' });
  await clock.flush();
  await clock.until(act('restart'));
  uploader.send({ type: 'GIVE_UP' });
  t.like(await clock.until(pipeline.ended), { code: 'link-unreachable' });
});

test('an actor that waits for its restart after an exception is started at once by retry or restart', async (t) => {
  for (const action of ['retry', 'restart'] as const) {
    const { act, clock, uploader, status } = await start();
    uploader.send({ type: 'BUG' });
    await clock.flush();
    const { state, health, cause, attempt, retryAtMs } = await status();
    t.like({ state, health, attempt }, { state: 'waitingToRestart', health: 'trouble', attempt: 1 });
    t.is(cause?.code, 'internal');
    t.is(retryAtMs, clock.now() + 500);
    await t.throwsAsync(act('pause'), { code: 'control-refused' });
    t.deepEqual(await clock.until(act(action)), { from: 'waitingToRestart', to: 'idle' });
    t.is(clock.monotonic(), 0);
    await clock.advance(10_000);
    t.is((await status()).restarts, 1);
  }
});

test('an exception while it ends for a restart is told, and the new life begins all the same', async (t) => {
  const { act, clock, uploader, lines } = await start(linkKind({ stopMs: 1_000 }));
  const answer = act('restart');
  uploader.send({ type: 'BUG' });
  t.deepEqual(await clock.until(answer), { from: 'idle', to: 'idle' });
  t.true(lines.some(({ report }) => report.type === 'problem' && report.code === 'internal'));
});

test('while a pipeline ends nothing more can be asked of it, and stopping again is no mistake', async (t) => {
  const { act, clock, control, pipeline } = await start(linkKind({ stopMs: 1_000 }));
  await control.stop(by);
  t.true((await control.status()).ending);
  await t.throwsAsync(act('pause'), { code: 'control-refused', message: /^tested is ending/ });
  await t.throwsAsync(control.segments(), { code: 'control-refused' });
  await control.stop(by);
  t.is(await clock.until(pipeline.ended), null);
  t.is(clock.pending, 0);
});

test('a restart under way does not outlast the end of its pipeline', async (t) => {
  const { act, clock, control, pipeline, uploader } = await start(linkKind({ stopMs: 2_000 }));
  const answer = act('restart');
  await clock.advance(100);
  await control.stop(by);
  t.is(await clock.until(pipeline.ended), null);
  t.is(uploader.restarts, 0);
  t.deepEqual(await answer, { from: 'idle', to: 'stopped' });
  t.is(clock.pending, 0);
});

test('an actor that waits for others to start cannot be asked yet', async (t) => {
  const plan = planOf([actorPlan('client', linkKind()), actorPlan('server', fakeKind({ serves: true }))]);
  const { pipeline, clock } = await startPipeline(plan);
  await t.throwsAsync(pipeline.control.act('client', 'pause', by), {
    message: 'tested/client has not been started yet',
  });
  t.like((await pipeline.control.status()).actors[0], { name: 'client', state: 'off', health: 'ended' });
  await clock.until(pipeline.started);
  await clock.until(pipeline.control.act('client', 'pause', by));
  await clock.until(pipeline.drain(1_000));
});

test('whatever changes something, or is refused, is a line of the audit log', async (t) => {
  const { act, clock, control, audited } = await start();
  await clock.until(act('pause'));
  await t.throwsAsync(act('pause'));
  await t.throwsAsync(act('pause', 'nobody'));
  await t.throwsAsync(control.discard({ stream: 'readings', from: 1, to: 2 }, by));
  await control.stop(by);
  await control.status();
  t.deepEqual(audited[0], {
    timeMs: clock.now(),
    by,
    action: 'pause',
    target: 'tested/uploader',
    outcome: 'done',
    detail: 'idle → paused',
  });
  t.deepEqual(
    audited.slice(1).map(({ action, target, outcome }) => [action, target, outcome]),
    [
      ['pause', 'tested/uploader', 'control-refused'],
      ['pause', 'tested/nobody', 'control-unknown'],
      ['discard', 'tested readings 1 to 2', 'control-refused'],
      ['stop', 'tested', 'done'],
    ],
  );
  t.is(audited[1]!.detail, 'tested/uploader is paused already');
});
