import test from 'ava';
import {
  type SimulatedEvent,
  type SimulatedSensorConfig,
  simulatedSensor,
} from '../../machines/simulated-sensor.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { fakeTask, play, problem } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

testKind({ kind: simulatedSensor, file: 'machines/simulated-sensor.ts' });

const silent = problem('device-silent', 'a simulated outage');

function start() {
  const sensor = fakeTask<SimulatedSensorConfig, SimulatedEvent>();
  const played = play(simulatedSensor as ActorKind, { sensor: sensor.effect }, {});
  const tell = async (event: SimulatedEvent) => {
    sensor.emit(event);
    await played.clock.flush();
  };
  return { ...played, sensor, tell };
}

test('an outage is a state with a cause and a countdown, and ends with the next reading', async (t) => {
  const { states, last, tell } = start();
  await tell({ type: 'OUTAGE', cause: silent, forMs: 30_000 });
  t.like(last(), { to: 'running.outage', cause: silent, retryInMs: 30_000 });
  await tell({ type: 'READING' });
  t.is(last().cause, undefined);
  t.deepEqual(states(), ['running.measuring', 'running.outage', 'running.measuring']);
});

test('a paused sensor measures nothing', async (t) => {
  const { sensor, send, state } = start();
  await send('PAUSE');
  t.is(state(), 'paused');
  t.is(sensor.running, 0);
  await send('RESUME');
  t.is(state(), 'running.measuring');
  t.is(sensor.running, 1);
  await send('STOP');
  t.is(state(), 'stopped');
});

test('a fault that fills its span is refused, because nothing else would be left', (t) => {
  const checked = simulatedSensor.config.safeParse({ faults: { outage: { every: '10s', for: '10s' } } });
  t.deepEqual(
    checked.error?.issues.map(({ path }) => path.join('.')),
    ['faults.outage.for'],
  );
});

test('an outage that never ends begins the measuring anew', async (t) => {
  const { clock, sensor, state, tell } = start();
  await tell({ type: 'OUTAGE', cause: silent, forMs: 30_000 });
  await clock.advance(32_999);
  t.is(state(), 'running.outage');
  await clock.advance(1);
  t.is(state(), 'running.measuring');
  t.deepEqual([sensor.lives, sensor.running], [2, 1]);
});

test('amounts that would come to more than a number holds are refused', (t) => {
  const takes = (config: object) => simulatedSensor.config.safeParse(config).success;
  t.true(takes({ value: { curve: 'const', value: -1e15 }, decimals: 9 }));
  for (const value of [
    { curve: 'const', value: 1e305 },
    { curve: 'linear', from: -1e308, to: 1e308, over: '1h' },
  ]) {
    t.false(takes({ value, decimals: 9 }), JSON.stringify(value));
  }
});
