import test from 'ava';
import fc from 'fast-check';
import { makeForecast, type SegmentMean } from '../../src/domain/forecast.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2030, 0, 1);
const options = { sensor: 'pressure' };

function segment(minute: number, mean: number | null, more: Partial<SegmentMean> = {}): SegmentMean {
  const timeMs = startMs + minute * minuteMs;
  return { device: 'XYZ', mean, unit: 'hPa', readings: 15, timeMs, simulated: false, ...more };
}

/** Means every 15 minutes before `last`, on a line of `per3h`. */
function before(last: SegmentMean, per3h: number, count = 8) {
  return Array.from({ length: count }, (_, i) => ({
    timeMs: last.timeMs - (i + 1) * 15 * minuteMs,
    mean: last.mean! - (per3h * (i + 1)) / 12,
    readings: 15,
  }));
}

test('a slow fall in one sentence, with the raw numbers beside it', (t) => {
  const last = segment(200, 1013.2345);
  const found = makeForecast(last, before(last, -1.234), options);
  t.is(found.text, '1013.2 hPa, falling slowly (-1.2 hPa in 3 h): weather likely to become less settled.');
  t.is(found.mean, 1013.2345);
  t.true(Math.abs(found.tendency! + 1.234) < 1e-9);
  t.is(found.tendencyWord, 'falling slowly');
  t.is(found.spanMs, 120 * minuteMs);
  t.is(found.readings, 15);
  t.is(found.sensor, 'pressure');
  t.is(found.unit, 'hPa');
});

test('before enough data the sentence says what is needed and what is there', (t) => {
  const last = segment(4, 1013.2);
  const means = [segment(0, 1013.1), segment(2, 1013.2)] as {
    timeMs: number;
    mean: number;
    readings: number;
  }[];
  const found = makeForecast(last, means, options);
  t.is(found.text, '1013.2 hPa; the tendency needs 30 min of data and has 4 min.');
  t.is(found.tendency, null);
  t.is(found.tendencyWord, null);
  t.is(found.spanMs, 4 * minuteMs);
});

test('the first segment has 0 s of data', (t) => {
  t.is(
    makeForecast(segment(0, 1013.2), [], options).text,
    '1013.2 hPa; the tendency needs 30 min of data and has 0 s.',
  );
});

test('two segments far apart still lack a third', (t) => {
  const last = segment(60, 1013);
  const found = makeForecast(last, before(last, 1, 2).slice(1), options);
  t.is(found.text, '1013.0 hPa; the tendency needs 3 segments and has 2.');
});

test('a demonstration may ask for less', (t) => {
  const last = segment(1, 1013);
  const means = [0, 0.5].map((minute) => ({ timeMs: startMs + minute * minuteMs, mean: 1013, readings: 1 }));
  const found = makeForecast(last, means, { ...options, minimumSpanMs: 30_000 });
  t.is(found.text, '1013.0 hPa, steady (0.0 hPa in 3 h): little change in the weather likely.');
});

test('the number shown and the word never contradict each other', (t) => {
  const last = segment(200, 1000);
  const shown = (per3h: number) =>
    /, (.*) \((.*) hPa in/.exec(makeForecast(last, before(last, per3h), options).text)!.slice(1);
  t.deepEqual(shown(0.04), ['steady', '0.0']);
  t.deepEqual(shown(-0.04), ['steady', '0.0']);
  t.deepEqual(shown(-0.0501), ['falling slowly', '-0.1']);
  t.deepEqual(shown(1.54), ['rising slowly', '+1.5']);
  t.deepEqual(shown(-1.56), ['falling', '-1.6']);
  t.deepEqual(shown(7), ['rising very rapidly', '+7.0']);
});

test('simulated readings are named as such', (t) => {
  const last = segment(200, 1013.2, { simulated: true });
  t.regex(
    makeForecast(last, before(last, 2), options).text,
    /^1013\.2 hPa \(simulated\), rising \(\+2\.0 hPa in 3 h\): /,
  );
});

test('a segment without a usable reading says so', (t) => {
  t.is(
    makeForecast(segment(0, null, { readings: 0 }), [], options).text,
    'No plausible reading of pressure in this segment.',
  );
  const none = makeForecast(null, [], options);
  t.is(none.text, 'No reading of pressure in this segment.');
  t.is(none.mean, null);
  t.is(none.readings, 0);
});

test('other units have a mean and no tendency', (t) => {
  const last = segment(200, 21.26, { unit: '°C' });
  const found = makeForecast(last, before(last, 2), { sensor: 'temperature' });
  t.is(found.text, '21.3 °C; a tendency is told only of pressure in hPa.');
  t.is(found.tendency, null);
});

test('means of later segments are left out', (t) => {
  const last = segment(200, 1013.2);
  const later = { timeMs: last.timeMs + minuteMs, mean: 500, readings: 1 };
  const means = before(last, -2);
  t.deepEqual(makeForecast(last, [...means, later], options), makeForecast(last, means, options));
});

test('the own mean may be among the means: it counts once', (t) => {
  const last = segment(200, 1013.2);
  const own = { timeMs: last.timeMs, mean: 1013.2, readings: 15 };
  const means = before(last, -2);
  t.deepEqual(makeForecast(last, [own, ...means], options), makeForecast(last, means, options));
});

test('control characters of a device do not reach the sentence', (t) => {
  const text = makeForecast(segment(0, 1, { unit: '\u001b[31mhPa\r\n' }), [], options).text;
  t.notRegex(text, /[\u0000-\u001f]/);
  t.true(makeForecast(segment(0, 1, { unit: 'x'.repeat(10_000) }), [], options).text.length < 200);
});

test('whatever goes in, one line comes out and no NaN', (t) => {
  const means = fc.array(fc.record({ timeMs: fc.double(), mean: fc.double(), readings: fc.nat() }));
  const any = fc.record({
    device: fc.string(),
    unit: fc.constantFrom('hPa', '°C', '\u0000\u001b[31m', '\ud800', 'x'.repeat(1_000)),
    mean: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    readings: fc.nat(),
    timeMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    simulated: fc.boolean(),
  });
  fc.assert(
    fc.property(any, means, (mean, list) => {
      const { text, tendency } = makeForecast(mean, list, { ...options, minimumSpanMs: 0 });
      t.notRegex(text, /NaN|Infinity|undefined|null|[\u0000-\u001f]/);
      t.true(text.endsWith('.') && text.length < 300);
      t.true(tendency === null || Number.isFinite(tendency));
    }),
  );
});
