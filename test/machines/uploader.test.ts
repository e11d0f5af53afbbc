import test from 'ava';
import { uploader } from '../../machines/uploader.ts';
import { saying } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';
import {
  acknowledged,
  allSent,
  away,
  connected,
  denied,
  fork,
  greeted,
  lost,
  refused,
  start,
  startIn,
} from './uploader-fixture.ts';

testKind({
  kind: uploader,
  file: 'machines/uploader.ts',
  reach: { fork: { link: saying(connected, fork) as never }, retryInMs: { link: saying(lost) as never } },
});

test('an uploader connects, greets, sends what waits, and is idle once all is acknowledged', async (t) => {
  const { clock, states, link, tell, reports } = start();
  await tell(connected, greeted(2), allSent(2), acknowledged(1), acknowledged(0));
  t.deepEqual(states(), ['connecting', 'greeting', 'sending', 'awaitingAck', 'idle']);
  t.deepEqual(link.commands, ['DIAL', 'GREET', 'SEND']);
  t.true(reports.every(({ cause, attempt }) => cause === undefined && attempt === undefined));
  t.is(clock.pending, 0, 'an idle uploader waits for nothing');
});

test('an uploader with nothing to send is idle after the greeting, and sends when a segment is there', async (t) => {
  const { state, link, tell } = start();
  await tell(connected, greeted(0));
  t.is(state(), 'idle');
  await tell({ type: 'BACKLOG' });
  t.is(state(), 'sending');
  t.is(link.commands.at(-1), 'SEND');
});

test('a segment sealed while acknowledgements are awaited is sent at once', async (t) => {
  const { state, link, tell } = await startIn('awaitingAck');
  const sends = () => link.commands.filter((name) => name === 'SEND').length;
  t.is(sends(), 1);
  await tell({ type: 'BACKLOG' });
  t.is(state(), 'sending');
  t.is(sends(), 2);
});

test('everything sent and everything acknowledged already is idle', async (t) => {
  const { state, tell } = await startIn('sending');
  await tell(allSent(0));
  t.is(state(), 'idle');
});

test('an acknowledgement while sending lets more be sent', async (t) => {
  const { state, link, tell, reports } = await startIn('sending');
  const before = reports.length;
  await tell(acknowledged(4), acknowledged(3));
  t.is(state(), 'sending');
  t.deepEqual(link.commands.slice(-3), ['SEND', 'SEND', 'SEND']);
  t.is(reports.length, before, 'no line for staying where it is');
});

test('a cloud that is away is tried again, at growing waits, with the cause', async (t) => {
  const { clock, reports, attempts, tell } = start();
  for (let i = 0; i < 4; i++) {
    await tell({ type: 'LOST', cause: away });
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3, 4]);
  const waits = reports.filter(({ to }) => to === 'waitingToRetry');
  t.deepEqual(
    waits.map(({ attempt, retryInMs, cause }) => [attempt, retryInMs, cause?.code]),
    [1, 2, 3, 4].map((n) => [n, 1_000 * 2 ** (n - 1), 'link-unreachable']),
  );
});

test('waits grow too with a cloud that greets and then ends the link each time', async (t) => {
  const { clock, attempts, tell } = start();
  for (let i = 0; i < 3; i++) {
    await tell(connected, greeted(3), lost);
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
  await tell(connected, greeted(3), acknowledged(2), lost);
  t.deepEqual(attempts, [1, 2, 3, 1], 'an acknowledgement is what makes it well');
});

test('an idle uploader is well: what comes next is a first attempt', async (t) => {
  const { clock, attempts, tell } = start();
  await tell(lost);
  await clock.step();
  await tell(connected, greeted(0), lost);
  t.deepEqual(attempts, [1, 1]);
});

for (const [state, deadlineMs, within] of [
  ['connecting', 11_000, 'connectDeadline'],
  ['greeting', 10_000, 'greetDeadline'],
  ['sending', 120_000, 'ackDeadline'],
  ['awaitingAck', 120_000, 'ackDeadline'],
] as const) {
  test(`an uploader that hears nothing while ${state} drops the link at its deadline`, async (t) => {
    const { clock, state: now, last, link } = await startIn(state);
    await clock.advance(deadlineMs - 1);
    t.is(now(), state);
    await clock.advance(1);
    t.like(last(), { from: state, to: 'waitingToRetry', event: `after ${within}`, attempt: 1 });
    t.is(last().cause?.code, 'deadline-missed');
    t.regex(last().cause!.message, /127\.0\.0\.1:7070/);
    t.is(link.commands.at(-1), 'DROP');
  });
}

test('a deadline is told as such also when the attempt before failed otherwise', async (t) => {
  const { clock, last, tell } = start();
  await tell({ type: 'LOST', cause: away });
  await clock.step();
  await clock.advance(11_000);
  t.is(last().to, 'waitingToRetry');
  t.is(last().cause?.code, 'deadline-missed');
});

test('the deadline for acknowledgements runs from the last progress', async (t) => {
  for (const state of ['sending', 'awaitingAck']) {
    const { clock, state: now, tell } = await startIn(state, { 'ack-timeout': '30s' });
    for (let waiting = 9; waiting > 4; waiting--) {
      await clock.advance(29_000);
      await tell(acknowledged(waiting));
    }
    t.is(now(), state);
    await clock.advance(30_000);
    t.is(now(), 'waitingToRetry');
  }
});

test('a cloud that refuses for now is tried again after the time it said and our own wait', async (t) => {
  const { clock, state, last, link, tell } = start();
  await tell(connected, refused(false, 10_000));
  t.like(last(), { to: 'waitingToRetry', event: 'REFUSED', cause: denied, retryInMs: 11_000 });
  t.is(link.commands.at(-1), 'DROP');
  await clock.advance(10_999);
  t.is(state(), 'waitingToRetry');
  await clock.advance(1);
  t.is(state(), 'connecting');
  await tell(connected, refused(false, 1));
  t.is(last().retryInMs, 2_001, 'so that edges that were told the same time come back apart');
});

test('a cloud that refuses for good is asked again after the longest wait, or on RETRY', async (t) => {
  const { clock, state, last, send, tell } = start();
  await tell(connected, refused(true));
  t.like(last(), { to: 'refused', cause: denied, attempt: 1, retryInMs: 300_000 });
  await clock.advance(299_999);
  t.is(state(), 'refused');
  await clock.advance(1);
  t.is(state(), 'connecting');
  await tell(connected, refused(true));
  t.is(state(), 'refused');
  await send('RETRY');
  t.is(state(), 'connecting');
});

test('a cloud that refuses for good and names a time is not asked before it', async (t) => {
  const { last, tell } = start();
  await tell(connected, refused(true, 3_600_000));
  t.like(last(), { to: 'refused', retryInMs: 3_900_000 });
});
