import test from 'ava';
import type { UploadEvent } from '../../machines/uploader.ts';
import { failure } from '../helpers/statechart.ts';
import {
  acknowledged,
  allSent,
  connected,
  fork,
  forked,
  greeted,
  lost,
  refused,
  start,
  startIn,
  ways,
} from './uploader-fixture.ts';

test('a fork begins a new epoch, waits, and connects again', async (t) => {
  const { clock, state, last, link, forking, tell } = start();
  await tell(connected, fork);
  t.is(state(), 'forked');
  t.deepEqual(last().cause, forked);
  t.is(link.commands.at(-1), 'DROP');
  t.deepEqual(
    forking.calls.map(({ input }) => input),
    [{ cause: forked }],
  );
  forking.answer();
  await clock.flush();
  t.like(last(), { to: 'waitingToRetry', cause: forked, attempt: 1, retryInMs: 1_000 });
  await clock.advance(1_000);
  t.is(state(), 'connecting');
  t.is(link.commands.at(-1), 'DIAL');
});

test('a cloud that calls every history forked is answered at growing waits', async (t) => {
  const { clock, attempts, forking, tell } = start();
  for (let i = 0; i < 3; i++) {
    await tell(connected, fork);
    forking.answer();
    await clock.flush();
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
  t.is(forking.calls.length, 3);
});

test('one fork is carried out once, however often the dropped link tells of it', async (t) => {
  const { clock, state, forking, tell } = start();
  await tell(connected, fork, fork, fork);
  forking.answer();
  await clock.flush();
  await tell(fork);
  t.is(state(), 'waitingToRetry');
  await clock.advance(1_000);
  await tell(fork);
  t.is(state(), 'connecting');
  t.is(forking.calls.length, 1);
});

test('a store that cannot fork ends the uploader', async (t) => {
  const { clock, forking, tell, ended } = start();
  await tell(connected, fork);
  forking.fail(failure('store-failed', 'no disk'));
  t.like(await ended, { how: 'failed', cause: { code: 'store-failed', message: 'no disk' } });
  t.is(clock.pending, 0);
});

test('late events of a dropped link change nothing', async (t) => {
  const late: UploadEvent[] = [
    lost,
    refused(false),
    refused(true),
    fork,
    greeted(2),
    allSent(0),
    allSent(2),
    acknowledged(0),
    acknowledged(2),
    { type: 'BACKLOG' },
    { type: 'DOWN' },
    connected,
  ];
  for (const state of ['waitingToRetry', 'refused', 'paused']) {
    const { state: now, tell, attempts, forking } = await startIn(state);
    const planned = attempts.length;
    for (const event of late) {
      await tell(event);
      t.is(now(), state, `${event.type} in ${state}`);
    }
    t.is(attempts.length, planned);
    t.is(forking.calls.length, 0);
  }
  const { state, tell } = await startIn('connecting');
  for (const event of [greeted(2), allSent(0), acknowledged(0), fork, { type: 'DOWN' } as const]) {
    await tell(event);
    t.is(state(), 'connecting', event.type);
  }
});

/** Where there is something to bring to its end first. */
const busy = ['sending', 'awaitingAck', 'finishing'];

for (const state of Object.keys(ways)) {
  test(`STOP while ${state} ends within 5 s and leaves nothing behind`, async (t) => {
    const { clock, send, ended, link, state: now } = await startIn(state);
    const from = clock.monotonic();
    await send('STOP');
    t.is(now(), busy.includes(state) ? 'finishing' : 'stopping');
    await send('STOP');
    await send('PAUSE');
    if (busy.includes(state)) await clock.advance(2_000);
    t.is(now(), 'stopping');
    t.is(link.commands.at(-1), 'GOODBYE');
    await send('STOP');
    await send('PAUSE');
    t.deepEqual(await clock.until(ended), { how: 'stopped' });
    t.true(clock.monotonic() - from <= 5_000);
    t.is(link.running, 0);
    t.is(clock.pending, 0);
  });

  test(`a bug of the link while ${state} is failed`, async (t) => {
    const { clock, link, ended } = await startIn(state);
    link.fail(new TypeError('a bug'));
    t.like(await ended, { how: 'failed', cause: { code: 'internal' } });
    t.is(clock.pending, 0);
  });
}

test('STOP sends what is sealed, awaits what it is acknowledged with, and then says goodbye', async (t) => {
  for (const state of ['sending', 'awaitingAck']) {
    const { clock, send, tell, state: now, link, last } = await startIn(state);
    await send('STOP');
    t.is(link.commands.at(-1), 'SEND');
    await tell({ type: 'BACKLOG' }, acknowledged(2), allSent(2), acknowledged(0));
    t.is(now(), 'finishing', 'there may be more that is not sent yet');
    t.is(link.commands.at(-1), 'SEND');
    await tell(allSent(0));
    t.like(last(), { from: 'finishing', to: 'stopping' });
    t.is(link.commands.at(-1), 'GOODBYE');
    t.is(clock.monotonic(), 0);
  }
});

test('a link that is lost or refused while it finishes is not made anew', async (t) => {
  for (const [event, to] of [
    [lost, 'stopped'],
    [refused(false), 'stopping'],
    [fork, 'stopping'],
  ] as const) {
    const { tell, last, attempts } = await startIn('finishing');
    await tell(event);
    t.is(last().to, to);
    t.deepEqual(attempts, []);
  }
});

test('STOP waits for the goodbye and no longer', async (t) => {
  for (const event of [{ type: 'DOWN' }, lost] as const) {
    const { clock, send, tell, ended } = await startIn('idle');
    await send('STOP');
    await tell(event);
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(clock.monotonic(), 0);
  }
});

test('PAUSE says goodbye from every state, and RESUME connects again', async (t) => {
  for (const state of Object.keys(ways).filter(
    (name) => !['finishing', 'stopping', 'paused'].includes(name),
  )) {
    const { clock, state: now, send, link } = await startIn(state);
    await send('PAUSE');
    t.is(now(), 'paused', state);
    t.is(link.commands.at(-1), 'GOODBYE');
    await clock.advance(3_600_000);
    t.is(now(), 'paused');
    await send('RESUME');
    t.is(now(), 'connecting');
    t.is(link.commands.at(-1), 'DIAL');
  }
});
