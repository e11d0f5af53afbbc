import test from 'ava';
import { failure } from '../helpers/statechart.ts';
import { startPoller } from './poller-fixture.ts';

const every = (stepMs: number, count: number) => Array.from({ length: count }, (_, i) => i * stepMs);

test('readings come at a fixed rate, however long each takes', async (t) => {
  const poller = startPoller();
  void poller.consume();
  poller.play.readMs = 30;
  await poller.clock.advance(1_000);
  t.deepEqual(
    poller.times(),
    every(100, 10).map((ms) => ms + 30),
  );
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
  t.is(poller.openDevices(), 0);
  await poller.clock.advance(100);
  t.is(poller.clock.pending, 0);
});

test('turns that a slow device makes too late are left out, not made up for, and are no gap', async (t) => {
  const poller = startPoller();
  void poller.consume();
  poller.play.readMs = 250;
  await poller.clock.advance(1_300);
  poller.play.readMs = 0;
  await poller.clock.advance(400);
  t.deepEqual(poller.times().slice(0, 4), [250, 550, 850, 1_150]);
  const rest = poller.times().slice(5);
  t.deepEqual(
    rest,
    every(100, rest.length).map((ms) => ms + rest[0]!),
  );
  t.true(rest.every((ms) => ms % 100 === 0));
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
});

test('a jump of the wall clock changes neither the pace nor makes a gap', async (t) => {
  const poller = startPoller();
  void poller.consume();
  await poller.clock.advance(450);
  poller.clock.jump(-30 * 86_400_000);
  await poller.clock.advance(500);
  t.is(poller.batches.length, 10);
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
});

test('after an interruption the next reading tells what was not measured, once', async (t) => {
  const poller = startPoller();
  void poller.consume();
  await poller.clock.advance(250);
  poller.play.refused = true;
  poller.devices[0]!.lose();
  await poller.clock.advance(5_000);
  t.is(poller.actor.state(), 'waitingToRetry');
  poller.play.refused = false;
  await poller.clock.advance(2_000);
  const gaps = poller.gaps();
  t.is(gaps.length, 1);
  const last = '2026-01-01T00:00:00.200Z';
  t.like(gaps[0], { gap: 'missed', fromTime: last });
  const backAt = Date.parse(gaps[0]!.toTime!) - Date.parse(last);
  t.is(gaps[0]!.count, Math.round(backAt / 100) - 1);
  t.is(poller.openDevices(), 1);
  await poller.stop();
  t.is(poller.openDevices(), 0);
  t.is(poller.clock.pending, 0);
});

test('the first reading ever is behind no gap, however long the device was away', async (t) => {
  const poller = startPoller();
  void poller.consume();
  poller.play.refused = true;
  await poller.clock.advance(60_000);
  poller.play.refused = false;
  await poller.clock.advance(2_000);
  t.true(poller.batches.length > 5);
  t.deepEqual(poller.gaps(), []);
  await poller.stop();
});

test('values that cannot be believed are kept and marked, and the state says stale', async (t) => {
  const poller = startPoller();
  void poller.consume();
  poller.play.value = () => 3;
  await poller.clock.advance(150);
  t.is(poller.actor.state(), 'stale');
  poller.play.value = () => 1_000;
  await poller.clock.advance(100);
  t.is(poller.actor.state(), 'polling');
  const readings = poller.batches.map(({ lines }) => JSON.parse(`${Buffer.from(lines)}`));
  t.deepEqual(
    readings.map(({ value, implausible }) => [value, implausible]),
    [
      [3, true],
      [3, true],
      [1_000, undefined],
    ],
  );
  await poller.stop();
});

test('a value that is no number is never handed on as one', async (t) => {
  const poller = startPoller();
  void poller.consume();
  poller.play.value = () => Number.NaN;
  await poller.clock.advance(150);
  t.is(poller.actor.state(), 'stale');
  t.deepEqual(poller.batches, []);
  await poller.stop();
});

test('a full store misses readings, and counts them once it has room', async (t) => {
  const poller = startPoller({}, 3);
  await poller.clock.advance(1_050);
  void poller.consume();
  await poller.clock.advance(500);
  const [gap, ...more] = poller.gaps();
  t.deepEqual(more, []);
  t.like(gap, { gap: 'missed', fromTime: '2026-01-01T00:00:00.200Z', toTime: '2026-01-01T00:00:01.100Z' });
  t.is(gap!.count, 8);
  t.is(poller.batches.length + gap!.count, 16);
  await poller.stop();
});

test('a device that errs now and then is asked on at the same pace', async (t) => {
  const poller = startPoller();
  void poller.consume();
  let turn = 0;
  poller.play.value = () => {
    turn += 1;
    if (turn % 5 === 0) throw failure('device-silent');
    return 1_000;
  };
  await poller.clock.advance(2_000);
  t.is(turn, 21);
  t.deepEqual(new Set(poller.gaps().map(({ count }) => count)), new Set([1]));
  t.is(poller.devices.length, 1);
  await poller.stop();
});

test('paused, resumed and resumed again, it never has two devices open', async (t) => {
  for (const readMs of [0, 60]) {
    const poller = startPoller();
    void poller.consume();
    poller.play.readMs = readMs;
    let most = 0;
    for (let round = 0; round < 5; round++) {
      await poller.clock.advance(130);
      poller.actor.send({ type: 'PAUSE' });
      await poller.clock.flush();
      t.is(poller.openDevices(), 0, `reading takes ${readMs} ms`);
      poller.actor.send({ type: 'RESUME' });
      await poller.clock.flush();
      most = Math.max(most, poller.openDevices());
    }
    t.is(most, 1);
    await poller.stop();
    await poller.clock.advance(1_000);
    t.is(poller.openDevices(), 0);
    t.is(poller.clock.pending, 0);
  }
});

test('a connection that comes about after nobody wants it any more is closed', async (t) => {
  const poller = startPoller();
  poller.play.connectMs = 500;
  await poller.clock.advance(100);
  poller.actor.send({ type: 'PAUSE' });
  await poller.clock.advance(50);
  poller.actor.send({ type: 'RESUME' });
  await poller.clock.advance(2_000);
  t.is(poller.devices.length, 2);
  t.is(poller.openDevices(), 1);
  await poller.stop();
  t.is(poller.openDevices(), 0);
});

test('a programming error in a device ends in failed, not in a retry loop', async (t) => {
  const poller = startPoller();
  poller.play.value = () => {
    throw new TypeError('a bug');
  };
  await poller.clock.advance(100);
  t.is(poller.actor.state(), 'failed');
  t.is(poller.openDevices(), 0);
  t.is(poller.clock.pending, 0);
});

test('a stale poller tells when the last good reading was, whatever comes instead', async (t) => {
  const poller = startPoller({ plausible: { min: 900, max: 1_100 } });
  void poller.consume();
  await poller.clock.advance(1_050);
  const last = new Date(poller.clock.now() - 50).toISOString();
  const cause = () => poller.moves.at(-1)?.cause?.message ?? '';
  poller.play.value = () => 3;
  await poller.clock.advance(1_000);
  t.is(poller.actor.state(), 'stale');
  t.true(cause().endsWith(`; the last good reading was at ${last}`), cause());
  poller.play.value = () => 1_000;
  await poller.clock.advance(500);
  t.is(poller.actor.state(), 'polling');
  const later = new Date(poller.clock.now() - 50).toISOString();
  poller.play.value = () => Promise.reject(failure('device-silent', 'no answer'));
  await poller.clock.advance(200);
  t.is(poller.actor.state(), 'stale');
  t.is(cause(), `no answer; the last good reading was at ${later}`);
  await poller.stop();
});

test('a wall clock that is set changes neither the pace of a poller nor what counts as missed', async (t) => {
  for (const jumpMs of [2 * 86_400_000, -30 * 86_400_000]) {
    const poller = startPoller();
    void poller.consume();
    await poller.clock.advance(1_050);
    poller.clock.jump(jumpMs);
    await poller.clock.advance(1_000);
    t.is(poller.readings().length, 21);
    t.deepEqual(poller.gaps(), []);
    t.true(poller.batches.every(({ stamped }) => stamped === true));
    t.is(poller.actor.state(), 'polling');
    await poller.stop();
  }
});
