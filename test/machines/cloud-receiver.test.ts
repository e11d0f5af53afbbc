import test from 'ava';
import {
  type CloudReceiverConfig,
  cloudReceiver,
  type ReceiverCommand,
  type ReceiverEvent,
} from '../../machines/cloud-receiver.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure, fakeTask, play } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const inUse = () => failure('address-in-use', 'taken');
const listening: ReceiverEvent = { type: 'LISTENING', host: '127.0.0.1', port: 7070 };

testKind({
  kind: cloudReceiver,
  file: 'machines/cloud-receiver.ts',
  reach: {
    retryInMs: {
      listener: async () => {
        throw inUse();
      },
    },
  },
});

function start(config: object = {}) {
  const listener = fakeTask<CloudReceiverConfig, ReceiverEvent, ReceiverCommand>();
  const retryInMs = (attempt: number) => 1_000 * attempt;
  const played = play(cloudReceiver as ActorKind, { listener: listener.effect, retryInMs }, config);
  const { clock } = played;
  const listen = async () => {
    listener.emit(listening);
    await clock.flush();
  };
  const fail = async (thrown: unknown) => {
    listener.fail(thrown);
    await clock.flush();
  };
  const end = async () => {
    listener.end();
    await clock.flush();
  };
  return { ...played, listener, listen, fail, end };
}

test('a receiver binds and then rests listening', async (t) => {
  const { clock, states, listen } = start();
  await listen();
  t.deepEqual(states(), ['serving.binding', 'serving.listening']);
  t.is(clock.pending, 0);
});

test('a taken address is tried as often as the pipeline says, then the receiver fails with the cause', async (t) => {
  const { clock, listener, reports, fail, ended } = start({ 'bind-attempts': 3 });
  await fail(inUse());
  t.like(reports.at(-1), {
    to: 'waitingToRetry',
    attempt: 1,
    retryInMs: 1_000,
    cause: { code: 'address-in-use' },
  });
  await clock.advance(1_000);
  await fail(inUse());
  t.like(reports.at(-1), { to: 'waitingToRetry', attempt: 2, retryInMs: 2_000 });
  await clock.advance(2_000);
  await fail(inUse());
  t.like(await ended, { how: 'failed', cause: { code: 'address-in-use', message: 'taken' } });
  t.is(listener.lives, 3);
  t.is(listener.running, 0);
});

test('a bind that does not end counts as an attempt too', async (t) => {
  const { clock, listener, ended } = start({ 'bind-attempts': 2 });
  t.like(await clock.until(ended), { how: 'failed', cause: { code: 'deadline-missed' } });
  t.is(listener.lives, 2);
  t.is(clock.monotonic(), 10_000 + 1_000 + 10_000);
});

test('once it has listened, attempts count anew', async (t) => {
  const { clock, listen, fail, last } = start({ 'bind-attempts': 2 });
  await fail(inUse());
  await clock.advance(1_000);
  await listen();
  await fail(inUse());
  t.like(last(), { from: 'serving.listening', to: 'waitingToRetry', attempt: 1 });
});

test('what no attempt can mend fails at once', async (t) => {
  const { fail, ended } = start();
  await fail(failure('store-failed', 'no disk'));
  t.like(await ended, { how: 'failed', cause: { code: 'store-failed' } });
});

test('STOP while listening lets the sessions end first', async (t) => {
  const { clock, state, send, end, listen, listener, ended } = start();
  await listen();
  await send('STOP');
  t.is(state(), 'serving.draining');
  t.deepEqual(listener.commands, ['CLOSE']);
  await send('STOP');
  await send('PAUSE');
  t.is(state(), 'serving.draining');
  t.is(listener.running, 1);
  await end();
  t.deepEqual(await ended, { how: 'stopped' });
  t.is(clock.pending, 0);
});

test('sessions that do not end are ended 4 s after STOP', async (t) => {
  const { clock, send, listen, listener, ended } = start();
  await listen();
  await send('STOP');
  t.deepEqual(await clock.until(ended), { how: 'stopped' });
  t.is(clock.monotonic(), 4_000);
  t.is(listener.running, 0);
});

test('PAUSE while listening closes in order, and RESUME binds again', async (t) => {
  const { clock, state, send, end, listen, listener } = start();
  await listen();
  await send('PAUSE');
  t.is(state(), 'serving.pausing');
  t.deepEqual(listener.commands, ['CLOSE']);
  await end();
  t.is(state(), 'paused');
  await clock.advance(86_400_000);
  t.is(state(), 'paused');
  await send('RESUME');
  t.is(state(), 'serving.binding');
  t.is(listener.lives, 2);
});

test('PAUSE takes 4 s at most, and also holds back one that binds or waits', async (t) => {
  const slow = start();
  await slow.listen();
  await slow.send('PAUSE');
  await slow.clock.advance(4_000);
  t.is(slow.state(), 'paused');
  const binding = start();
  await binding.send('PAUSE');
  t.is(binding.state(), 'paused');
  t.is(binding.listener.running, 0);
  const waiting = start();
  await waiting.fail(inUse());
  await waiting.send('PAUSE');
  t.is(waiting.state(), 'paused');
  t.is(waiting.clock.pending, 0);
});

test('RESUME while it is still pausing is not forgotten', async (t) => {
  const { state, send, end, listen, listener } = start();
  await listen();
  await send('PAUSE');
  await send('RESUME');
  await end();
  t.is(state(), 'serving.binding');
  t.is(listener.lives, 2);
});

test('STOP while pausing still ends', async (t) => {
  const { clock, send, listen, ended, listener } = start();
  await listen();
  await send('PAUSE');
  await send('STOP');
  t.deepEqual(await clock.until(ended), { how: 'stopped' });
  t.is(listener.running, 0);
});

test('STOP while binding, waiting or paused ends at once', async (t) => {
  const binding = start();
  const waiting = start();
  await waiting.fail(inUse());
  const paused = start();
  await paused.send('PAUSE');
  for (const { clock, send, ended, listener } of [binding, waiting, paused]) {
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(listener.running, 0);
    t.is(clock.pending, 0);
  }
});

test('RETRY ends the wait at once', async (t) => {
  const { state, fail, send } = start();
  await fail(inUse());
  await send('RETRY');
  t.is(state(), 'serving.binding');
});
