import test from 'ava';
import { type CsvReader, type CsvRules, csvReader } from '../../src/domain/csv-readings.ts';

const rules: CsvRules = {
  time: { column: 'time', format: 'iso' },
  device: { text: 'roof' },
  values: [
    { column: 'p', sensor: { text: 'pressure' }, unit: { text: 'hPa' } },
    { column: 't', sensor: { text: 'temperature' }, unit: { text: '°C' } },
  ],
  decimal: '.',
};
const header = ['time', 'p', 't'];
const read = (fields: string[], changes: Partial<CsvRules> = {}) =>
  (csvReader({ ...rules, ...changes }, header) as CsvReader).read({ fields });

test('a row becomes a reading for each column of values that holds something', (t) => {
  t.deepEqual(read(['2026-01-01T00:00:00Z', '1013.25', ' 4.5 ']), {
    timeMs: Date.UTC(2026, 0, 1),
    readings: [
      { device: 'roof', sensor: 'pressure', value: 1013.25, unit: 'hPa' },
      { device: 'roof', sensor: 'temperature', value: 4.5, unit: '°C' },
    ],
  });
  t.like(read(['2026-01-01', '', '4']), { readings: [{ sensor: 'temperature', value: 4 }] });
});

test('times are ISO 8601, in UTC unless they say otherwise, or counted since 1970', (t) => {
  const iso = (text: string) => read([text, '', '']) as { timeMs: number };
  const noon = Date.UTC(2026, 6, 1, 12);
  for (const text of [
    '2026-07-01T12:00Z',
    '2026-07-01 12:00:00',
    '2026-07-01T14:00:00.000+02:00',
    '2026-07-01 08:00:00,0 -0400',
    '2026-07-01 14:00:00+02',
  ]) {
    t.is(iso(text).timeMs, noon, text);
  }
  t.is(iso('2026-07-01T12:00:00.123456Z').timeMs, noon + 123);
  t.is(iso('2028-02-29').timeMs, Date.UTC(2028, 1, 29));
  const since = (text: string, format: 'unix' | 'unix-ms') =>
    read([text, '', ''], { time: { column: 'time', format } }) as { timeMs: number };
  t.is(since('1782907200.5', 'unix').timeMs, 1_782_907_200_500);
  t.is(since('1782907200500', 'unix-ms').timeMs, 1_782_907_200_500);
  for (const text of [
    '',
    'noon',
    '2026-13-01',
    '2026-07-01T25:00',
    '20260701',
    '1e400',
    '2026-02-29',
    '2026-04-31',
  ]) {
    t.regex((read([text, '1', '2']) as { wrong: string }).wrong, /where a time should be/, text);
  }
});

test('numbers are decimal, with the sign that was configured, and nothing else is one', (t) => {
  const value = (text: string, decimal: '.' | ',' = '.') => {
    const found = read(['2026-01-01', text, ''], { decimal });
    return 'wrong' in found ? found.wrong : found.readings[0]?.value;
  };
  t.deepEqual(
    ['1', '-1.5', '+.5', '1e3', '5.'].map((text) => value(text)),
    [1, -1.5, 0.5, 1_000, 5],
  );
  t.is(value('1013,25', ','), 1013.25);
  for (const text of ['1,5', '0x10', 'NaN', 'Infinity', '1e999', '1 000', '--1']) {
    t.regex(String(value(text)), /which is not a number/, text);
  }
  t.regex(String(value('1.013,25', ',')), /which is not a number/);
});

test('device, sensor and unit may stand in columns of their own', (t) => {
  const long: CsvRules = {
    time: null,
    device: { column: 2 },
    values: [{ column: 1, sensor: { column: 3 }, unit: { column: 4 } }],
    decimal: '.',
  };
  const reader = csvReader(long, null) as CsvReader;
  t.deepEqual(reader.read({ fields: ['7', 'shed', 'wind', 'm/s', 'more'] }), {
    timeMs: null,
    readings: [{ device: 'shed', sensor: 'wind', value: 7, unit: 'm/s' }],
  });
  t.like(reader.read({ fields: ['7', '', 'wind', 'm/s'] }), {
    wrong: 'has no device of 1 to 256 characters',
  });
  t.like(reader.read({ fields: ['7'] }), { wrong: 'has 1 fields instead of 4' });
});

test('a column that is not there is named', (t) => {
  t.deepEqual(csvReader(rules, ['time', 'q', 't']), { missing: ['p'] });
  t.like(read(['2026-01-01', '1']), { wrong: 'has 2 fields instead of 3' });
});
