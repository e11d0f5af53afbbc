/** The life that every source which listens on an address must lead. */
import test from 'ava';
import type { ActorKind } from '../../src/contract/kind.ts';
import type { ListenerCommand, ListenerEvent } from '../../src/contract/listening.ts';
import { failure, fakeTask, play } from '../helpers/statechart.ts';

const inUse = () => failure('address-in-use', 'taken');

/** Titles begin with the kind's name. */
export function testListening(kind: ActorKind): void {
  const title = (sentence: string) => `${kind.name}: ${sentence}`;

  function start(config: object = {}) {
    const listener = fakeTask<unknown, ListenerEvent, ListenerCommand>();
    const effects = { listener: listener.effect, retryInMs: (attempt: number) => 1_000 * attempt };
    const played = play(kind, effects, config);
    const { clock } = played;
    const after = async (act: () => void) => {
      act();
      await clock.flush();
    };
    return {
      ...played,
      listener,
      listen: () => after(() => listener.emit({ type: 'LISTENING', host: '127.0.0.1', port: 1 })),
      fail: (thrown: unknown) => after(() => listener.fail(thrown)),
      end: () => after(() => listener.end()),
    };
  }

  test(title('binds and then rests listening'), async (t) => {
    const { clock, states, listen } = start();
    await listen();
    t.deepEqual(states(), ['serving.binding', 'serving.listening']);
    t.is(clock.pending, 0);
  });

  test(title('tries a taken address as often as the pipeline says, then fails with the cause'), async (t) => {
    const { clock, listener, last, fail, ended } = start({ 'bind-attempts': 2 });
    await fail(inUse());
    t.like(last(), { to: 'waitingToRetry', attempt: 1, retryInMs: 1_000, cause: { code: 'address-in-use' } });
    await clock.advance(1_000);
    await fail(inUse());
    t.like(await ended, { how: 'failed', cause: { code: 'address-in-use', message: 'taken' } });
    t.is(listener.lives, 2);
    t.is(listener.running, 0);
  });

  test(
    title('counts a bind that does not end as an attempt, and counts anew once it has listened'),
    async (t) => {
      const slow = start({ 'bind-attempts': 1 });
      t.like(await slow.clock.until(slow.ended), { how: 'failed', cause: { code: 'deadline-missed' } });
      t.is(slow.clock.monotonic(), 10_000);
      const { clock, listen, fail, last, state, send } = start({ 'bind-attempts': 2 });
      await fail(inUse());
      await clock.advance(1_000);
      await listen();
      await fail(inUse());
      t.like(last(), { from: 'serving.listening', to: 'waitingToRetry', attempt: 1 });
      await send('RETRY');
      t.is(state(), 'serving.binding');
    },
  );

  test(title('fails at once for what no attempt can mend'), async (t) => {
    const { fail, ended } = start();
    await fail(failure('internal', 'a bug'));
    t.like(await ended, { how: 'failed', cause: { code: 'internal' } });
  });

  test(title('on STOP lets what it took be accepted, for 3 s at most'), async (t) => {
    const quick = start();
    await quick.listen();
    await quick.send('STOP');
    t.is(quick.state(), 'serving.draining');
    t.deepEqual(quick.listener.commands, ['CLOSE']);
    await quick.send('STOP');
    await quick.send('PAUSE');
    t.is(quick.listener.running, 1);
    await quick.end();
    t.deepEqual(await quick.ended, { how: 'stopped' });
    t.is(quick.clock.pending, 0);
    const slow = start();
    await slow.listen();
    await slow.send('STOP');
    t.deepEqual(await slow.clock.until(slow.ended), { how: 'stopped' });
    t.is(slow.clock.monotonic(), 3_000);
    t.is(slow.listener.running, 0);
  });

  test(
    title('closes in order on PAUSE, and binds again on RESUME, also while it still pauses'),
    async (t) => {
      const { clock, state, send, end, listen, listener } = start();
      await listen();
      await send('PAUSE');
      t.is(state(), 'serving.pausing');
      await end();
      await clock.advance(86_400_000);
      t.is(state(), 'paused');
      await send('RESUME');
      await listen();
      await send('PAUSE');
      await send('RESUME');
      await end();
      t.is(state(), 'serving.binding');
      t.is(listener.lives, 3);
      t.is(listener.running, 1);
    },
  );

  test(title('on STOP while binding, waiting or paused ends at once'), async (t) => {
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
}
