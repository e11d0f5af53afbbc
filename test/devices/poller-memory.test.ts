import test from 'ava';
import type { Memory } from '../../src/contract/memory.ts';
import type { Batch, OutPort } from '../../src/contract/port.ts';
import { createTally } from '../../src/devices/poller-readings.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

function port() {
  const sent: Batch[] = [];
  const output: OutPort<Batch> = {
    send: async (batch) => void sent.push(batch),
    blocked: false,
    flush: () => {},
  };
  return { sent, output };
}

test('what a restart of a poller costs is counted by the life after it, for each sensor', async (t) => {
  const clock = createVirtualClock();
  const memory: Memory = { words: undefined };
  const { sent, output } = port();
  const read = (sensor: string) => ({
    device: 'd',
    sensor,
    time: new Date(clock.now()).toISOString(),
    value: 1,
    unit: 'hPa',
  });
  const first = createTally(100, { output, clock, memory });
  first.take([read('pressure'), read('temperature')], false);
  await clock.advance(100);
  first.take([read('pressure')], false);
  const last = new Date(clock.now() - 100).toISOString();
  await clock.advance(400);
  const second = createTally(100, { output, clock, memory });
  second.take([read('pressure'), read('temperature')], false);
  t.deepEqual(
    sent.map(({ missed }) => missed?.count),
    [undefined, undefined, 3 + 4],
  );
  t.is(sent[2]!.missed!.fromTime, last);
  await clock.advance(100);
  second.take([read('pressure'), read('temperature')], false);
  t.is(sent[3]!.missed, undefined);
});

test('a poller that remembers nothing misses nothing', (t) => {
  const { sent, output } = port();
  const clock = createVirtualClock();
  createTally(100, { output, clock }).take(
    [{ device: 'd', sensor: 's', time: new Date(clock.now()).toISOString(), value: 1, unit: 'x' }],
    false,
  );
  t.is(sent[0]!.missed, undefined);
});

test('a wall clock that was set in between does not count as time that passed', async (t) => {
  for (const jumpMs of [2 * 86_400_000, -30 * 86_400_000]) {
    const clock = createVirtualClock();
    const memory: Memory = { words: undefined };
    const { sent, output } = port();
    const read = () => ({
      device: 'd',
      sensor: 'pressure',
      time: new Date(clock.now()).toISOString(),
      value: 1,
      unit: 'hPa',
    });
    createTally(100, { output, clock, memory }).take([read()], false);
    clock.jump(jumpMs);
    await clock.advance(500);
    createTally(100, { output, clock, memory }).take([read()], false);
    t.is(sent[1]!.missed?.count, 4);
  }
});
