import test from 'ava';
import fc from 'fast-check';
import { type Shape, shapeProblem, shapeValue } from '../../src/domain/shapes.ts';

const walk: Shape = { shape: 'random-walk', start: 1013, step: 2, seed: 7, min: 1010, max: 1016 };

test('a constant stays what it is', (t) => {
  t.is(shapeValue({ shape: 'const', value: 1013.25 }, 123_456), 1013.25);
});

test('a line rises evenly and begins again', (t) => {
  const line: Shape = { shape: 'linear', from: 1000, to: 1010, over: 10_000 };
  t.deepEqual(
    [0, 2_500, 9_999, 10_000, 12_500].map((elapsedMs) => shapeValue(line, elapsedMs)),
    [1000, 1002.5, 1009.999, 1000, 1002.5],
  );
});

test('a sine swings around its mean', (t) => {
  const sine: Shape = { shape: 'sine', mean: 1013, amplitude: 5, period: 60_000 };
  t.is(shapeValue(sine, 0), 1013);
  t.is(shapeValue(sine, 15_000), 1018);
  t.is(shapeValue(sine, 45_000), 1008);
  t.is(shapeValue(sine, 15_000 + 600 * 60_000), 1018);
});

test('recorded values are shown one after the other, and again from the first', (t) => {
  const recorded: Shape = { shape: 'csv', values: [1, 2, 3], every: 1_000 };
  t.deepEqual(
    [0, 999, 1_000, 2_500, 3_000].map((elapsedMs) => shapeValue(recorded, elapsedMs)),
    [1, 1, 2, 3, 1],
  );
});

test('a walk holds still within a second and never takes more than one step in the next', (t) => {
  let before = shapeValue(walk, 0);
  t.is(before, 1013);
  let moved = 0;
  for (let second = 1; second <= 1_000; second++) {
    const value = shapeValue(walk, second * 1_000);
    t.is(shapeValue(walk, second * 1_000 + 999), value);
    t.true(Math.abs(value - before) <= 2);
    if (value !== before) moved++;
    before = value;
  }
  t.true(moved > 990);
});

test('a walk is the same on every read, in any order, and differs from that of another seed', (t) => {
  const times = [5_000, 1_000, 86_400_000, 2_000, 5_000];
  const first = times.map((elapsedMs) => shapeValue({ ...walk }, elapsedMs));
  const again = times.map((elapsedMs) => shapeValue(walk, elapsedMs));
  t.deepEqual(first, again);
  t.not(shapeValue({ ...walk, seed: 8 }, 60_000), shapeValue(walk, 60_000));
});

test('a walk never leaves its bounds, wherever it starts', (t) => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: 0, max: 1_000, noNaN: true }),
      fc.double({ min: -2_000, max: 2_000, noNaN: true }),
      fc.nat(500_000),
      (seed, step, start, elapsedMs) => {
        const value = shapeValue({ shape: 'random-walk', start, step, seed, min: -3, max: 5 }, elapsedMs);
        return value >= -3 && value <= 5;
      },
    ),
  );
  t.pass();
});

test('the steps of a walk favour no direction', (t) => {
  const wide: Shape = { shape: 'random-walk', start: 0, step: 1, seed: 1, min: -1e9, max: 1e9 };
  const end = shapeValue(wide, 100_000_000);
  // 100,000 steps of variance 1/3: the standard deviation is 183.
  t.true(Math.abs(end) < 4 * 183, String(end));
});

test('a time before the start counts as the start', (t) => {
  t.is(shapeValue({ shape: 'csv', values: [1, 2], every: 10 }, -5), 1);
});

test('shapes that cannot be shown are told apart', (t) => {
  const wrong: Shape[] = [
    { shape: 'const', value: Number.NaN },
    { shape: 'linear', from: 1, to: 2, over: 0 },
    { shape: 'sine', mean: 1, amplitude: 1, period: -1 },
    { ...walk, min: 2000 },
    { ...walk, step: -1 },
    { shape: 'csv', values: [], every: 1_000 },
    { shape: 'csv', values: [1, Number.POSITIVE_INFINITY], every: 1_000 },
    { shape: 'csv', values: [1], every: 0 },
  ];
  for (const shape of wrong) t.is(typeof shapeProblem(shape), 'string', JSON.stringify(shape));
  t.is(shapeProblem(walk), undefined);
});
