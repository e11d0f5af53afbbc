import test from 'ava';
import fc from 'fast-check';
import { segmentMean } from '../../src/domain/forecast.ts';

const pressure = { sensor: 'pressure' };

function reading(seq: number, value: unknown, more: Record<string, unknown> = {}): string {
  const time = new Date(Date.UTC(2030, 0, 1, 12, 0, seq)).toISOString();
  return JSON.stringify({ seq, device: 'XYZ', sensor: 'pressure', time, value, unit: 'hPa', ...more });
}

const body = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));

test('the mean of three readings stands in the middle of their time', (t) => {
  const found = segmentMean(body(reading(1, 1012), reading(2, 1013), reading(5, 1017)), pressure);
  t.deepEqual(found, {
    device: 'XYZ',
    mean: 1014,
    unit: 'hPa',
    readings: 3,
    timeMs: Date.UTC(2030, 0, 1, 12, 0, 3),
    simulated: false,
  });
});

test('other sensors and implausible readings are not averaged in', (t) => {
  const found = segmentMean(
    body(
      reading(1, 1000),
      reading(2, 21, { sensor: 'temperature', unit: '°C' }),
      reading(3, 9000, { implausible: true }),
      reading(4, 1002),
    ),
    pressure,
  );
  t.is(found?.mean, 1001);
  t.is(found?.readings, 2);
});

test('one malformed line costs one line', (t) => {
  const bad = ['{"seq":2,', 'null', '[]', '""', '', '\u0000', reading(3, '1013'), reading(4, null)];
  bad.push(reading(5, 1).replace(':1,"unit"', ':1e400,"unit"'), reading(6, 1, { time: 'noon' }));
  bad.push(reading(7, 1, { device: 7 }), reading(8, 1, { unit: null }), '{"sensor":"pressure"}');
  const found = segmentMean(body(reading(1, 1000), ...bad, reading(9, 1010)), pressure);
  t.is(found?.mean, 1005);
  t.is(found?.readings, 2);
});

test('a last line without its newline counts', (t) => {
  const lines = Buffer.from(`${reading(1, 1000)}\n${reading(2, 1002)}`);
  t.is(segmentMean(lines, pressure)?.mean, 1001);
});

test('a segment without the sensor has no mean, one with implausible readings only a null mean', (t) => {
  t.is(segmentMean(body(reading(1, 21, { sensor: 'temperature' })), pressure), null);
  t.is(segmentMean(new Uint8Array(), pressure), null);
  const found = segmentMean(body(reading(2, 9000, { implausible: true })), pressure);
  t.is(found?.mean, null);
  t.is(found?.readings, 0);
  t.is(found?.timeMs, Date.UTC(2030, 0, 1, 12, 0, 2));
});

test('two devices are never mixed: the one with most readings counts', (t) => {
  const found = segmentMean(
    body(
      reading(1, 900, { device: 'top' }),
      reading(2, 1013),
      reading(3, 1015),
      reading(4, 101_400, { unit: 'Pa' }),
    ),
    pressure,
  );
  t.is(found?.device, 'XYZ');
  t.is(found?.mean, 1014);
});

test('one simulated reading makes the mean simulated', (t) => {
  t.true(segmentMean(body(reading(1, 1000), reading(2, 1000, { simulated: true })), pressure)?.simulated);
});

test('order of readings does not change where the mean stands', (t) => {
  const lines = [reading(9, 1000), reading(1, 1002), reading(5, 1004)];
  t.is(segmentMean(body(...lines), pressure)?.timeMs, Date.UTC(2030, 0, 1, 12, 0, 5));
});

test('whatever the bytes are, nothing throws and nothing is NaN', (t) => {
  const value = fc.oneof(fc.double(), fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE), fc.jsonValue());
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    value.map((v) => reading(1, v)),
  );
  fc.assert(
    fc.property(fc.array(line), fc.uint8Array(), (lines, noise) => {
      const found = segmentMean(Buffer.concat([body(...lines), noise]), pressure);
      t.true(found === null || found.mean === null || Number.isFinite(found.mean));
      t.true(found === null || Number.isFinite(found.timeMs));
    }),
  );
});
