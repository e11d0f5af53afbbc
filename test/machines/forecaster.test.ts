import test from 'ava';
import { type ForecastEvent, type ForecasterConfig, forecaster } from '../../machines/forecaster.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { failure, fakeRequest, fakeTask, play } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const caughtUp = async () => ({ segments: 0 });
const away = () => failure('store-full', 'no room');

testKind({
  kind: forecaster,
  file: 'machines/forecaster.ts',
  reach: {
    forecasts: { catchUp: caughtUp },
    retryInMs: {
      catchUp: async () => {
        throw away();
      },
    },
  },
});

function start() {
  const catching = fakeRequest<ForecasterConfig, { segments: number }>();
  const forecasts = fakeTask<ForecasterConfig, ForecastEvent>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return 1_000 * attempt;
  };
  const played = play(forecaster as ActorKind, {
    catchUp: catching.effect,
    forecasts: forecasts.effect,
    retryInMs,
  });
  const ready = async () => {
    catching.answer({ segments: 2 });
    await played.clock.flush();
  };
  const failCatchUp = async (thrown: unknown) => {
    catching.fail(thrown);
    await played.clock.flush();
  };
  return { ...played, attempts, catching, forecasts, ready, failCatchUp };
}

test('a forecaster catches up with what is stored and is then ready', async (t) => {
  const { clock, states, ready, forecasts } = start();
  t.is(forecasts.lives, 0);
  await ready();
  forecasts.emit({ type: 'FORECAST', edge: 'e', sequence: 1 });
  await clock.advance(86_400_000);
  t.deepEqual(states(), ['catchingUp', 'ready']);
  t.is(forecasts.running, 1);
  t.is(clock.pending, 0);
});

test('catching up that fails is tried again at growing waits, with the cause', async (t) => {
  const { clock, attempts, failCatchUp, last, ready, state } = start();
  for (let i = 0; i < 3; i++) {
    await failCatchUp(away());
    t.like(last(), { to: 'waitingToRetry', attempt: i + 1, cause: { code: 'store-full' } });
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
  await ready();
  t.is(state(), 'ready');
});

test('catching up has a deadline', async (t) => {
  const { clock, last, catching } = start();
  await clock.advance(600_000);
  t.like(last(), { to: 'waitingToRetry', cause: { code: 'deadline-missed' } });
  t.true(catching.calls[0]!.signal.aborted);
});

test('after a failure while ready it catches up first', async (t) => {
  const { clock, state, states, ready, forecasts, catching } = start();
  await ready();
  forecasts.fail(away());
  await clock.flush();
  t.is(state(), 'waitingToRetry');
  t.is(forecasts.running, 0);
  await clock.advance(1_000);
  await ready();
  t.deepEqual(states(), ['catchingUp', 'ready', 'waitingToRetry', 'catchingUp', 'ready']);
  t.is(catching.calls.length, 2);
  t.is(forecasts.lives, 2);
});

test('PAUSE holds it from every state, RESUME catches up, RETRY ends a wait', async (t) => {
  for (const before of ['catchingUp', 'ready', 'waitingToRetry']) {
    const { clock, state, send, ready, failCatchUp, forecasts } = start();
    if (before === 'ready') await ready();
    if (before === 'waitingToRetry') {
      await failCatchUp(away());
      await send('RETRY');
      t.is(state(), 'catchingUp');
      await failCatchUp(away());
    }
    await send('PAUSE');
    t.is(state(), 'paused');
    t.is(forecasts.running, 0);
    t.is(clock.pending, 0);
    await send('RESUME');
    t.is(state(), 'catchingUp');
  }
});

test('STOP ends it at once in every state', async (t) => {
  for (const before of ['catchingUp', 'ready', 'waitingToRetry', 'paused']) {
    const { clock, send, ready, failCatchUp, catching, forecasts, ended } = start();
    if (before === 'ready') await ready();
    if (before === 'waitingToRetry') await failCatchUp(away());
    if (before === 'paused') await send('PAUSE');
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(forecasts.running, 0);
    if (before === 'catchingUp') t.true(catching.calls[0]!.signal.aborted);
    t.is(clock.pending, 0);
  }
});

test('a minimum span that the window never holds is refused', (t) => {
  const parse = (config: object) => forecaster.config.safeParse(config);
  const { error } = parse({ window: '10m' });
  t.deepEqual(error?.issues[0]?.path, ['minimum-span']);
  t.true(parse({ window: '10m', 'minimum-span': '5m' }).success);
});
