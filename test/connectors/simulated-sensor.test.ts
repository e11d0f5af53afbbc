import test from 'ava';
import { type SimulatedEvent, simulatedSensor } from '../../machines/simulated-sensor.ts';
import { simulatedSensorEffects } from '../../src/connectors/simulated-sensor-effects.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';
import { fakeStore } from './fixtures.ts';

function start(
  config: object,
  credit?: { itemsMax: number; bytesMax: number },
  clock = createVirtualClock(),
) {
  const store = fakeStore(credit);
  const effects = simulatedSensorEffects({ output: store.out, clock });
  const events: SimulatedEvent[] = [];
  let life = new AbortController();
  const run = () => {
    life = new AbortController();
    const input = simulatedSensor.config.parse(config);
    void effects.sensor({ input, signal: life.signal, emit: (event) => events.push(event), receive() {} });
  };
  run();
  return {
    clock,
    store,
    events,
    run,
    stop: () => life.abort(),
    readings: () => store.readings() as Reading[],
    gaps: () => store.batches.flatMap(({ missed }) => (missed ? [missed] : [])),
  };
}

test('readings come at the pace, marked simulated', async (t) => {
  const { clock, readings } = start({
    every: '1s',
    device: 'd',
    sensor: 's',
    unit: 'u',
    value: { curve: 'const', value: 1.5 },
  });
  await clock.advance(3_500);
  const of = (second: number) => ({
    device: 'd',
    sensor: 's',
    time: `2026-01-01T00:00:0${second}.000Z`,
    value: 1.5,
    unit: 'u',
    simulated: true,
  });
  t.deepEqual(readings(), [of(0), of(1), of(2), of(3)]);
});

test('a fast sensor hands its readings on in batches, none left out', async (t) => {
  const { clock, store, readings } = start({ every: '1ms' });
  await clock.advance(10_000);
  const times = readings().map(({ time }) => Date.parse(time));
  t.true(times.length > 9_900);
  t.true(times.every((time, i) => i === 0 || time === times[i - 1]! + 1));
  t.true(store.batches.length <= 501);
});

test('after a restart the same moments have the same values', async (t) => {
  const config = { every: '1s', noise: 1, seed: 5 };
  const [whole, late] = [
    start(config),
    start(config, undefined, createVirtualClock(Date.UTC(2026, 0, 1) + 5_000)),
  ];
  await whole.clock.advance(10_000);
  await late.clock.advance(5_000);
  t.deepEqual(late.readings(), whole.readings().slice(5));
});

test('an outage is told with its length, and what it cost becomes one gap', async (t) => {
  const { clock, events, readings, gaps } = start({
    every: '1s',
    faults: { outage: { every: '100s', for: '10s' } },
  });
  await clock.advance(99_500);
  t.deepEqual(
    events.map(({ type }) => type),
    ['OUTAGE', 'READING'],
  );
  t.is(readings().length, 90);
  t.like(gaps(), [{ gap: 'missed', count: 10 }]);
  const times = readings().map(({ time }) => Date.parse(time));
  const hole = times.findIndex((time, i) => i > 0 && time - times[i - 1]! > 1_000);
  t.is(gaps()[0]!.fromTime, readings()[hole - 1]!.time);
  t.is(gaps()[0]!.toTime, readings()[hole]!.time);
});

test('a full store costs readings, and each is counted', async (t) => {
  const { clock, store, readings, gaps } = start({ every: '1s' }, { itemsMax: 2, bytesMax: 2 ** 20 });
  store.hold();
  await clock.advance(9_500);
  store.resume();
  await clock.advance(2_000);
  t.is(readings().length + gaps().reduce((sum, { count }) => sum + count, 0), 12);
  t.true(gaps().length > 0);
});

test('what was not measured during a pause, or while the process was stopped, is a gap', async (t) => {
  const clock = createVirtualClock();
  let stoppedMs = 0;
  const own = {
    ...clock,
    now: () => clock.now() + stoppedMs,
    monotonic: () => clock.monotonic() + stoppedMs,
  } as VirtualClock;
  const { run, stop, readings, gaps } = start({ every: '1s' }, undefined, own);
  await clock.advance(2_500);
  stop();
  await clock.advance(5_000);
  run();
  await clock.advance(1_000);
  t.like(gaps(), [{ gap: 'missed', count: 5 }]);
  // No timer fires in a process that is stopped.
  stoppedMs += 60_000;
  await clock.advance(2_000);
  t.is(gaps().length, 2);
  const times = readings().map(({ time }) => Date.parse(time));
  const span = (times.at(-1)! - times[0]!) / 1_000 + 1;
  t.is(readings().length + gaps().reduce((sum, { count }) => sum + count, 0), span);
});

test('a wall clock that is set misses nothing and makes up nothing: readings go on under the new time', async (t) => {
  for (const [jumpMs, name] of [
    [2 * 86_400_000, 'ahead'],
    [-30 * 86_400_000, 'back'],
  ] as const) {
    const { clock, readings, gaps } = start({ every: '1s' });
    await clock.advance(5_500);
    clock.jump(jumpMs);
    await clock.advance(5_000);
    t.deepEqual(gaps(), [], name);
    const times = readings().map(({ time }) => Date.parse(time));
    t.is(times.length, 11, name);
    const steps = times.slice(1).map((time, i) => time - times[i]!);
    t.deepEqual(new Set(steps), new Set([1_000, jumpMs + 1_000]), name);
  }
});

test('a wall clock that was set during a pause does not count as time that passed', async (t) => {
  const { clock, run, stop, gaps } = start({ every: '1s' });
  await clock.advance(2_500);
  stop();
  clock.jump(2 * 86_400_000);
  await clock.advance(5_000);
  run();
  await clock.advance(1_000);
  t.like(gaps(), [{ gap: 'missed', count: 5 }]);
});

test('clocks that differ by a little from one life to the next miss nothing and make up nothing', async (t) => {
  for (const offMs of [-7, -3, 3, 7]) {
    const clock = createVirtualClock();
    const store = fakeStore();
    const memory = { words: undefined };
    // A process that waits for a processor looks at the clocks late, and a wall clock is kept right by small steps.
    let apartMs = 0;
    const own = { ...clock, monotonic: () => clock.monotonic() + apartMs } as VirtualClock;
    for (const [ms, nextMs] of [
      [200, offMs],
      [200, 0],
    ] as const) {
      const life = new AbortController();
      const effects = simulatedSensorEffects({ output: store.out, clock: own, memory });
      const input = simulatedSensor.config.parse({ every: '20ms' });
      void effects.sensor({ input, signal: life.signal, emit() {}, receive() {} });
      await clock.advance(ms);
      life.abort();
      await clock.advance(110);
      apartMs = nextMs;
    }
    const slots = store.readings().map(({ time }) => Date.parse(String(time)) / 20);
    const missed = store.batches.reduce((sum, batch) => sum + (batch.missed?.count ?? 0), 0);
    t.is(slots.length + missed, slots.at(-1)! - slots[0]! + 1, `${offMs} ms`);
    t.is(new Set(slots).size, slots.length);
  }
});

test('values that cannot be believed are marked', async (t) => {
  const { clock, readings } = start({
    every: '1s',
    value: { curve: 'const', value: 99 },
    plausible: { max: 50 },
  });
  await clock.advance(1_000);
  t.true(readings().every(({ implausible }) => implausible === true));
});

test('a life at another pace counts what was missed since the last reading, in turns of its own', async (t) => {
  const clock = createVirtualClock();
  const store = fakeStore();
  const memory = { words: undefined };
  const live = async (every: string, ms: number) => {
    const life = new AbortController();
    const effects = simulatedSensorEffects({ output: store.out, clock, memory });
    const input = simulatedSensor.config.parse({ every });
    void effects.sensor({ input, signal: life.signal, emit() {}, receive() {} });
    await clock.advance(ms);
    life.abort();
    await clock.advance(550);
  };
  await live('1s', 2_100);
  await live('100ms', 250);
  await live('1s', 1_100);
  t.deepEqual(
    store.batches.flatMap(({ missed }) => (missed ? [missed.count] : [])),
    [6, 1],
  );
});
