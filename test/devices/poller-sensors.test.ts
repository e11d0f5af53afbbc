/** Pollers of devices that measure several things, and devices that come and go. */
import test from 'ava';
import { failure, problem } from '../helpers/statechart.ts';
import { startPoller } from './poller-fixture.ts';

const co2 = { device: { type: 'co2' }, every: '1s' };
const values: Record<string, number> = { co2: 700, temperature: 21.5, humidity: 45 };
const play = (config: object = co2) => {
  const poller = startPoller(config);
  poller.play.value = (sensor) => values[sensor]!;
  void poller.consume();
  return poller;
};

test('a device with several sensors gives a reading of each at every turn, in one batch', async (t) => {
  const poller = play();
  await poller.clock.advance(1_500);
  t.deepEqual(
    poller.batches.map(({ count }) => count),
    [3, 3],
  );
  t.deepEqual(
    poller.readings().map(({ sensor, value, unit }) => [sensor, value, unit]),
    [...Array(2)].flatMap(() => [
      ['co2', 700, 'ppm'],
      ['temperature', 21.5, '°C'],
      ['humidity', 45, '%RH'],
    ]),
  );
  await poller.stop();
});

test('sensors can be chosen, named, and judged each by what is said of it', async (t) => {
  const poller = play({
    ...co2,
    sensors: ['humidity', { sensor: 'temperature', as: 'cellar', unit: 'C', plausible: { max: 20 } }],
  });
  await poller.clock.advance(500);
  t.deepEqual(
    poller.readings().map(({ sensor, unit, implausible }) => [sensor, unit, implausible]),
    [
      ['humidity', '%RH', undefined],
      ['cellar', 'C', true],
    ],
  );
  await poller.stop();
});

test('one sensor that cannot be believed is told once and stops no other; all of them are a state', async (t) => {
  const poller = play();
  const problems = () => poller.reports.filter(({ type }) => type === 'problem');
  let broken = ['temperature'];
  poller.play.value = (sensor) => (broken.includes(sensor) ? 999 : values[sensor]!);
  await poller.clock.advance(3_500);
  t.is(poller.actor.state(), 'polling');
  t.is(problems().length, 1);
  t.like(problems()[0], { code: 'device-implausible' });
  t.regex((problems()[0] as { message: string }).message, /said 999, not -60 to 85 °C/);
  t.is(poller.readings().filter(({ implausible }) => implausible).length, 4);
  broken = [];
  await poller.clock.advance(1_000);
  broken = ['temperature'];
  await poller.clock.advance(1_000);
  t.is(problems().length, 2, 'it was well in between');
  poller.play.value = () => 1e6;
  await poller.clock.advance(1_000);
  t.is(poller.actor.state(), 'stale');
  await poller.stop();
});

test('what was missed counts every sensor', async (t) => {
  const poller = play();
  await poller.clock.advance(1_500);
  poller.play.value = () => {
    throw failure('device-silent');
  };
  await poller.clock.advance(3_000);
  poller.play.value = (sensor) => values[sensor]!;
  await poller.clock.advance(1_000);
  const [gap, ...more] = poller.gaps();
  t.deepEqual(more, []);
  t.like(gap, { count: 9, fromTime: '2026-01-01T00:00:01.000Z', toTime: '2026-01-01T00:00:05.000Z' });
  t.is(gap!.text, 'co2, temperature, humidity of bAr was not measured between these moments');
  await poller.stop();
});

test('the accuracy that a device tells stands in its reading', async (t) => {
  const poller = play({ device: { type: 'air-quality' }, sensors: ['iaq'] });
  poller.play.value = () => 75;
  poller.play.accuracy = 'low';
  await poller.clock.advance(50);
  t.like(poller.readings()[0], { sensor: 'iaq', value: 75, unit: 'IAQ', accuracy: 'low' });
  await poller.stop();
});

test('without a UID it says once which device it took, and again when that is another', async (t) => {
  const poller = play();
  const notes = () => poller.reports.flatMap((entry) => (entry.type === 'note' ? [entry.text] : []));
  await poller.clock.advance(500);
  poller.devices[0]!.lose();
  await poller.clock.advance(2_000);
  t.deepEqual(notes(), ['took co2 bAr (Barometer Bricklet) at 127.0.0.1:4223, the only one there']);
  poller.play.uid = 'Xyz';
  poller.devices.at(-1)!.lose();
  await poller.clock.advance(2_000);
  t.is(notes().length, 2);
  t.regex(notes()[1]!, /^took co2 Xyz /);
  await poller.stop();
  const named = play({ device: { uid: 'bAr' } });
  await named.clock.advance(500);
  t.deepEqual(named.reports, []);
  await named.stop();
});

test('no value yet is a state of its own, however long, and ends with the first value', async (t) => {
  const poller = play({ device: { type: 'gps' }, every: '1s', 'stale-after': '2s' });
  poller.play.value = () => {
    throw failure('device-no-value', 'no fix');
  };
  await poller.clock.advance(600_000);
  t.is(poller.actor.state(), 'waitingForValue');
  t.is(poller.moves.length, 3, 'off, connecting, polling: and no line for each turn');
  t.is(poller.moves.at(-1)!.cause!.message, 'no fix');
  t.is(poller.devices.length, 1, 'a new connection would not help');
  poller.play.value = () => 5;
  await poller.clock.advance(1_000);
  t.is(poller.actor.state(), 'polling');
  t.is(poller.readings().length, 5);
  await poller.stop();
});

test('a device that is unplugged shows so, and is taken at once when it is back', async (t) => {
  const poller = play();
  await poller.clock.advance(1_500);
  poller.devices[0]!.lose(problem('device-unknown', 'it was unplugged'));
  await poller.clock.flush();
  t.like(poller.moves.at(-1), { from: 'polling', to: 'absent', cause: { message: 'it was unplugged' } });
  t.is(poller.openDevices(), 0);
  t.deepEqual(
    poller.waits.map(({ orPresent }) => orPresent),
    [true],
  );
  await poller.clock.advance(100);
  poller.waits[0]!.plugIn();
  await poller.clock.flush();
  t.is(poller.actor.state(), 'polling');
  t.is(poller.devices.length, 2);
  await poller.stop();
});

test('a device that comes and goes without end is not connected to at its pace', async (t) => {
  const poller = startPoller();
  void poller.consume();
  let heeded = 0;
  for (let turn = 0; turn < 300; turn++) {
    await poller.clock.advance(10);
    poller.devices.at(-1)!.lose(problem('device-unknown', 'it was unplugged'));
    await poller.clock.flush();
    for (; heeded < poller.waits.length; heeded++) poller.waits[heeded]!.plugIn();
  }
  t.true(poller.devices.length >= 4, 'it is tried');
  t.true(poller.devices.length <= 8, `${poller.devices.length} times in 3 s`);
  await poller.stop();
  await poller.clock.advance(100);
  t.is(poller.clock.pending, 0);
});

test('a device that is not there is asked for again after its waits, and taken at once when plugged in', async (t) => {
  const poller = play();
  await poller.clock.advance(10);
  poller.play.refused = 'device-unknown';
  poller.devices[0]!.lose(problem('device-unknown'));
  await poller.clock.advance(3_500);
  t.is(poller.actor.state(), 'absent');
  t.is(poller.waits.length, 4);
  t.false(poller.waits.at(-1)!.orPresent, 'or it would be tried without a wait for ever');
  poller.play.refused = false;
  poller.waits.at(-1)!.plugIn();
  await poller.clock.flush();
  t.is(poller.actor.state(), 'polling');
  await poller.stop();
  t.is(poller.clock.pending, 0);
});
