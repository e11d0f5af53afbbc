import test from 'ava';
import {
  type FileCommand,
  type FileEvent,
  type FileSourceConfig,
  fileSource,
} from '../../machines/file-source.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { fakeTask, play, problem, saying } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const unreadable = problem('file-unreadable', 'permission denied');
const missing = problem('file-unreadable', 'nothing is there');

testKind({
  kind: fileSource,
  file: 'machines/file-source.ts',
  reach: { retryInMs: { file: saying({ type: 'LOST', cause: unreadable } as never) } },
});

function start(config: object = {}) {
  const file = fakeTask<FileSourceConfig, FileEvent, FileCommand>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return 1_000 * attempt;
  };
  const effects = { file: file.effect, retryInMs };
  const played = play(fileSource as ActorKind, effects, { path: 'a.log', ...config });
  const tell = async (...events: FileEvent[]) => {
    for (const event of events) file.emit(event);
    await played.clock.flush();
  };
  return { ...played, file, attempts, tell };
}

const behind: FileEvent = { type: 'BEHIND' };
const caughtUp: FileEvent = { type: 'CAUGHT_UP' };
const lost: FileEvent = { type: 'LOST', cause: unreadable };
const isMissing: FileEvent = { type: 'MISSING', cause: missing };

test('a source opens its file, reads what is there, follows it, and waits for it when it is away', async (t) => {
  const { clock, states, file, tell } = start();
  t.deepEqual(file.commands, ['OPEN']);
  await tell(behind, caughtUp, isMissing, behind, caughtUp);
  t.deepEqual(states(), ['opening', 'reading', 'tailing', 'waitingForFile', 'reading', 'tailing']);
  await clock.advance(86_400_000);
  t.deepEqual(file.commands, ['OPEN']);
  t.is(clock.pending, 0);
});

for (const [before, event] of [
  ['opening', undefined],
  ['reading', behind],
  ['tailing', caughtUp],
  ['waitingForFile', isMissing],
] as const) {
  test(`a file lost while ${before} is tried again after a wait`, async (t) => {
    const { clock, state, last, file, tell } = start();
    if (event) await tell(event);
    t.is(state(), before);
    await tell(lost);
    t.like(last(), { from: before, to: 'waitingToRetry', cause: unreadable, attempt: 1, retryInMs: 1_000 });
    await tell(caughtUp);
    t.is(state(), 'waitingToRetry', 'late events change nothing');
    await clock.advance(1_000);
    t.is(state(), 'opening');
    t.deepEqual(file.commands, ['OPEN', 'CLOSE', 'OPEN']);
    t.is(file.lives, 1);
  });
}

test('waits grow while a file breaks off again and again, and begin anew when its end was reached', async (t) => {
  const { clock, attempts, tell } = start();
  for (let i = 0; i < 3; i++) {
    await tell(behind, lost);
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
  await tell(behind, caughtUp, lost);
  t.deepEqual(attempts, [1, 2, 3, 1]);
});

test('waits also begin anew after reading without trouble for as long as the longest of them', async (t) => {
  const { clock, attempts, tell } = start({ retry: { max: '10s' } });
  await tell(behind, lost);
  await clock.step();
  await tell(behind);
  await clock.advance(10_000);
  await tell(lost);
  t.deepEqual(attempts, [1, 1]);
});

test('an opening that takes too long is given up with that as its cause', async (t) => {
  const { clock, last } = start();
  await clock.advance(60_000);
  t.like(last(), { to: 'waitingToRetry', event: 'after openDeadline', attempt: 1 });
  t.is(last().cause?.code, 'deadline-missed');
});

test('a file read once is done, and that is no failure', async (t) => {
  const { clock, states, tell, ended, file } = start({ mode: 'once' });
  await tell(behind, { type: 'DONE' });
  t.deepEqual(await ended, { how: 'stopped' });
  t.deepEqual(states(), ['opening', 'reading', 'done']);
  t.is(file.running, 0);
  t.is(clock.pending, 0);
});

test('a position that no retry can make readable ends as failed', async (t) => {
  const { tell, ended } = start();
  const newer = problem('store-version', 'written by a newer fogrun');
  await tell({ type: 'LOST', cause: newer });
  t.deepEqual(await ended, { how: 'failed', cause: newer });
});

test('RETRY ends the wait at once', async (t) => {
  const { state, send, tell } = start();
  await tell(lost);
  await send('RETRY');
  t.is(state(), 'opening');
});

test('PAUSE lets the file go from every state, RESUME opens it again, and STOP ends the task', async (t) => {
  for (const event of [undefined, behind, caughtUp, isMissing, lost]) {
    const { clock, state, send, file, tell, ended } = start();
    if (event) await tell(event);
    await send('PAUSE');
    t.is(state(), 'paused');
    t.is(file.commands.at(-1), 'CLOSE');
    await tell(behind, lost);
    await clock.advance(3_600_000);
    t.is(state(), 'paused');
    await send('RESUME');
    t.is(state(), 'opening');
    t.is(file.commands.at(-1), 'OPEN');
    if (event) await tell(event);
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(file.running, 0);
    t.is(clock.pending, 0);
  }
});
