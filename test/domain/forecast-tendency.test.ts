import test from 'ava';
import fc from 'fast-check';
import { tendency, tendencyWord } from '../../src/domain/forecast.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2030, 0, 1);

/** Means every `stepMinutes`, on a straight line. */
function line(count: number, stepMinutes: number, from: number, perHour: number) {
  return Array.from({ length: count }, (_, i) => ({
    timeMs: startMs + i * stepMinutes * minuteMs,
    mean: from + (perHour * i * stepMinutes) / 60,
    readings: 15,
  }));
}

test('1 hPa an hour is 3 hPa in 3 h', (t) => {
  const found = tendency(line(5, 15, 1010, 1));
  t.true(Math.abs(found.per3h! - 3) < 1e-9);
  t.is(found.spanMs, 60 * minuteMs);
  t.is(found.means, 5);
});

test('a worked example: 1010, 1011, 1013 half an hour apart', (t) => {
  // T = 0.5 h, X = 1011.333; sum of products 1.5, sum of squares 0.5: 3 hPa/h.
  const means = [1010, 1011, 1013].map((mean, i) => ({ timeMs: i * 30 * minuteMs, mean, readings: 1 }));
  t.true(Math.abs(tendency(means).per3h! - 9) < 1e-9);
});

test('pressure that does not change has a tendency of exactly 0', (t) => {
  t.is(tendency(line(19, 7, 1013.37, 0)).per3h, 0);
});

test('there is no tendency below the minimum span, and one at it', (t) => {
  t.is(tendency(line(30, 1, 1010, 1)).per3h, null);
  t.not(tendency(line(31, 1, 1010, 1)).per3h, null);
  t.not(tendency(line(3, 1, 1010, 1), { minimumSpanMs: 2 * minuteMs }).per3h, null);
});

test('two means are no tendency, and no mean is none either', (t) => {
  t.is(tendency(line(2, 60, 1010, 1)).per3h, null);
  t.deepEqual(tendency([]), { per3h: null, spanMs: 0, means: 0 });
});

test('what lies before the last 3 h does not count', (t) => {
  const old = line(10, 15, 900, -40);
  const fresh = line(13, 15, 1010, 1).map((mean) => ({ ...mean, timeMs: mean.timeMs + 6 * 60 * minuteMs }));
  const found = tendency([...old, ...fresh]);
  t.is(found.spanMs, 180 * minuteMs);
  t.true(Math.abs(found.per3h! - 3) < 1e-9);
});

test('what lies after the end of the window does not count', (t) => {
  const means = line(5, 15, 1010, 1);
  const ahead = { timeMs: startMs + 48 * 60 * minuteMs, mean: 2000, readings: 1 };
  t.deepEqual(tendency([...means, ahead], { untilMs: means.at(-1)!.timeMs }), tendency(means));
});

test('of two means of one moment the later counts, once', (t) => {
  const means = line(5, 15, 1010, 1);
  const wrong = { ...means[2]!, mean: 2000 };
  t.deepEqual(tendency([wrong, ...means]), tendency(means));
});

const steps = fc.array(
  fc.record({
    minute: fc.integer({ min: 0, max: 179 }),
    mean: fc.double({ min: 850, max: 1100, noNaN: true }),
  }),
  {
    minLength: 3,
    maxLength: 40,
  },
);
const toMeans = (list: { minute: number; mean: number }[]) =>
  list.map(({ minute, mean }) => ({ timeMs: startMs + minute * minuteMs, mean, readings: 1 }));
const close = (a: number | null, b: number | null, tolerance = 1e-6) =>
  a === null || b === null ? a === b : Math.abs(a - b) <= tolerance;

test('order does not matter', (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 179 }), { minLength: 3 }),
      fc.infiniteStream(fc.integer()),
      (minutes, noise) => {
        const means = toMeans(minutes.map((minute) => ({ minute, mean: 1000 + (noise.next().value % 50) })));
        t.deepEqual(tendency([...means].reverse()), tendency(means));
      },
    ),
  );
});

test('another time of day or another height above the sea changes nothing', (t) => {
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: -500, max: 500 }),
      (list, ms, hPa) => {
        const means = toMeans(list);
        const moved = means.map((m) => ({ ...m, timeMs: m.timeMs + ms * 1000, mean: m.mean + hPa }));
        t.true(close(tendency(moved).per3h, tendency(means).per3h));
      },
    ),
  );
});

test('a straight line gives its slope back, falling or rising', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: -30, max: 30, noNaN: true }),
      fc.integer({ min: 4, max: 180 }),
      fc.double({ min: 850, max: 1100, noNaN: true }),
      (perHour, count, from) => {
        t.true(close(tendency(line(count, 10, from, perHour)).per3h, perHour * 3));
      },
    ),
  );
});

test('whatever the means are, the answer is a finite number or null', (t) => {
  const anything = fc.record({
    timeMs: fc.double({ min: -8.64e15, max: 8.64e15 }),
    mean: fc.double(),
    readings: fc.nat(),
  });
  const extreme = fc.record({
    timeMs: fc.integer({ min: startMs, max: startMs + 180 * minuteMs }),
    mean: fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 0, Number.MIN_VALUE),
    readings: fc.constant(1),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(anything, extreme)), fc.double(), (means, option) => {
      for (const options of [{}, { minimumSpanMs: 0 }, { windowMs: option, minimumSpanMs: option }]) {
        const found = tendency(means, options);
        t.true(found.per3h === null || Number.isFinite(found.per3h));
        t.true(found.spanMs >= 0 && Number.isFinite(found.spanMs));
      }
    }),
  );
});

test('the words change where the Met Office changes them', (t) => {
  const expected: [number, string][] = [
    [0, 'steady'],
    [0.04, 'steady'],
    [0.1, 'rising slowly'],
    [-1.2, 'falling slowly'],
    [1.5, 'rising slowly'],
    [1.54, 'rising slowly'],
    [1.6, 'rising'],
    [-3.5, 'falling'],
    [3.6, 'rising quickly'],
    [-6, 'falling quickly'],
    [6.1, 'rising very rapidly'],
    [-25, 'falling very rapidly'],
  ];
  for (const [amount, word] of expected) t.is(tendencyWord(amount), word, String(amount));
});
