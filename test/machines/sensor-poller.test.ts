import test from 'ava';
import {
  type SensorCommand,
  type SensorEvent,
  type SensorPollerConfig,
  sensorPoller,
} from '../../machines/sensor-poller.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { fakeTask, play, problem, saying } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const unreachable = problem('device-unreachable', 'nobody there');
const silent = problem('device-silent', 'no answer');

testKind({
  kind: sensorPoller,
  file: 'machines/sensor-poller.ts',
  reach: { retryInMs: { device: saying({ type: 'LOST', cause: unreachable } as never) } },
});

const connected = {
  type: 'CONNECTED',
  device: { uid: 'bAr', type: 'barometer' },
  simulated: false,
} as unknown as SensorEvent;
const reading: SensorEvent = { type: 'READING' };

function start(config: object = {}) {
  const device = fakeTask<SensorPollerConfig, SensorEvent, SensorCommand>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return 1_000 * 2 ** (attempt - 1);
  };
  const played = play(sensorPoller as ActorKind, { device: device.effect, retryInMs }, config);
  const tell = async (event: SensorEvent) => {
    device.emit(event);
    await played.clock.flush();
  };
  return { ...played, device, attempts, tell };
}

test('a poller connects, polls, goes stale without a value, and polls on with the next', async (t) => {
  const { clock, states, state, last, device, tell } = start();
  t.is(state(), 'connecting');
  t.deepEqual(device.commands, ['CONNECT']);
  await tell(connected);
  await tell(reading);
  t.is(state(), 'polling');
  await tell({ type: 'NO_VALUE', cause: silent });
  t.is(state(), 'stale');
  t.deepEqual(last().cause, silent);
  await tell(reading);
  t.is(last().cause, undefined);
  t.deepEqual(states(), ['connecting', 'polling', 'stale', 'polling']);
  t.is(clock.pending, 0);
});

test('a poller that is stale too long makes the connection anew and names what made it stale', async (t) => {
  const { clock, state, last, device, tell } = start({ 'stale-after': '10s' });
  await tell(connected);
  await tell({ type: 'NO_VALUE', cause: silent });
  await clock.advance(9_999);
  t.is(state(), 'stale');
  await clock.advance(1);
  t.is(state(), 'waitingToRetry');
  t.like(last(), { event: 'after staleAfter', cause: silent, attempt: 1, retryInMs: 1_000 });
  t.deepEqual(device.commands, ['CONNECT', 'DISCONNECT']);
});

test('values that cannot be believed do not put the deadline of a stale poller off', async (t) => {
  const { clock, state, last, tell } = start({ 'stale-after': '10s' });
  const odd = problem('device-implausible', 'said 3');
  await tell(connected);
  await tell({ type: 'NO_VALUE', cause: silent });
  for (let i = 0; i < 9; i++) {
    await clock.advance(1_000);
    await tell({ type: 'NO_VALUE', cause: odd });
  }
  await clock.advance(1_000);
  t.is(state(), 'waitingToRetry');
  t.deepEqual(last().cause, odd);
});

test('waits between attempts grow, and begin anew after a good value', async (t) => {
  const { clock, attempts, tell } = start();
  for (let i = 0; i < 3; i++) {
    await tell({ type: 'LOST', cause: unreachable });
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
  await tell(connected);
  await tell(reading);
  await tell({ type: 'LOST', cause: unreachable });
  t.deepEqual(attempts, [1, 2, 3, 1]);
});

test('waits also grow with a device that lets itself be connected and then says nothing', async (t) => {
  const { clock, attempts, tell } = start();
  for (let i = 0; i < 3; i++) {
    await tell(connected);
    await tell({ type: 'LOST', cause: unreachable });
    await clock.step();
  }
  t.deepEqual(attempts, [1, 2, 3]);
});

test('a connection that takes too long is given up with that as its cause, whatever was before', async (t) => {
  const { clock, last, state, tell } = start({ timeout: '1s', device: { host: '192.0.2.7' } });
  await tell({ type: 'LOST', cause: unreachable });
  await clock.step();
  t.is(state(), 'connecting');
  await clock.advance(4_000);
  t.like(last(), { to: 'waitingToRetry', event: 'after connectDeadline', attempt: 2 });
  t.is(last().cause?.code, 'deadline-missed');
  t.regex(last().cause!.message, /192\.0\.2\.7/);
});

for (const before of ['connecting', 'polling', 'stale'] as const) {
  test(`a device lost while ${before} is tried again after a wait`, async (t) => {
    const { clock, state, last, device, tell } = start();
    if (before !== 'connecting') await tell(connected);
    if (before === 'stale') await tell({ type: 'NO_VALUE', cause: silent });
    t.is(state(), before);
    await tell({ type: 'LOST', cause: unreachable });
    t.like(last(), { from: before, to: 'waitingToRetry', event: 'LOST', cause: unreachable });
    await tell({ type: 'LOST', cause: silent });
    await tell(connected);
    t.is(state(), 'waitingToRetry', 'late events change nothing');
    await clock.advance(1_000);
    t.is(state(), 'connecting');
    t.is(device.commands.at(-1), 'CONNECT');
    t.is(device.lives, 1, 'one task for all attempts');
  });
}

test('RETRY ends the wait at once', async (t) => {
  const { clock, state, send, tell } = start();
  await tell({ type: 'LOST', cause: unreachable });
  await send('RETRY');
  t.is(state(), 'connecting');
  t.is(clock.pending, 1, 'only the deadline of connecting runs');
});

test('PAUSE lets the device go from every state, and RESUME connects again', async (t) => {
  for (const events of [
    [],
    [connected],
    [connected, { type: 'NO_VALUE', cause: silent }],
    [{ type: 'LOST', cause: silent }],
  ]) {
    const { clock, state, send, device, tell } = start();
    for (const event of events) await tell(event as SensorEvent);
    await send('PAUSE');
    t.is(state(), 'paused');
    t.is(device.commands.at(-1), 'DISCONNECT');
    await tell({ type: 'LOST', cause: silent });
    await tell(connected);
    await clock.advance(3_600_000);
    t.is(state(), 'paused');
    await send('RESUME');
    t.is(state(), 'connecting');
    t.is(device.commands.at(-1), 'CONNECT');
  }
});

test('STOP ends the task and leaves no timer', async (t) => {
  for (const events of [
    [],
    [connected],
    [connected, { type: 'NO_VALUE', cause: silent }],
    [{ type: 'LOST', cause: silent }],
  ]) {
    const { clock, send, device, tell, ended } = start();
    for (const event of events) await tell(event as SensorEvent);
    await send('STOP');
    t.deepEqual(await ended, { how: 'stopped' });
    t.is(device.running, 0);
    t.is(clock.pending, 0);
  }
});

const gone = problem('device-unknown', 'unplugged');
const noFix = problem('device-no-value', 'no fix');

test('a poller whose device sends by itself listens, and listens again after it was stale', async (t) => {
  const { states, tell } = start({ mode: 'callback' });
  await tell(connected);
  await tell({ type: 'NO_VALUE', cause: silent });
  await tell(reading);
  t.deepEqual(states(), ['connecting', 'listening', 'stale', 'listening']);
});

for (const before of ['connecting', 'polling', 'stale', 'waitingForValue'] as const) {
  test(`a device that goes while ${before} is absent, and connected to when it is back or after a wait`, async (t) => {
    const { clock, state, last, device, tell } = start();
    if (before !== 'connecting') await tell(connected);
    if (before === 'stale') await tell({ type: 'NO_VALUE', cause: silent });
    if (before === 'waitingForValue') await tell({ type: 'NO_VALUE', cause: noFix });
    await tell({ type: 'GONE', cause: gone });
    t.like(last(), { from: before, to: 'absent', cause: gone, attempt: 1, retryInMs: 1_000 });
    t.is(device.commands.at(-1), 'CONNECT', 'the task goes on looking out');
    await tell({ type: 'BACK' });
    t.is(state(), 'connecting');
    await tell({ type: 'GONE', cause: gone });
    await clock.advance(2_000);
    t.is(state(), 'connecting');
  });
}

test('RETRY, PAUSE and a daemon that ends are heard while a device is absent', async (t) => {
  for (const [what, next] of [
    ['RETRY', 'connecting'],
    ['PAUSE', 'paused'],
  ] as const) {
    const { state, send, tell } = start();
    await tell({ type: 'GONE', cause: gone });
    await send(what);
    t.is(state(), next);
  }
  const { state, tell } = start();
  await tell({ type: 'GONE', cause: gone });
  await tell({ type: 'LOST', cause: unreachable });
  t.is(state(), 'waitingToRetry');
});

test('a device that cannot measure yet may take its time as long as it says so', async (t) => {
  const { clock, state, states, last, device, tell } = start({ 'stale-after': '10s', every: '1s' });
  await tell(connected);
  for (let i = 0; i < 100; i++) {
    await tell({ type: 'NO_VALUE', cause: noFix });
    await clock.advance(11_000);
  }
  t.is(state(), 'waitingForValue');
  t.deepEqual(device.commands, ['CONNECT']);
  t.deepEqual(states(), ['connecting', 'polling', 'waitingForValue'], 'one line, not one for each time');
  await clock.advance(1_000);
  t.is(state(), 'stale', 'it fell silent');
  t.deepEqual(last().cause, noFix);
  await tell({ type: 'NO_VALUE', cause: noFix });
  await tell(reading);
  t.deepEqual(states().slice(-2), ['waitingForValue', 'polling']);
});

/** What the config says of a mistake, as `path: message`. */
const complaints = (config: object) =>
  sensorPoller.config
    .safeParse(config)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test('sensors that a type does not have, and words for one that are said of several, are mistakes', (t) => {
  t.deepEqual(complaints({ device: { type: 'co2' }, sensors: ['pressure', 'co2', 'co2'] }), [
    'sensors.0: a device of type co2 has no pressure; it has co2, temperature, humidity',
    'sensors.2: co2 is named twice',
  ]);
  t.deepEqual(complaints({ device: { type: 'co2' }, sensors: ['co2', { sensor: 'humidity', as: 'co2' }] }), [
    'sensors.1: another sensor is called co2 already, so nobody could tell them apart',
  ]);
  const several = { device: { type: 'humidity' }, sensor: 'damp', plausible: { max: 90 } };
  const hint = 'this poller reads humidity, temperature; say it for each in `sensors`';
  t.deepEqual(complaints(several), [
    `sensor: names one sensor, but ${hint}`,
    `plausible: is for one sensor, but ${hint}`,
  ]);
  t.is(complaints({ ...several, sensors: ['humidity'] }), undefined);
});

test('a file from before there were other devices says the same as ever', (t) => {
  const old = {
    device: { type: 'barometer', uid: 'bAr' },
    sensor: 'qfe',
    plausible: { min: 900, max: 1_000 },
  };
  t.like(sensorPoller.config.parse(old), {
    sensor: 'qfe',
    plausible: { min: 900, max: 1_000 },
    mode: 'poll',
  });
  t.is(complaints({}), undefined);
});
