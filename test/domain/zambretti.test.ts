import test from 'ava';
import fc from 'fast-check';
import {
  britishRange,
  type Trend,
  type ZambrettiOptions,
  zambretti,
  zambrettiTrend,
} from '../../src/domain/zambretti.ts';

const summer = Date.UTC(2030, 6, 1);
const winter = Date.UTC(2030, 0, 1);
/** The season that moves nothing. */
const plainSeason: Readonly<Record<Trend, number>> = { falling: summer, steady: summer, rising: winter };

function at(seaLevelHPa: number, trend: Trend, more: Partial<ZambrettiOptions> = {}) {
  return zambretti({
    seaLevelHPa,
    trend,
    timeMs: plainSeason[trend],
    hemisphere: 'north',
    windDegrees: null,
    ...more,
  });
}

/** K. F. Scott's readings of the instrument: number, letter, hPa, sentence. */
const published: Readonly<Record<Trend, readonly (readonly [number, string, number, string])[]>> = {
  falling: [
    [1, 'A', 1050, 'Settled fine'],
    [2, 'B', 1040, 'Fine weather'],
    [3, 'D', 1024, 'Fine, becoming less settled'],
    [4, 'H', 1018, 'Fairly fine, showery later'],
    [5, 'O', 1010, 'Showery, becoming more unsettled'],
    [6, 'R', 1004, 'Unsettled, rain later'],
    [7, 'U', 998, 'Rain at times, worse later'],
    [8, 'V', 991, 'Rain at times, becoming very unsettled'],
    [9, 'X', 985, 'Very unsettled, rain'],
  ],
  steady: [
    [10, 'A', 1033, 'Settled fine'],
    [11, 'B', 1023, 'Fine weather'],
    [12, 'E', 1014, 'Fine, possibly showers'],
    [13, 'K', 1008, 'Fairly fine, showers likely'],
    [14, 'N', 1000, 'Showery, bright intervals'],
    [15, 'P', 994, 'Changeable, some rain'],
    [16, 'S', 989, 'Unsettled, rain at times'],
    [17, 'W', 981, 'Rain at frequent intervals'],
    [18, 'X', 974, 'Very unsettled, rain'],
    [19, 'Z', 960, 'Stormy, much rain'],
  ],
  rising: [
    [20, 'A', 1030, 'Settled fine'],
    [21, 'B', 1022, 'Fine weather'],
    [22, 'C', 1012, 'Becoming fine'],
    [23, 'F', 1007, 'Fairly fine, improving'],
    [24, 'G', 1000, 'Fairly fine, possibly showers early'],
    [25, 'I', 995, 'Showery early, improving'],
    [26, 'J', 990, 'Changeable, mending'],
    [27, 'L', 984, 'Rather unsettled, clearing later'],
    [28, 'M', 978, 'Unsettled, probably improving'],
    [29, 'Q', 970, 'Unsettled, short fine intervals'],
    [30, 'T', 965, 'Very unsettled, finer at times'],
    [31, 'Y', 959, 'Stormy, possibly improving'],
    [32, 'Z', 947, 'Stormy, much rain'],
  ],
};
const trends = ['falling', 'steady', 'rising'] as const;

test('every place of the three windows gives its number, letter and sentence', (t) => {
  const letters = new Set<string>();
  for (const trend of trends) {
    for (const [number, letter, hPa, text] of published[trend]) {
      t.deepEqual(at(hPa, trend), { letter, number, text }, `${hPa} ${trend}`);
      letters.add(letter);
    }
  }
  t.is(letters.size, 26);
});

test('the nearest mark counts, and in the middle between two the better one', (t) => {
  for (const trend of trends) {
    for (const [i, [number, , hPa]] of published[trend].entries()) {
      const next = published[trend][i + 1];
      if (!next) continue;
      const middle = (hPa + next[2]) / 2;
      t.is(at(middle, trend).number, number, `${middle} ${trend}`);
      t.is(at(middle - 0.1, trend).number, next[0], `${middle - 0.1} ${trend}`);
    }
  }
});

test("Scott's straight lines through the places agree within one number and a half", (t) => {
  const lines = {
    falling: (p: number) => 127 - 0.12 * p,
    steady: (p: number) => 144 - 0.13 * p,
    rising: (p: number) => 185 - 0.16 * p,
  };
  for (const trend of trends) {
    const marks = published[trend].map(([, , hPa]) => hPa);
    for (let hPa = marks.at(-1)!; hPa <= marks[0]!; hPa += 0.5) {
      const apart = Math.abs(at(hPa, trend).number - lines[trend](hPa));
      t.true(apart <= 1.6, `${hPa} ${trend}: ${apart}`);
    }
  }
});

test('worked examples of others come out the same', (t) => {
  // README of sassoftware/iot-zambretti-weather-forcasting: its lines, floor() and its wind, at pressures where a line is
  // near a whole number.
  t.like(at(1033, 'falling'), { letter: 'B' });
  t.like(at(1000, 'steady'), { number: 14, text: 'Showery, bright intervals' });
  t.like(at(1023, 'steady'), { number: 11 });
  t.like(at(1000, 'steady', { windDegrees: 180 }), { number: 16 });
  t.like(at(1000, 'steady', { windDegrees: 270 }), { number: 15 });
  t.like(at(1000, 'steady', { windDegrees: 10 }), { number: 14 });
  // The same pressures on other people's tables of the disc (calm, north): pywws' lookup has B, K or N, and Z there.
  t.like(at(1025, 'steady'), { letter: 'B' });
  t.like(at(1009, 'steady'), { letter: 'K' });
  t.like(at(940, 'steady'), { letter: 'Z' });
});

test('wind from the equator is worse than from the side, and that than from the pole', (t) => {
  for (const [degrees, places] of [
    [0, 0],
    [45, 0],
    [46, 1],
    [90, 1],
    [134, 1],
    [135, 2],
    [225, 2],
    [226, 1],
    [314, 1],
    [315, 0],
    [360, 0],
  ] as const) {
    t.is(at(1008, 'steady', { windDegrees: degrees }).number, 13 + places, `${degrees}`);
    t.is(at(1008, 'steady', { windDegrees: degrees + 180, hemisphere: 'south' }).number, 13 + places);
  }
});

test('a fall in winter and a rise in summer are one place better; steady knows no season', (t) => {
  t.is(at(1010, 'falling', { timeMs: summer }).number, 5);
  t.is(at(1010, 'falling', { timeMs: winter }).number, 4);
  t.is(at(1000, 'rising', { timeMs: winter }).number, 24);
  t.is(at(1000, 'rising', { timeMs: summer }).number, 23);
  t.is(at(1000, 'steady', { timeMs: winter }).number, at(1000, 'steady', { timeMs: summer }).number);
  const number = (month: number) => at(1010, 'falling', { timeMs: Date.UTC(2030, month, 15) }).number;
  t.deepEqual([2, 3, 8, 9].map(number), [4, 5, 5, 4]);
});

test('beyond its marks a window shows its first or last letter, whatever wind and season', (t) => {
  t.is(at(1_080, 'rising', { timeMs: summer }).number, 20);
  t.is(at(870, 'falling', { windDegrees: 180 }).number, 9);
  t.is(at(870, 'rising', { windDegrees: 180 }).letter, 'Z');
});

test('a narrower range of pressures stretches the scale', (t) => {
  t.is(at(1000, 'steady', { range: britishRange }).number, 14);
  t.is(at(1000, 'steady', { range: { bottomHPa: 990, topHPa: 1030 } }).letter, 'X');
  t.is(at(1010, 'steady', { range: { bottomHPa: 990, topHPa: 1030 } }).number, 14);
  t.is(at(1030, 'steady', { range: { bottomHPa: 990, topHPa: 1030 } }).letter, 'A');
});

test('a trend counts from its threshold on', (t) => {
  t.deepEqual(
    [-1.56, -1.54, 0, 1.54, 1.6].map((change) => zambrettiTrend(change, 1.6)),
    ['falling', 'steady', 'steady', 'steady', 'rising'],
  );
});

const options = fc.record({
  seaLevelHPa: fc.double({ min: 900, max: 1090, noNaN: true }),
  trend: fc.constantFrom(...trends),
  timeMs: fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2060, 0, 1) }),
  windDegrees: fc.option(fc.double({ min: 0, max: 360, noNaN: true })),
});

test('less pressure is never better', (t) => {
  fc.assert(
    fc.property(options, fc.double({ min: 0, max: 50, noNaN: true }), (given, less) => {
      const number = (seaLevelHPa: number) =>
        zambretti({ ...given, seaLevelHPa, hemisphere: 'north' }).number;
      t.true(number(given.seaLevelHPa - less) >= number(given.seaLevelHPa));
    }),
  );
});

test('the south is the north half a year and half a turn away', (t) => {
  fc.assert(
    fc.property(
      options,
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: 0, max: 359 }),
      (given, month, wind) => {
        const north = { ...given, hemisphere: 'north' as const, timeMs: Date.UTC(2030, month, 15) };
        const south = { ...given, hemisphere: 'south' as const, timeMs: Date.UTC(2030, month + 6, 15) };
        const turn = given.windDegrees === null ? [null, null] : [wind, (wind + 180) % 360];
        t.deepEqual(
          zambretti({ ...north, windDegrees: turn[0]! }),
          zambretti({ ...south, windDegrees: turn[1]! }),
        );
      },
    ),
  );
});

test('whatever is finite gives one of 32 numbers, and a sentence of bounded length', (t) => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(any, any, any, fc.constantFrom(...trends), (seaLevelHPa, timeMs, windDegrees, trend) => {
      const found = zambretti({ seaLevelHPa, timeMs, windDegrees, trend, hemisphere: 'south' });
      t.true(Number.isInteger(found.number) && found.number >= 1 && found.number <= 32);
      t.regex(found.letter, /^[A-Z]$/);
      t.true(found.text.length <= 40);
    }),
  );
});
