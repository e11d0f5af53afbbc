import test from 'ava';
import { assign, setup } from 'xstate';
import { noTrouble, type Trouble, task } from '../../src/contract/kind.ts';
import type { Report } from '../../src/contract/report.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { fakeTask, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const cause = problem('link-lost', 'it ended');

/** Well, unwell, given up; nested and with a transient state, to see what is told. */
function machine(effect = fakeTask().effect) {
  return setup({
    types: { context: {} as Trouble & { turns: number } },
    actors: { link: task(effect as never) },
    actions: {
      fall: assign({ cause, attempt: 2, retryInMs: 1_500 }),
      recover: assign(noTrouble),
      turn: assign({ turns: ({ context }) => context.turns + 1 }),
      explode: () => {
        throw new TypeError('a bug');
      },
    },
  }).createMachine({
    id: 'tested',
    context: { ...noTrouble, turns: 0 },
    invoke: { id: 'link', src: 'link' },
    initial: 'well',
    on: {
      FAIL: { target: '.failed', actions: 'fall' },
      GIVE_UP: '.failed',
      END: '.stopped',
      BUG: { actions: 'explode' },
    },
    states: {
      well: {
        initial: 'resting',
        on: { TURN: { actions: 'turn' }, FALL: { target: 'unwell', actions: 'fall' }, PASS: 'passing' },
        states: { resting: { tags: ['rest'], on: { WORK: 'working' } }, working: {} },
      },
      passing: { always: { target: 'well.working' } },
      unwell: {
        tags: ['trouble'],
        on: { RECOVER: { target: 'well', actions: 'recover' } },
        after: { 1500: 'well' },
      },
      failed: { type: 'final', tags: ['failed'] },
      stopped: { type: 'final' },
    },
  });
}

function start(report?: (entry: Report) => void, from?: string) {
  const clock = createVirtualClock();
  const link = fakeTask();
  const reports: Report[] = [];
  const actor = runActor(machine(link.effect as never), {
    clock,
    report: report ?? ((entry) => reports.push(entry)),
    ...(from === undefined ? {} : { from }),
  });
  return { clock, link, reports, actor };
}

test('each change of state is told once, with where from, where to and why', async (t) => {
  const { reports, actor, clock } = start();
  actor.send({ type: 'WORK' });
  actor.send({ type: 'TURN' });
  actor.send({ type: 'NOBODY_KNOWS_THIS' });
  actor.send({ type: 'PASS' });
  t.deepEqual(reports, [
    { type: 'transition', from: 'off', to: 'well.resting', event: 'start' },
    { type: 'transition', from: 'well.resting', to: 'well.working', event: 'WORK' },
  ]);
  actor.send({ type: 'FALL' });
  await clock.advance(1_500);
  t.deepEqual(reports.slice(2), [
    {
      type: 'transition',
      from: 'well.working',
      to: 'unwell',
      event: 'FALL',
      cause,
      attempt: 2,
      retryInMs: 1_500,
    },
    { type: 'transition', from: 'unwell', to: 'well.resting', event: 'after 1500 ms' },
  ]);
});

test('cause, attempt and wait are told in trouble only, and the wait not where none follows', (t) => {
  const { reports, actor } = start();
  actor.send({ type: 'FALL' });
  actor.send({ type: 'RECOVER' });
  t.deepEqual(reports.at(-1), { type: 'transition', from: 'unwell', to: 'well.resting', event: 'RECOVER' });
  actor.send({ type: 'FAIL' });
  t.deepEqual(reports.at(-1), {
    type: 'transition',
    from: 'well.resting',
    to: 'failed',
    event: 'FAIL',
    cause,
    attempt: 2,
  });
});

test('a life after another begins where that one ended', (t) => {
  const { reports } = start(undefined, 'waitingToRestart');
  t.like(reports[0], { from: 'waitingToRestart', to: 'well.resting' });
});

test('an actor ends as its last state says', async (t) => {
  const stopped = start();
  stopped.actor.send({ type: 'END' });
  t.deepEqual(await stopped.actor.ended, { how: 'stopped' });
  const failed = start();
  failed.actor.send({ type: 'FAIL' });
  t.deepEqual(await failed.actor.ended, { how: 'failed', cause });
  const silent = start();
  silent.actor.send({ type: 'GIVE_UP' });
  t.like(await silent.actor.ended, { how: 'failed', cause: { code: 'internal' } });
  for (const { link, clock } of [stopped, failed, silent]) {
    t.is(link.running, 0);
    t.is(clock.pending, 0);
  }
});

test('an exception in a statechart ends its actor and reaches nobody else', async (t) => {
  const { actor } = start();
  t.notThrows(() => actor.send({ type: 'BUG' }));
  t.like(await actor.ended, { how: 'threw', cause: { code: 'internal', message: 'TypeError: a bug' } });
  t.notThrows(() => actor.send({ type: 'WORK' }));
  t.is(actor.state(), 'well.resting');
});

test('an exception at the start is one of the statechart as well', async (t) => {
  const clock = createVirtualClock();
  const broken = setup({}).createMachine({
    context: () => {
      throw new TypeError('a bug');
    },
  });
  const actor = runActor(broken, { clock, report: () => {} });
  t.like(await actor.ended, { how: 'threw', cause: { message: 'TypeError: a bug' } });
  await actor.settled;
});

test('a reporter that throws does not disturb the statechart', async (t) => {
  const { actor } = start(() => {
    throw new Error('no disk for the log');
  });
  t.notThrows(() => actor.send({ type: 'FALL' }));
  t.is(actor.state(), 'unwell');
  actor.send({ type: 'END' });
  t.deepEqual(await actor.ended, { how: 'stopped' });
});

test('kill ends an actor at once, with its tasks and timers', async (t) => {
  const { actor, clock, link } = start();
  actor.send({ type: 'FALL' });
  t.is(clock.pending, 1);
  actor.kill();
  actor.kill();
  t.deepEqual(await actor.ended, { how: 'stopped' });
  t.is(link.running, 0);
  t.is(clock.pending, 0);
});

test('an actor has settled when it rests, is in trouble or has ended', async (t) => {
  const { actor } = start();
  await actor.settled;
  const clock = createVirtualClock();
  let settled = false;
  const busy = setup({ types: { context: {} as Trouble } }).createMachine({
    context: noTrouble,
    initial: 'working',
    states: {
      working: { on: { FALL: 'unwell' } },
      unwell: { tags: ['trouble'] },
    },
  });
  const other = runActor(busy, { clock, report: () => {} });
  other.settled.then(() => {
    settled = true;
  });
  await clock.flush();
  t.false(settled);
  other.send({ type: 'FALL' });
  await clock.flush();
  t.true(settled);
});
