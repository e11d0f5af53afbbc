/** Pollers of devices that send by themselves. */
import test from 'ava';
import { failure, problem } from '../helpers/statechart.ts';
import { startPoller } from './poller-fixture.ts';

const steady = { mode: 'callback', every: '1s', timeout: '500ms', 'stale-after': '10s' };

function play(config: object = {}) {
  const poller = startPoller({ ...steady, ...config });
  void poller.consume();
  return poller;
}
const pressure = (value: number) => ({ sensor: 'pressure', value });

test('it reads once, tells the device its pace, and then takes what it sends', async (t) => {
  const poller = play();
  await poller.clock.advance(10);
  t.is(poller.actor.state(), 'listening');
  t.deepEqual(poller.devices[0]!.listens, [{ periodMs: 1_000, onChange: false }]);
  for (let turn = 0; turn < 5; turn++) {
    await poller.clock.advance(1_000);
    poller.send(pressure(1_000 + turn));
  }
  await poller.clock.flush();
  t.deepEqual(
    poller.readings().map(({ value }) => value),
    [1013.25, 1_000, 1_001, 1_002, 1_003, 1_004],
  );
  t.is(poller.play.reads, 1, 'nothing is asked for beside');
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
  t.is(poller.clock.pending, 0);
});

test('the silence of a device that sends only changes is neither trouble nor a gap while it answers', async (t) => {
  const poller = play();
  poller.play.onlyChanges = true;
  await poller.clock.advance(3_600_000);
  t.is(poller.actor.state(), 'listening');
  t.is(poller.readings().length, 1, 'what did not change is no reading');
  t.true(poller.play.reads > 600, 'it was asked whether it lives');
  poller.send(pressure(1_001));
  await poller.clock.flush();
  t.is(poller.readings().length, 2);
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
});

test('a device that sends only changes and answers no more is stale, then connected to anew', async (t) => {
  const poller = play();
  poller.play.onlyChanges = true;
  await poller.clock.advance(60_000);
  poller.play.value = () => {
    throw failure('device-silent');
  };
  await poller.clock.advance(5_100);
  t.is(poller.actor.state(), 'stale');
  await poller.clock.advance(10_000);
  t.is(poller.actor.state(), 'waitingToRetry');
  poller.play.value = () => 1_002;
  await poller.clock.advance(2_000);
  t.is(poller.actor.state(), 'listening');
  t.is(poller.devices.length, 2);
  t.is(poller.devices[1]!.listens.length, 1, 'settings are made anew with each connection');
  const [gap, ...more] = poller.gaps();
  t.deepEqual(more, []);
  t.true(gap!.count >= 10 && gap!.count <= 25, 'from when it last answered, not from when it last changed');
  await poller.stop();
});

test('a short interruption of a device that sends only changes is no long gap', async (t) => {
  const poller = play();
  poller.play.onlyChanges = true;
  await poller.clock.advance(3_600_000);
  poller.devices[0]!.lose();
  await poller.clock.advance(3_000);
  t.true(poller.gaps().length <= 1);
  for (const { count } of poller.gaps()) t.true(count < 10, `${count}`);
  await poller.stop();
});

test('what found no room in a full store is handed on once there is some, though it does not change again', async (t) => {
  const poller = startPoller({ ...steady }, 1);
  poller.play.onlyChanges = true;
  await poller.clock.advance(1_000);
  poller.send(pressure(1_001));
  poller.play.value = () => 1_001;
  await poller.clock.advance(20_000);
  void poller.consume();
  await poller.clock.advance(3_600_000);
  t.deepEqual(
    poller.readings().map(({ value }) => value),
    [1013.25, 1_001],
  );
  const [gap, ...more] = poller.gaps();
  t.deepEqual(more, []);
  t.true(gap!.count < 40, `${gap!.count}`);
  await poller.stop();
});

test('a device that forgot to send is told again, and what is missing is a gap', async (t) => {
  const poller = play();
  await poller.clock.advance(10);
  for (let turn = 0; turn < 3; turn++) {
    await poller.clock.advance(1_000);
    poller.send(pressure(1_000));
  }
  await poller.clock.advance(6_000);
  const { cause } = poller.moves.at(-1)!;
  t.is(poller.actor.state(), 'stale');
  t.is(cause?.code, 'device-silent');
  t.regex(cause!.message, /sent no pressure by itself for more than 2\.5s/);
  t.is(poller.devices[0]!.listens.length, 2);
  poller.send(pressure(1_001));
  await poller.clock.flush();
  t.is(poller.actor.state(), 'listening');
  const [gap] = poller.gaps();
  t.true(gap!.count >= 4 && gap!.count <= 6, `${gap!.count}`);
  await poller.stop();
});

test('sensors that come apart are counted apart', async (t) => {
  const poller = play({ device: { type: 'humidity' } });
  poller.play.value = () => 20;
  await poller.clock.advance(10);
  for (let turn = 0; turn < 4; turn++) {
    await poller.clock.advance(1_000);
    poller.send({ sensor: 'humidity', value: 50 });
  }
  t.is(poller.actor.state(), 'listening');
  await poller.clock.advance(3_000);
  t.is(poller.actor.state(), 'stale');
  t.regex(poller.moves.at(-1)!.cause!.message, /no (humidity, )?temperature by itself/);
  poller.send({ sensor: 'temperature', value: 21 });
  poller.send({ sensor: 'humidity', value: 51 });
  await poller.clock.flush();
  const gaps = poller.gaps();
  t.is(gaps.length, 2);
  t.true(gaps[0]!.count > gaps[1]!.count);
  await poller.stop();
});

test('one sensor that cannot be believed does not make the state go back and forth', async (t) => {
  const poller = play({ device: { type: 'humidity' } });
  poller.play.value = () => 20;
  await poller.clock.advance(10);
  const before = poller.moves.length;
  for (let turn = 0; turn < 4; turn++) {
    await poller.clock.advance(1_000);
    poller.send({ sensor: 'humidity', value: 120 });
    poller.send({ sensor: 'temperature', value: 20 });
  }
  t.is(poller.moves.length, before);
  t.is(poller.reports.filter(({ type }) => type === 'problem').length, 1);
  await poller.stop();
});

test('what the device says it cannot measure is the state, and its first value ends it', async (t) => {
  const poller = play({ device: { type: 'gps' }, sensors: ['latitude'] });
  poller.play.onlyChanges = true;
  poller.play.value = () => {
    throw failure('device-no-value', 'no fix');
  };
  await poller.clock.advance(120_000);
  t.is(poller.actor.state(), 'waitingForValue');
  t.is(poller.devices.length, 1);
  poller.play.value = () => 48;
  poller.send({ sensor: 'latitude', value: 48 });
  await poller.clock.flush();
  t.is(poller.actor.state(), 'listening');
  poller.devices[0]!.listener!.noValue(problem('device-no-value', 'lost it'));
  await poller.clock.flush();
  t.is(poller.actor.state(), 'waitingForValue');
  await poller.clock.advance(10_000);
  t.is(poller.actor.state(), 'listening', 'asking shows that it is well');
  await poller.stop();
});

test('what comes after the end, and programming errors, go where they belong', async (t) => {
  const poller = play();
  await poller.clock.advance(1_000);
  poller.actor.send({ type: 'PAUSE' });
  const count = poller.readings().length;
  poller.send(pressure(1_000));
  await poller.clock.flush();
  t.is(poller.readings().length, count);
  t.is(poller.actor.state(), 'paused');
  poller.actor.send({ type: 'RESUME' });
  await poller.clock.advance(10);
  poller.send({ sensor: 'no-such-sensor', value: 1 });
  await poller.clock.flush();
  t.is(poller.actor.state(), 'failed');
  t.is(poller.clock.pending, 0);
});
