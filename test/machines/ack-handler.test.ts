import test from 'ava';
import { type AckHandlerConfig, ackHandler, type SettleEvent } from '../../machines/ack-handler.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure, fakeTask, play } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

testKind({ kind: ackHandler, file: 'machines/ack-handler.ts' });

function start() {
  const settle = fakeTask<AckHandlerConfig, SettleEvent>();
  const played = play(ackHandler as ActorKind, { settle: settle.effect });
  const tell = async (event: SettleEvent) => {
    settle.emit(event);
    await played.clock.flush();
  };
  return { ...played, settle, tell };
}

test('an ack handler waits, deletes what is acknowledged, and waits again', async (t) => {
  const { clock, states, tell } = start();
  await clock.advance(86_400_000);
  await tell({ type: 'ACKNOWLEDGED', count: 3 });
  await tell({ type: 'DELETED', segments: 3 });
  t.deepEqual(states(), ['waiting', 'deleting', 'waiting']);
  t.is(clock.pending, 0);
});

test('deleting that does not end is given up with a cause', async (t) => {
  const { clock, tell, ended, settle } = start();
  await tell({ type: 'ACKNOWLEDGED', count: 1 });
  await clock.advance(60_000);
  t.like(await ended, { how: 'failed', cause: { code: 'deadline-missed' } });
  t.is(settle.running, 0);
});

test('a store that fails ends the ack handler with the cause', async (t) => {
  const { clock, tell, ended, settle } = start();
  await tell({ type: 'ACKNOWLEDGED', count: 1 });
  settle.fail(failure('store-failed', 'no disk'));
  t.like(await ended, { how: 'failed', cause: { code: 'store-failed', message: 'no disk' } });
  t.is(clock.pending, 0);
});

test('STOP ends it at once, whether it waits or deletes', async (t) => {
  for (const busy of [false, true]) {
    const { clock, send, tell, ended, settle } = start();
    if (busy) await tell({ type: 'ACKNOWLEDGED', count: 1 });
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(settle.running, 0);
    t.is(clock.pending, 0);
  }
});
