import test from 'ava';
import { type ChildCommand, type ChildEvent, childMachine } from '../../src/runtime/child-machine.ts';
import { deadlinesEnd, endsByItself, follow, hasTag, reachable } from '../../src/runtime/walk.ts';
import { fakeTask, playMachine, problem } from '../helpers/statechart.ts';

const cause = problem('process-ended', 'exit code 1');
const ready: ChildEvent = { type: 'READY' };
const died: ChildEvent = { type: 'DIED', cause, final: false };

function start() {
  const child = fakeTask<undefined, ChildEvent, ChildCommand>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return 500 * 2 ** (attempt - 1);
  };
  const played = playMachine(() => childMachine({ child: child.effect, retryInMs }));
  const tell = async (...events: ChildEvent[]) => {
    for (const event of events) {
      child.emit(event);
      await played.clock.flush();
    }
  };
  return { ...played, child, attempts, tell };
}

test('a child starts, runs, and stops in order', async (t) => {
  const { clock, states, tell, ended, child } = start();
  await tell(ready, { type: 'DONE' });
  t.deepEqual(await ended, { how: 'stopped' });
  t.deepEqual(states(), ['alive.starting', 'alive.running', 'stopped']);
  t.is(child.running, 0);
  t.is(clock.pending, 0);
});

test('a child that dies is started again at growing waits, and given up after five restarts in a row', async (t) => {
  const { clock, tell, last, ended, child, attempts } = start();
  for (let i = 1; i <= 5; i++) {
    await tell(ready, died);
    t.like(last(), {
      from: 'alive.running',
      to: 'waitingToRestart',
      cause,
      attempt: i,
      retryInMs: 500 * 2 ** (i - 1),
    });
    t.is(child.running, 0);
    await clock.step();
  }
  await tell(died);
  t.like(await ended, { how: 'failed', cause });
  t.is(child.lives, 6);
  t.deepEqual(attempts, [1, 2, 3, 4, 5]);
  t.is(clock.pending, 0);
});

test('a child that somebody else kills is started again, however often', async (t) => {
  const { clock, tell, last, state, attempts } = start();
  for (let i = 0; i < 20; i++) {
    await tell(ready, { type: 'DIED', cause, final: false, killed: true });
    t.like(last(), { to: 'waitingToRestart', cause, retryInMs: 500 });
    await clock.step();
    t.is(state(), 'alive.starting');
  }
  t.deepEqual(new Set(attempts), new Set([1]));
});

test('a child that ran a minute is well: its deaths count anew', async (t) => {
  const { clock, tell, attempts, reports } = start();
  await tell(died);
  await clock.step();
  await tell(ready);
  const lines = reports.length;
  await clock.advance(60_000);
  t.is(reports.length, lines);
  await tell(died);
  t.deepEqual(attempts, [1, 1]);
});

test('a child that does not start in time is killed and started again, within the same bounds', async (t) => {
  const { clock, last, child, ended } = start();
  await clock.advance(60_000);
  t.like(last(), { to: 'waitingToRestart', attempt: 1, cause: { code: 'deadline-missed' } });
  t.is(child.running, 0);
  t.like(await clock.until(ended), { how: 'failed', cause: { code: 'deadline-missed' } });
  t.is(child.lives, 6);
});

test('a death that no restart mends is final', async (t) => {
  const { clock, tell, ended } = start();
  await tell({ type: 'DIED', cause, final: true });
  t.like(await ended, { how: 'failed', cause });
  t.is(clock.pending, 0);
});

test('a child that cannot be started, or ends without a word, is failed', async (t) => {
  for (const end of ['fail', 'end'] as const) {
    const { child, ended, clock } = start();
    child[end](new TypeError('a bug'));
    t.like(await ended, { how: 'failed', cause: { code: 'internal' } });
    t.is(clock.pending, 0);
  }
});

test('STOP hands its deadline to the child, waits for it, and no longer than 10 s', async (t) => {
  for (const before of [[], [ready]]) {
    const one = start();
    await one.tell(...before);
    await one.send('STOP', { deadlineMs: 4_000 });
    await one.send('STOP', { deadlineMs: 1 });
    t.deepEqual(one.child.events, [{ type: 'DRAIN', deadlineMs: 4_000 }]);
    await one.tell({ type: 'DONE' });
    t.deepEqual(await one.ended, { how: 'stopped' });
    const two = start();
    await two.tell(...before);
    await two.send('STOP', { deadlineMs: 4_000 });
    await two.clock.until(two.ended);
    t.is(two.clock.monotonic(), 10_000);
    t.is(two.child.running, 0);
  }
});

test('STOP while it waits for a restart ends it at once', async (t) => {
  const { clock, tell, send, ended, child } = start();
  await tell(died);
  await send('STOP', { deadlineMs: 4_000 });
  t.deepEqual(await ended, { how: 'stopped' });
  t.is(child.lives, 1);
  t.is(clock.pending, 0);
});

test('a child that dies while it drains is failed, not started again', async (t) => {
  const { tell, send, ended, child } = start();
  await tell(ready);
  await send('STOP', { deadlineMs: 4_000 });
  await tell(died);
  t.like(await ended, { how: 'failed', cause });
  t.is(child.lives, 1);
});

test('it waits without a deadline only where it may rest, and STOP ends it from everywhere', (t) => {
  for (const leaf of reachable(childMachine({ child: async () => {}, retryInMs: () => 1 }))) {
    const name = leaf.path.join('.');
    if (hasTag(leaf, 'failed')) t.is(leaf.type, 'final', name);
    if (leaf.type === 'final') continue;
    t.true(hasTag(leaf, 'rest') || endsByItself(leaf), name);
    const targets = follow(leaf, 'STOP');
    t.true(targets.length > 0 && targets.every((target) => deadlinesEnd(target)), `STOP in ${name}`);
  }
});
