import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { failure } from '../helpers/statechart.ts';
import { by, linkKind, watching } from './control-fixtures.ts';
import { actorPlan, fakeKind, planOf, startPipeline, untilAborted } from './pipeline-fixtures.ts';

async function start() {
  const plan = planOf([actorPlan('uploader', linkKind()), actorPlan('other', fakeKind())]);
  const { pipeline, ...rest } = await startPipeline(plan);
  return { pipeline, control: pipeline.control, uploader: pipeline.actors.get('uploader')!, ...rest };
}

test('a watcher gets the first status at once and then one a second', async (t) => {
  const { clock, control } = await start();
  const { statuses, end } = watching(control);
  await clock.advance(0);
  t.is(statuses.length, 1);
  await clock.advance(3_000);
  t.is(statuses.length, 4);
  t.like(statuses[3], { pipeline: 'tested', version: '1.2.3', pid: process.pid, nowMs: clock.now() });
  end();
  t.is(clock.pending, 0);
  await clock.advance(10_000);
  t.is(statuses.length, 4);
});

test("the pace is the watcher's, but never below 100 ms", async (t) => {
  const { clock, control } = await start();
  const slow = watching(control, { everyMs: 5_000 });
  const quick = watching(control, { everyMs: 1 });
  const odd = watching(control, { everyMs: Number.NaN });
  await clock.advance(10_000);
  t.is(slow.statuses.length, 3);
  t.is(quick.statuses.length, 101);
  t.is(odd.statuses.length, 11);
  for (const { end } of [slow, quick, odd]) end();
});

test('a state change is shown within 100 ms, and many of them together', async (t) => {
  const { clock, control, uploader } = await start();
  const { statuses, end } = watching(control, { everyMs: 60_000 });
  await clock.advance(500);
  for (const type of ['PAUSE', 'RESUME', 'LOST']) uploader.send({ type });
  t.is(statuses.length, 1);
  await clock.advance(100);
  t.is(statuses.length, 2);
  t.is(statuses[1]!.actors[0]!.state, 'waitingToRetry');
  await clock.advance(1_000);
  t.is(statuses.length, 2);
  end();
});

test('entries come as they are said, after those of the past that were asked for', async (t) => {
  const { clock, control, uploader } = await start();
  uploader.send({ type: 'PAUSE' });
  const all = watching(control, { entriesMax: 1_000 });
  const last = watching(control, { entriesMax: 1 });
  const none = watching(control);
  t.deepEqual(
    all.entries.map(({ actor, report }) => [actor, report.type === 'transition' && report.to]),
    [
      ['other', 'running'],
      ['uploader', 'idle'],
      ['uploader', 'paused'],
    ],
  );
  t.deepEqual(last.entries, all.entries.slice(-1));
  t.deepEqual(none.entries, []);
  uploader.send({ type: 'LOST' });
  for (const { entries, end } of [all, last, none]) {
    t.like(entries.at(-1), {
      time: clock.now(),
      level: 'warn',
      pipeline: 'tested',
      actor: 'uploader',
      report: { to: 'waitingToRetry', attempt: 1 },
    });
    end();
  }
  uploader.send({ type: 'PAUSE' });
  t.is(none.entries.length, 1);
});

test('what the process says of itself reaches those who watch as well', async (t) => {
  const { control, pipeline, lines } = await start();
  const { entries, end } = watching(control);
  pipeline.log.reporter('tested', 'pipeline')({ type: 'note', text: 'SIGTERM' });
  t.like(entries, [{ actor: 'pipeline', level: 'info', report: { text: 'SIGTERM' } }]);
  t.like(lines.at(-1), { actor: 'pipeline', report: { text: 'SIGTERM' } });
  end();
});

test('the last 1,000 entries are kept, and at most 1 MiB of them', async (t) => {
  const { control, pipeline } = await start();
  const say = pipeline.log.reporter('tested', 'pipeline');
  const past = () => {
    const { entries, end } = watching(control, { entriesMax: 5_000 });
    end();
    return entries.map(({ report }) => (report.type === 'note' ? report.text : ''));
  };
  for (let i = 0; i < 2_500; i++) say({ type: 'note', text: `${i}` });
  t.deepEqual(
    past(),
    Array.from({ length: 1_000 }, (_, i) => `${1_500 + i}`),
  );
  for (let i = 0; i < 100; i++) say({ type: 'note', text: `${i}`.padEnd(20_000) });
  const kept = past();
  t.true(kept.length < 30 && kept.length > 20, `${kept.length}`);
  t.is(kept.at(-1)!.trim(), '99');
  say({ type: 'note', text: 'x'.repeat(2 ** 20) });
  t.is(past().length, kept.length, 'one that is larger than all is not kept, and costs the others nothing');
  for (let i = 0; i < 1_000; i++) say({ type: 'note', text: `${i}` });
  t.deepEqual(
    past(),
    Array.from({ length: 1_000 }, (_, i) => `${i}`),
  );
});

test('a watcher that throws is dropped, and nobody else notices', async (t) => {
  const { clock, control, uploader } = await start();
  const calls: string[] = [];
  const boom = (what: string) => () => {
    calls.push(what);
    throw new Error('no');
  };
  const quiet = () => {};
  control.watch({ status: boom('status'), entry: quiet, over: boom('over') });
  control.watch({ status: quiet, entry: boom('entry'), over: boom('over') });
  control.watch({ status: quiet, entry: boom('past entry'), over: boom('over') }, { entriesMax: 10 });
  const good = watching(control);
  await clock.advance(0);
  uploader.send({ type: 'PAUSE' });
  await clock.advance(5_000);
  t.deepEqual(calls, ['past entry', 'status', 'entry']);
  t.true(good.statuses.length >= 5);
  t.is(uploader.state(), 'paused');
  await control.stop(by);
  await clock.advance(1_000);
  t.is(calls.length, 3);
});

test('nothing runs while nobody watches', async (t) => {
  const { clock, control } = await start();
  t.is(clock.pending, 0);
  await control.status();
  t.is(clock.pending, 0);
});

test('who has ended the watching is forgotten, however long the pipeline lives', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { clock, control } = await start();
  // In a function of its own, so that nothing here holds the watcher.
  const watched = () => {
    const watcher = { status: () => {}, entry: () => {}, over: () => {} };
    control.watch(watcher)();
    return new WeakRef(watcher);
  };
  const refs = Array.from({ length: 100 }, watched);
  await clock.advance(1_000);
  // A turn each: what was looked at through a WeakRef, or just made, lives to the end of its turn.
  for (let i = 0; i < 5; i++) {
    await new Promise(setImmediate);
    collect();
  }
  const left = refs.filter((watcher) => watcher.deref()).length;
  t.true(left <= 5, `${left} are left`);
});

test('the end is told exactly once, and who ended the watching is not told', async (t) => {
  const { clock, control, pipeline } = await start();
  const told = watching(control);
  const gone = watching(control);
  gone.end();
  gone.end();
  await control.stop(by);
  await clock.until(pipeline.ended);
  await clock.flush();
  t.deepEqual(told.overs, [null]);
  t.deepEqual(gone.overs, []);
  t.is(clock.pending, 0);
  const late = watching(control, { entriesMax: 1 });
  await clock.flush();
  t.deepEqual(late.overs, [null]);
  t.is(late.entries.length, 1);
  t.is(clock.pending, 0);
});

test('a pipeline that ends with a problem says so', async (t) => {
  const plan = planOf([actorPlan('one', fakeKind())]);
  const fail = Promise.withResolvers<void>();
  const { pipeline, clock } = await startPipeline(plan, {
    one: () => async (io) => {
      await Promise.race([fail.promise, untilAborted(io.signal)]);
    },
  });
  const { overs } = watching(pipeline.control);
  fail.reject(failure('store-failed', 'no disk'));
  await clock.until(pipeline.ended);
  await clock.flush();
  t.is(overs.length, 1);
  t.like(overs[0], { code: 'store-failed', message: 'no disk' });
});
