import test from 'ava';
import fc from 'fast-check';
import { commonThresholds, makeForecast, type SegmentMean, unknownSite } from '../../src/domain/forecast.ts';

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

const plain = 'station pressure';

test('a slow fall in one line, with the raw numbers beside it', (t) => {
  const last = segment(200, 1013.2345);
  const found = makeForecast(last, before(last, -1.234, 12), {
    ...options,
    site: { ...unknownSite, altitudeM: 98 },
  });
  t.is(
    found.text,
    '1013.2 hPa (1025.1 at sea level), falling slowly (-1.2 hPa in 3 h) · Zambretti B: Fine weather',
  );
  t.is(found.mean, 1013.2345);
  t.is(found.altitude, 98);
  t.true(Math.abs(found.seaLevel! - 1025.055) < 0.001);
  t.true(Math.abs(found.tendency! + 1.234) < 1e-9);
  t.is(found.tendencyWord, 'falling slowly');
  t.deepEqual(found.characteristic, { code: 7, text: 'falling' });
  t.deepEqual(found.zambretti, { letter: 'B', number: 11, text: 'Fine weather' });
  t.deepEqual(found.confidence, { hasMs: 180 * minuteMs, needsMs: 180 * minuteMs });
  t.is(found.spanMs, 180 * minuteMs);
  t.is(found.readings, 15);
  t.is(found.sensor, 'pressure');
  t.is(found.unit, 'hPa');
});

test('before enough data the line says what is needed and what is there', (t) => {
  const last = segment(4, 1013.2);
  const means = [0, 2].map((minute) => ({ timeMs: startMs + minute * minuteMs, mean: 1013.1, readings: 1 }));
  const found = makeForecast(last, means, options);
  t.is(found.text, `1013.2 hPa (${plain}) · no tendency or Zambretti yet: needs 30 min of data; has 4 min`);
  t.is(found.tendency, null);
  t.is(found.tendencyWord, null);
  t.is(found.zambretti, undefined);
  t.is(found.characteristic, undefined);
  t.deepEqual(found.confidence, { hasMs: 4 * minuteMs, needsMs: 180 * minuteMs });
  t.is(found.spanMs, 4 * minuteMs);
});

test('the first segment has 0 s of data', (t) => {
  t.is(
    makeForecast(segment(0, 1013.2), [], options).text,
    `1013.2 hPa (${plain}) · no tendency or Zambretti yet: needs 30 min of data; has 0 s`,
  );
});

test('two segments far apart still lack a third', (t) => {
  const last = segment(60, 1013);
  const found = makeForecast(last, before(last, 1, 2).slice(1), options);
  t.is(found.text, `1013.0 hPa (${plain}) · no tendency or Zambretti yet: needs 3 segments; has 2`);
});

test('what is told from less than 3 h is said to be uncertain', (t) => {
  const last = segment(200, 1013);
  const found = makeForecast(last, before(last, 0, 9), options);
  t.is(
    found.text,
    `1013.0 hPa (${plain}), steady (0.0 hPa in 3 h) · Zambretti E: Fine, possibly showers · uncertain: needs 3 h of data; has 2 h 15 min`,
  );
  t.is(found.characteristic, undefined);
  t.notRegex(makeForecast(last, before(last, 0, 11), options).text, /uncertain/);
});

test('a demonstration may ask for less, and stays uncertain', (t) => {
  const last = segment(1, 1013);
  const means = [0, 0.5].map((minute) => ({ timeMs: startMs + minute * minuteMs, mean: 1013, readings: 1 }));
  const found = makeForecast(last, means, { ...options, windowMs: minuteMs, minimumSpanMs: 30_000 });
  t.is(
    found.text,
    `1013.0 hPa (${plain}), steady (0.0 hPa in 3 h) · Zambretti E: Fine, possibly showers · uncertain: needs 3 h of data; has 1 min`,
  );
});

test('of a longer window 3 h are enough', (t) => {
  const last = segment(400, 1013);
  const found = makeForecast(last, before(last, 0, 16), { ...options, windowMs: 360 * minuteMs });
  t.is(found.spanMs, 240 * minuteMs);
  t.deepEqual(found.confidence, { hasMs: 180 * minuteMs, needsMs: 180 * minuteMs });
  t.notRegex(found.text, /uncertain/);
});

test('a turn within the 3 h stands in the line', (t) => {
  const last = segment(200, 1010);
  const means = Array.from({ length: 12 }, (_, i) => ({
    timeMs: last.timeMs - (12 - i) * 15 * minuteMs,
    mean: 1010 + 2 - Math.max(0, i - 6) * (2 / 6),
    readings: 15,
  }));
  const found = makeForecast(last, means, options);
  t.is(found.characteristic?.code, 8);
  t.regex(
    found.text,
    /, falling \(-[\d.]+ hPa in 3 h: steady, then falling\) · Zambretti H: Fairly fine, showery/,
  );
});

test('far above the sea the reduction is called rough, and what cannot be is no ground for Zambretti', (t) => {
  const text = (mean: number, altitudeM: number | null) => {
    const last = segment(200, mean);
    return makeForecast(last, before(last, 0, 12), { ...options, site: { ...unknownSite, altitudeM } }).text;
  };
  t.regex(text(898.7, 1000), /^898\.7 hPa \(about 101\d\.\d at sea level\), steady .* Zambretti [A-Z]: /);
  t.regex(text(700, null), /^700\.0 hPa \(station pressure\), .* · no Zambretti: .* set `altitude`$/);
  t.regex(text(1010, 3000), / · no Zambretti: .* is `altitude` right\?$/);
});

test('thresholds are those that are given', (t) => {
  const last = segment(200, 1013);
  const thresholds = { ...commonThresholds, steadyBelow: 0.5, moderateFrom: 1, trendFrom: 0.8 };
  const found = (per3h: number) => makeForecast(last, before(last, per3h, 12), { ...options, thresholds });
  t.like(found(0.4), { tendencyWord: 'steady', characteristic: { code: 4 }, zambretti: { number: 12 } });
  t.is(found(0.4).text.includes('steady (+0.4 hPa in 3 h)'), true);
  t.like(found(-0.9), { tendencyWord: 'falling slowly', zambretti: { number: 4 } });
  t.like(found(-1), { tendencyWord: 'falling' });
});

test('the number shown and the word never contradict each other', (t) => {
  const last = segment(200, 1000);
  const shown = (per3h: number) =>
    /, ([a-z ]+) \((.*?) hPa in/.exec(makeForecast(last, before(last, per3h), options).text)!.slice(1);
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
    /^1013\.2 hPa \(simulated, station pressure\), rising \(\+2\.0 hPa in 3 h\) · /,
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
  const bare = makeForecast(segment(200, 21.26, { unit: '' }), [], { sensor: 'temperature' });
  t.is(bare.text, '21.3; a tendency is told only of pressure in hPa.');
  t.is(found.tendency, null);
  t.deepEqual(
    ['seaLevel', 'characteristic', 'zambretti', 'confidence'].filter((key) => key in found),
    [],
  );
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

/** All numbers, however deep they stand. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

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
  const site = fc.record({
    altitudeM: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    temperatureC: fc.double({ noNaN: true, noDefaultInfinity: true }),
    hemisphere: fc.constantFrom('north' as const, 'south' as const),
    windDegrees: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    range: fc.constant(unknownSite.range),
  });
  fc.assert(
    fc.property(any, means, site, (mean, list, place) => {
      const found = makeForecast(mean, list, { ...options, minimumSpanMs: 0, site: place });
      t.notRegex(found.text, /NaN|Infinity|undefined|null|[\u0000-\u001f]/);
      t.true(found.text.length > 0 && found.text.length < 300);
      t.true(found.tendency === null || Number.isFinite(found.tendency));
      t.true(found.seaLevel === undefined || Number.isFinite(found.seaLevel));
      t.deepEqual(
        numbersIn(found).filter((one) => !Number.isFinite(one)),
        [],
      );
    }),
  );
});
