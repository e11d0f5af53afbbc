import test from 'ava';
import { Tally } from '../../src/runtime/status-tally.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

async function start(offsetMs = 0) {
  const clock = createVirtualClock();
  await clock.advance(offsetMs);
  return { clock, tally: new Tally(clock) };
}

test('readings are counted by second, and the second that runs is left out', async (t) => {
  const { clock, tally } = await start(700);
  t.deepEqual(tally.perSecond(), []);
  t.is(Tally.mean(tally.perSecond()), 0);
  tally.add(3);
  await clock.advance(999);
  tally.add(4);
  t.deepEqual(tally.perSecond(), []);
  await clock.advance(1);
  tally.add(100);
  t.deepEqual(tally.perSecond(), [7]);
  await clock.advance(2_000);
  t.deepEqual(tally.perSecond(), [7, 100, 0]);
  t.is(tally.total, 107);
});

test('the mean is that of the last 10 s, or of as many as there are', async (t) => {
  const { clock, tally } = await start();
  tally.add(30);
  await clock.advance(3_000);
  t.is(Tally.mean(tally.perSecond()), 10);
  await clock.advance(7_000);
  t.is(Tally.mean(tally.perSecond()), 3);
  await clock.advance(1_000);
  t.is(Tally.mean(tally.perSecond()), 0);
});

test('60 seconds are remembered and no more, also across long silence', async (t) => {
  const { clock, tally } = await start();
  const naive: number[] = [];
  const at = (second: number) => naive[second] ?? 0;
  let second = 0;
  // Steps of every kind: within a second, to the next, beyond the whole circle, and exactly around its length.
  for (const step of [0, 1, 1, 5, 0, 58, 2, 59, 60, 61, 62, 1, 120, 1, 1_000, 3]) {
    await clock.advance(step * 1_000);
    second += step;
    tally.add(second + 1);
    naive[second] = at(second) + second + 1;
    const from = Math.max(0, second - 60);
    const expected = Array.from({ length: second - from }, (_, i) => at(from + i));
    t.deepEqual(tally.perSecond(), expected, `second ${second}`);
  }
});

test('asking does not forget what the running second has', async (t) => {
  const { clock, tally } = await start();
  tally.add(5);
  tally.perSecond();
  tally.add(1);
  await clock.advance(1_500);
  tally.perSecond();
  tally.add(2);
  await clock.advance(500);
  t.deepEqual(tally.perSecond(), [6, 2]);
  t.is(clock.pending, 0);
});
