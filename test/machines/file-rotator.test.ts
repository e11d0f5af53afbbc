import test from 'ava';
import {
  type FileRotatorConfig,
  fileRotator,
  type IntakeEvent,
  type Sealed,
} from '../../machines/file-rotator.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure, fakeRequest, fakeTask, play, problem, saying } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const full = problem('store-full', 'no room');
const written = (bytes: number, dueInMs = 15_000, sealed = 0): IntakeEvent => ({
  type: 'WRITTEN',
  bytes,
  dueInMs,
  sealed,
});

testKind({
  kind: fileRotator,
  file: 'machines/file-rotator.ts',
  reach: { seal: { intake: saying(written(2 ** 20)) as never } },
});

function start(config: object = { every: '15s', size: '1MiB' }) {
  const intake = fakeTask<FileRotatorConfig, IntakeEvent>();
  const sealing = fakeRequest<FileRotatorConfig, Sealed>();
  const played = play(fileRotator as ActorKind, { intake: intake.effect, seal: sealing.effect }, config);
  const tell = async (...events: IntakeEvent[]) => {
    for (const event of events) {
      intake.emit(event);
      await played.clock.flush();
    }
  };
  const sealed = async (bytes: number, dueInMs = 15_000) => {
    sealing.answer({ bytes, dueInMs });
    await played.clock.flush();
  };
  return { ...played, intake, sealing, sealed, tell };
}

test('a rotator seals what it holds when its first reading is old enough', async (t) => {
  const { clock, states, state, tell, sealed } = start();
  t.is(state(), 'empty');
  await tell(written(100, 15_000));
  await clock.advance(14_000);
  await tell(written(200, 1_000));
  t.is(state(), 'filling');
  await clock.advance(1_000);
  t.is(state(), 'sealing');
  await sealed(0);
  t.deepEqual(states(), ['empty', 'filling', 'sealing', 'empty']);
  t.is(clock.pending, 0);
});

test('what grew large was sealed in its commit; what was begun then is due by its own age', async (t) => {
  const { clock, state, states, tell, sealing } = start();
  await tell(written(0, 15_000, 1));
  t.is(state(), 'empty');
  await tell(written(100, 15_000));
  await clock.advance(14_000);
  await tell(written(50, 15_000, 1));
  await clock.advance(14_999);
  t.is(state(), 'filling');
  await tell(written(0, 15_000, 1));
  t.is(state(), 'empty');
  t.deepEqual(states(), ['empty', 'filling', 'empty']);
  await clock.advance(86_400_000);
  t.is(sealing.calls.length, 0);
  t.is(clock.pending, 0);
});

test('a segment that is large is sealed before it is due', async (t) => {
  const { state, tell, sealed } = start();
  await tell(written(2 ** 20 - 1));
  t.is(state(), 'filling');
  await tell(written(2 ** 20));
  t.is(state(), 'sealing');
  await sealed(0);
  await tell(written(2 ** 21));
  t.is(state(), 'sealing', 'also when one batch fills it');
});

test('what a run before left open and overdue is sealed at once', async (t) => {
  const { clock, state, tell } = start();
  await tell(written(100, 0));
  await clock.advance(0);
  t.is(state(), 'sealing');
});

test('what came while sealing is sealed when it is due', async (t) => {
  const { clock, state, tell, sealed, sealing } = start();
  await tell(written(2 ** 20));
  await sealed(50, 4_000);
  t.is(state(), 'filling');
  await clock.advance(4_000);
  t.is(state(), 'sealing');
  t.is(sealing.calls.length, 2);
});

test('when so much came while sealing that it is large, it is sealed at once', async (t) => {
  const { state, tell, sealed, sealing } = start();
  await tell(written(2 ** 20));
  await sealed(2 ** 20, 4_000);
  t.is(state(), 'sealing');
  t.is(sealing.calls.length, 2);
  await sealed(0);
  t.is(state(), 'empty');
});

test('a full store is trouble; what it holds is sealed so that it can leave; with room it goes on', async (t) => {
  for (const before of [[], [written(100)], [written(2 ** 20)]]) {
    const { clock, state, last, sealing, sealed, tell } = start();
    await tell(...before);
    const seals = sealing.calls.length;
    await tell({ type: 'FULL', cause: full });
    t.like(last(), { to: 'full', event: 'FULL', cause: full });
    t.is(sealing.calls.length, seals + 1);
    await sealed(0);
    await tell({ type: 'FULL', cause: full });
    await clock.advance(86_400_000);
    t.is(state(), 'full');
    t.is(sealing.calls.length, seals + 1);
    await tell({ type: 'ROOM' });
    t.like(last(), { from: 'full', to: 'empty' });
    await tell(written(10));
    t.is(state(), 'filling');
  }
});

test('a store that cannot seal, or cannot take, ends the rotator with the cause', async (t) => {
  const one = start();
  await one.tell(written(2 ** 20));
  one.sealing.fail(failure('store-failed', 'no disk'));
  t.like(await one.ended, { how: 'failed', cause: { code: 'store-failed', message: 'no disk' } });
  const two = start();
  two.intake.fail(failure('store-failed', 'no disk'));
  t.like(await two.ended, { how: 'failed', cause: { code: 'store-failed' } });
  const three = start();
  await three.tell({ type: 'FULL', cause: full });
  three.sealing.fail(failure('store-failed', 'no disk'));
  t.like(await three.ended, { how: 'failed', cause: { code: 'store-failed' } });
  for (const { clock } of [one, two, three]) t.is(clock.pending, 0);
});

test('STOP seals what is open, also what came while sealing, and ends when that is done', async (t) => {
  for (const events of [[written(1)], [written(2 ** 20)]]) {
    const { clock, intake, sealing, send, sealed, state, tell, ended } = start();
    await tell(...events);
    const seals = sealing.calls.length;
    await send('STOP');
    t.is(state(), 'closing');
    t.is(sealing.calls.length, seals + 1);
    await tell({ type: 'FULL', cause: full });
    await send('STOP');
    t.is(intake.running, 1, 'what is sealed is told');
    await sealed(50);
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(sealing.calls.length, seals + 1);
    t.is(intake.running, 0);
    t.is(clock.monotonic(), 0);
    t.is(clock.pending, 0);
  }
});

test('a store that does not seal at the end holds it up for 2 s; one that cannot is told', async (t) => {
  const mute = start();
  await mute.tell(written(1));
  await mute.send('STOP');
  t.deepEqual(await mute.clock.until(mute.ended), { how: 'stopped' });
  t.is(mute.clock.monotonic(), 2_000);
  const broken = start();
  await broken.tell(written(1));
  await broken.send('STOP');
  broken.sealing.fail(failure('store-failed', 'no disk'));
  t.like(await broken.ended, { how: 'failed', cause: { code: 'store-failed' } });
});

test('STOP with nothing open, or with a store that is full, ends at once and leaves nothing behind', async (t) => {
  for (const events of [[], [{ type: 'FULL', cause: full } as const]]) {
    const { clock, intake, sealing, send, tell, ended } = start();
    await tell(...events);
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(intake.running, 0);
    t.true(sealing.calls.every(({ signal }) => signal.aborted));
    t.is(clock.pending, 0);
  }
});
