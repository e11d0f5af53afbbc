import test from 'ava';
import fc from 'fast-check';
import { pressureCharacteristic } from '../../src/domain/pressure-characteristic.ts';
import type { TimedMean } from '../../src/domain/tendency.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';

const minuteMs = 60_000;
const untilMs = Date.UTC(2030, 0, 1, 12);
const options = { untilMs, steadyBelow: 0.1, turnFrom: 0.3 };

/** Means every `stepMinutes` on straight lines between corners, written as minutes before the end and hPa. */
function path(text: string, stepMinutes = 5, noise = () => 0): TimedMean[] {
  const corners = text.split(' ').map((corner) => corner.split(':').map(Number) as [number, number]);
  const means: TimedMean[] = [];
  for (let ago = 180; ago >= 0; ago -= stepMinutes) {
    const next = Math.max(
      1,
      corners.findIndex(([minutes]) => minutes <= ago),
    );
    const [[earlier, before], [later, after]] = [corners[next - 1]!, corners[next]!];
    const mean = before + ((earlier - ago) / (earlier - later)) * (after - before) + noise();
    means.push({ timeMs: untilMs - ago * minuteMs, mean, readings: 15 });
  }
  return means;
}

/** Each code with ways to it; the shapes are those of WMO-No. 306, code table 0200. */
const ways: readonly (readonly [number, string, string])[] = [
  [0, 'rising, then falling', '180:1010 90:1012 0:1010.5'],
  [0, 'rising, then falling', '180:1010 90:1012 0:1010'],
  [1, 'rising, then steady', '180:1010 90:1012 0:1012'],
  [1, 'rising, then rising more slowly', '180:1010 90:1013 0:1013.8'],
  [2, 'rising', '180:1010 0:1012'],
  [3, 'falling, then rising', '180:1010 90:1009 0:1011'],
  [3, 'steady, then rising', '180:1010 90:1010 0:1012'],
  [3, 'rising, then rising more quickly', '180:1010 90:1010.8 0:1014'],
  [4, 'steady', '180:1010 0:1010'],
  [5, 'falling, then rising', '180:1010 90:1008 0:1009'],
  [5, 'falling, then rising', '180:1010 90:1008 0:1010'],
  [6, 'falling, then steady', '180:1010 90:1008 0:1008'],
  [6, 'falling, then falling more slowly', '180:1010 90:1007 0:1006.2'],
  [7, 'falling', '180:1010 0:1008'],
  [8, 'steady, then falling', '180:1010 90:1010 0:1008'],
  [8, 'rising, then falling', '180:1010 90:1011 0:1008'],
  [8, 'falling, then falling more quickly', '180:1010 90:1009.2 0:1006'],
];

test('every code of table 0200 has its shapes', (t) => {
  for (const [code, text, corners] of ways) {
    t.deepEqual(pressureCharacteristic(path(corners), options), { code, text }, corners);
  }
  t.deepEqual([...new Set(ways.map(([code]) => code))], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('segments of a quarter of an hour tell as much as short ones', (t) => {
  for (const [code, text, corners] of ways) {
    t.deepEqual(pressureCharacteristic(path(corners, 15), options), { code, text }, corners);
    t.deepEqual(pressureCharacteristic(path(corners, 0.25), options), { code, text }, corners);
  }
});

test('a turn is found early and late within the 3 h', (t) => {
  for (const minutes of [135, 120, 90, 60, 45]) {
    const found = pressureCharacteristic(path(`180:1010 ${minutes}:1012 0:1010.2`), options);
    t.is(found?.code, 0, `${minutes} min ago`);
  }
});

test('noise of a barometer makes no turn, and hides none', (t) => {
  for (const [code, , corners] of ways) {
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(`noise ${seed}`);
      const noise = () => (random.next() - 0.5) * 0.2;
      const { code: found } = pressureCharacteristic(path(corners, 1, noise), {
        ...options,
        steadyBelow: 0.2,
      })!;
      // Where pressure is the same as 3 h ago, noise decides on which side of it, and both codes allow it.
      t.is(found, code, `${corners}, seed ${seed}`);
    }
  }
});

test('thresholds say what a turn is and what is steady', (t) => {
  const small = path('180:1010 90:1010.8 0:1010.1');
  t.is(pressureCharacteristic(small, options)?.code, 0);
  t.is(pressureCharacteristic(small, { ...options, turnFrom: 1 })?.code, 2);
  t.is(pressureCharacteristic(small, { ...options, turnFrom: 1, steadyBelow: 0.5 })?.code, 4);
});

test('less than nearly 3 h, a hole of more than an hour, or few means give no answer', (t) => {
  const rise = path('180:1010 0:1012', 15);
  t.is(pressureCharacteristic([], options), null);
  t.is(pressureCharacteristic(rise.slice(2), options), null);
  t.not(pressureCharacteristic(rise.slice(1), options), null);
  t.is(pressureCharacteristic([...rise.slice(0, 4), ...rise.slice(-4)], options), null);
  t.is(pressureCharacteristic(path('180:1010 0:1012', 60), options), null);
});

test('what lies before the 3 h or after their end does not count', (t) => {
  const rise = path('180:1010 0:1012');
  const strange = [-10, 10, 200].map((ago) => ({ timeMs: untilMs - ago * minuteMs, mean: 900, readings: 1 }));
  t.is(pressureCharacteristic([...rise, strange[0]!, strange[2]!], options)?.code, 2);
  t.not(pressureCharacteristic([...rise, strange[1]!], options)?.code, 2);
});

const shape = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 13, maxLength: 13 });
const toMeans = (list: readonly number[]) =>
  list.map((by, i) => ({ timeMs: untilMs - (12 - i) * 15 * minuteMs, mean: 1010 + by, readings: 1 }));

test('upside down is the mirrored code, and the order of means does not matter', (t) => {
  const mirror = [5, 6, 7, 8, 4, 0, 1, 2, 3];
  fc.assert(
    fc.property(shape, (list) => {
      const found = pressureCharacteristic(toMeans(list), options)!;
      const mirrored = pressureCharacteristic(toMeans(list.map((by) => -by)), options)!;
      t.is(mirrored.code, mirror[found.code]!);
      t.deepEqual(pressureCharacteristic(toMeans(list).reverse(), options), found);
    }),
  );
});

test('whatever the means are, the answer is a code of the table or null', (t) => {
  const value = fc.oneof(fc.double(), fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 0, 1e-320));
  const timed = fc.record({
    timeMs: fc.oneof(fc.double(), fc.integer({ min: untilMs - 180 * minuteMs, max: untilMs })),
    mean: value,
    readings: fc.nat(),
  });
  const even = fc.array(value, { minLength: 13, maxLength: 13 }).map(toMeans);
  fc.assert(
    fc.property(fc.oneof(fc.array(timed), even), (means) => {
      const found = pressureCharacteristic(means, options);
      t.true(found === null || (Number.isInteger(found.code) && found.code >= 0 && found.code <= 8));
      t.true(found === null || found.text.length <= 40);
    }),
  );
});
