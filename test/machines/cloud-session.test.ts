import test from 'ava';
import {
  type CloudSessionEffects,
  cloudSession,
  cloudSessionEffects,
  type SessionCommand,
  type SessionEvent,
} from '../../machines/cloud-session.ts';
import { deadlinesEnd, endsByItself, follow, hasTag, reachable } from '../../src/runtime/walk.ts';
import { failure, fakeRequest, fakeTask, playMachine, problem } from '../helpers/statechart.ts';

const gone = problem('link-lost', 'it ended');
const greeted: SessionEvent = { type: 'GREETED', edge: 'weather' };
const received: SessionEvent = { type: 'RECEIVED' };

function start(effects: Partial<CloudSessionEffects> = {}) {
  const link = fakeTask<undefined, SessionEvent, SessionCommand>();
  const commit = fakeRequest<undefined, { committed: number }>();
  const acknowledge = fakeRequest<undefined, { waiting: number }>();
  const played = playMachine(() => cloudSession, {
    link: link.effect,
    commit: commit.effect,
    acknowledge: acknowledge.effect,
    finish: async () => {},
    ...effects,
  });
  const { clock } = played;
  const tell = async (...events: SessionEvent[]) => {
    for (const event of events) {
      link.emit(event);
      await clock.flush();
    }
  };
  const committed = async () => {
    commit.answer({ committed: 1 });
    await clock.flush();
  };
  const acknowledged = async (waiting: number) => {
    acknowledge.answer({ waiting });
    await clock.flush();
  };
  return { ...played, link, commit, acknowledge, tell, committed, acknowledged };
}

test('a session greets, receives, commits, acknowledges, and receives on', async (t) => {
  const { clock, states, tell, committed, acknowledged } = start();
  await tell(greeted, received);
  await committed();
  await acknowledged(0);
  t.deepEqual(states(), ['greeting', 'receiving', 'committing', 'acknowledging', 'receiving']);
  t.is(clock.pending, 0);
});

test('what came in while a commit was under way is committed next', async (t) => {
  const { state, tell, committed, acknowledged, commit } = start();
  await tell(greeted, received, received, received);
  await committed();
  await acknowledged(2);
  t.is(state(), 'committing');
  t.is(commit.calls.length, 2);
});

test('what comes in between the last look and the acknowledgement is not forgotten', async (t) => {
  const { state, tell, committed, acknowledged, commit } = start();
  await tell(greeted, received);
  await committed();
  await tell(received);
  await acknowledged(0);
  t.is(state(), 'committing');
  t.is(commit.calls.length, 2);
  await committed();
  await acknowledged(0);
  t.is(state(), 'receiving');
});

test('an edge that ends the link in order closes the session; one that is lost leaves a cause', async (t) => {
  for (const before of [[], [greeted]]) {
    const orderly = start();
    await orderly.tell(...before, { type: 'CLOSED' });
    t.is(orderly.state(), 'closed');
    t.is(orderly.last().cause, undefined);
    const torn = start();
    await torn.tell(...before, { type: 'CLOSED', cause: gone });
    t.is(torn.state(), 'lost');
    t.deepEqual(torn.last().cause, gone);
    for (const { clock, link, ended } of [orderly, torn]) {
      t.deepEqual(await ended, { how: 'stopped' });
      t.is(link.running, 0);
      t.is(clock.pending, 0);
    }
  }
});

test('a greeting that does not end is dropped at its deadline', async (t) => {
  const { clock, state, last, link } = start();
  await clock.advance(60_000);
  t.is(state(), 'lost');
  t.is(last().cause?.code, 'deadline-missed');
  t.is(link.running, 0);
});

test('a commit that is refused drops the edge, which sends again', async (t) => {
  const { clock, state, last, tell, commit, link } = start();
  await tell(greeted, received);
  commit.fail(failure('segment-refused', 'wrong hash'));
  await clock.flush();
  t.is(state(), 'lost');
  t.like(last().cause, { code: 'segment-refused', message: 'wrong hash' });
  t.is(link.running, 0);
});

test('a store that fails and a bug end as failed', async (t) => {
  for (const thrown of [failure('store-failed', 'no disk'), new TypeError('a bug')]) {
    const one = start();
    await one.tell(greeted, received);
    one.commit.fail(thrown);
    const two = start();
    await two.tell(greeted, received);
    await two.committed();
    two.acknowledge.fail(thrown);
    const three = start();
    three.link.fail(thrown);
    for (const { ended, clock, link } of [one, two, three]) {
      t.is((await ended).how, 'failed');
      t.is(link.running, 0);
      t.is(clock.pending, 0);
    }
  }
});

test('STOP says goodbye, and ends when the link does', async (t) => {
  for (const before of [[], [greeted], [greeted, received]]) {
    const { clock, send, tell, link, ended, state } = start();
    await tell(...before);
    await send('STOP');
    await send('STOP');
    t.is(state(), 'closing');
    t.deepEqual(link.commands, ['GOODBYE']);
    await tell({ type: 'CLOSED' });
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(clock.pending, 0);
  }
});

test('STOP in mid-commit lets that much be acknowledged before goodbye', async (t) => {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { clock, send, tell, link, state } = start({ finish: () => finished });
  await tell(greeted, received);
  t.is(state(), 'committing');
  await send('STOP');
  t.is(state(), 'finishing');
  t.deepEqual(link.commands, []);
  finish();
  await clock.flush();
  t.is(state(), 'closing');
  t.deepEqual(link.commands, ['GOODBYE']);
});

test('a commit that does not end is not waited for beyond two seconds', async (t) => {
  const { clock, send, tell, state } = start({ finish: () => new Promise<void>(() => {}) });
  await tell(greeted, received);
  await send('STOP');
  await clock.advance(2_000);
  t.is(state(), 'closing');
});

test('a goodbye that nobody answers ends 3 s after STOP', async (t) => {
  const { clock, send, tell, link, ended } = start();
  await tell(greeted);
  await send('STOP');
  await clock.until(ended);
  t.is(clock.monotonic(), 3_000);
  t.is(link.running, 0);
});

test('a session waits without a deadline only where it may rest, and STOP ends it from everywhere', (t) => {
  for (const leaf of reachable(cloudSession)) {
    const name = leaf.path.join('.');
    if (hasTag(leaf, 'failed')) t.is(leaf.type, 'final', name);
    if (leaf.type === 'final') continue;
    t.true(hasTag(leaf, 'rest') || endsByItself(leaf), name);
    const targets = follow(leaf, 'STOP');
    t.true(targets.length > 0 && targets.every((target) => deadlinesEnd(target)), `STOP in ${name}`);
  }
  t.deepEqual(Object.keys(cloudSessionEffects), ['link', 'commit', 'acknowledge', 'finish']);
});
