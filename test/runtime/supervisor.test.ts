import test from 'ava';
import { setup } from 'xstate';
import { type FailedEvent, noTrouble, type Task, type Trouble, task } from '../../src/contract/kind.ts';
import type { TransitionReport } from '../../src/contract/report.ts';
import { restartPolicy, supervise } from '../../src/runtime/supervisor.ts';
import { failure, fakeTask } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

/** Throws on BUG; takes its time on STOP when told to be slow. */
function machine(effect: Task<undefined, never>, slow: boolean) {
  return setup({
    types: {
      context: {} as Trouble,
      events: {} as FailedEvent | { type: 'STOP' | 'BUG' | 'END' | 'WORK' },
    },
    actors: { link: task(effect) },
    actions: {
      explode: () => {
        throw new TypeError('a bug');
      },
    },
    guards: { slow: () => slow },
  }).createMachine({
    context: noTrouble,
    invoke: { id: 'link', src: 'link' },
    initial: 'running',
    on: {
      BUG: { actions: 'explode' },
      STOP: [{ guard: 'slow', target: '.stopping' }, { target: '.stopped' }],
      FAILED: '.failed',
      END: '.stopped',
    },
    states: {
      running: { tags: ['rest'], on: { WORK: 'working' } },
      working: { tags: ['rest'] },
      stopping: { on: { STOP: {} }, after: { 60000: 'stopped' } },
      failed: { type: 'final', tags: ['failed'] },
      stopped: { type: 'final' },
    },
  });
}

function start({ slow = false, ...more }: { slow?: boolean; build?: (life: AbortSignal) => never } = {}) {
  const clock = createVirtualClock();
  const reports: TransitionReport[] = [];
  const lives: { life: AbortSignal; link: ReturnType<typeof fakeTask<undefined, never>> }[] = [];
  const supervised = supervise({
    name: 'tested',
    build: (life) => {
      const link = fakeTask<undefined, never>();
      lives.push({ life, link });
      // As the runtime ties it: the task also ends with the life.
      return machine((io) => link.effect({ ...io, signal: AbortSignal.any([io.signal, life]) }), slow);
    },
    input: {},
    clock,
    report: (report) => void (report.type === 'transition' && reports.push(report)),
    ...more,
  });
  const bug = async () => {
    supervised.send({ type: 'BUG' });
    await clock.flush();
  };
  const running = () => lives.filter(({ link }) => link.running > 0).length;
  return { clock, reports, lives, supervised, bug, running };
}

test('an exception ends the tasks of that life, and a new life begins after a wait', async (t) => {
  const { clock, reports, lives, supervised, bug, running } = start();
  supervised.send({ type: 'WORK' });
  await bug();
  t.is(running(), 0, 'the task of the broken life is ended');
  t.true(lives[0]!.life.aborted);
  t.is(supervised.state(), 'waitingToRestart');
  t.like(reports.at(-1), {
    from: 'working',
    to: 'waitingToRestart',
    event: 'exception',
    cause: { code: 'internal', message: 'TypeError: a bug' },
    attempt: 1,
    retryInMs: 500,
  });
  await clock.advance(499);
  t.is(lives.length, 1);
  await clock.advance(1);
  t.is(lives.length, 2, 'built anew, with effects of its own');
  t.false(lives[1]!.life.aborted);
  t.is(running(), 1);
  t.like(reports.at(-1), { from: 'waitingToRestart', to: 'running', event: 'start' });
  t.is(clock.pending, 0);
});

test('waits double, and after too many exceptions the actor is given up', async (t) => {
  const { clock, reports, lives, supervised, bug, running } = start();
  for (const waitMs of [500, 1_000, 2_000]) {
    await bug();
    t.is(reports.at(-1)?.retryInMs, waitMs);
    await clock.advance(waitMs);
  }
  await bug();
  const end = await supervised.ended;
  t.like(end, { how: 'failed', cause: { code: 'restart-limit' } });
  t.regex(end.how === 'failed' ? end.cause.message : '', /tested failed 4 times within 1m.*a bug/);
  t.like(reports.at(-1), { to: 'failed', cause: { code: 'restart-limit' } });
  t.is(supervised.state(), 'failed');
  t.is(lives.length, restartPolicy.restartsMax + 1);
  t.is(running(), 0);
  t.is(clock.pending, 0);
  supervised.send({ type: 'WORK' });
  await supervised.stop(1_000);
  t.is(clock.pending, 0);
});

test('exceptions that are long past do not count', async (t) => {
  const { clock, lives, bug, reports } = start();
  for (let i = 0; i < 10; i++) {
    await bug();
    t.is(reports.at(-1)?.retryInMs, 500);
    await clock.advance(61_000);
  }
  t.is(lives.length, 11);
});

test('a state tagged failed is final: nothing is restarted', async (t) => {
  const { clock, lives, supervised, running } = start();
  lives[0]!.link.fail(failure('store-failed', 'no disk'));
  t.like(await supervised.ended, { how: 'failed' });
  t.is(lives.length, 1);
  t.is(running(), 0);
  t.is(clock.pending, 0);
});

test('an actor that ends in order is not restarted either', async (t) => {
  const { clock, lives, supervised } = start();
  supervised.send({ type: 'END' });
  t.deepEqual(await supervised.ended, { how: 'stopped' });
  await clock.advance(60_000);
  t.is(lives.length, 1);
  t.true(lives[0]!.life.aborted);
});

test('STOP ends it, and the deadline one that does not listen', async (t) => {
  const quick = start();
  await quick.supervised.stop(1_000);
  t.deepEqual(await quick.supervised.ended, { how: 'stopped' });
  t.is(quick.clock.monotonic(), 0);
  const { clock, supervised, running } = start({ slow: true });
  await clock.until(supervised.stop(1_000));
  t.is(clock.monotonic(), 1_000);
  t.deepEqual(await supervised.ended, { how: 'stopped' });
  for (const each of [quick.clock, clock]) t.is(each.pending, 0);
  t.is(running() + quick.running(), 0);
  await supervised.stop(1_000);
  t.is(clock.pending, 0, 'a second STOP is for nothing');
});

test('STOP during the wait for a restart ends it', async (t) => {
  const { clock, lives, supervised, bug } = start();
  await bug();
  await supervised.stop(1_000);
  t.deepEqual(await supervised.ended, { how: 'stopped' });
  await clock.advance(60_000);
  t.is(lives.length, 1);
  t.is(clock.pending, 0);
});

test('an exception after STOP is told and not restarted', async (t) => {
  const { clock, lives, supervised, bug, reports } = start({ slow: true });
  const stopped = supervised.stop(5_000);
  await bug();
  await stopped;
  t.is(clock.monotonic(), 0);
  t.like(await supervised.ended, { how: 'failed', cause: { code: 'internal' } });
  t.like(reports.at(-1), { to: 'failed', event: 'exception' });
  await clock.advance(60_000);
  t.is(lives.length, 1);
});

test('one that cannot be built is failed at once, with the cause', async (t) => {
  const { clock, reports, supervised } = start({
    build: () => {
      throw failure('effect-missing', 'the kind tested lacks the effect link');
    },
  });
  t.like(await supervised.ended, { how: 'failed', cause: { code: 'effect-missing' } });
  t.like(reports, [{ from: 'off', to: 'failed', event: 'start', cause: { code: 'effect-missing' } }]);
  t.is(supervised.state(), 'failed');
  t.is(clock.pending, 0);
});
