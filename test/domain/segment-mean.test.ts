import test from 'ava';
import fc from 'fast-check';
import { segmentMean } from '../../src/domain/forecast.ts';

interface Tally {
  readonly device: string;
  readonly unit: string;
  readonly values: number[];
  readonly times: number[];
  simulated: boolean;
}

/** The plain way: every line parsed. */
function meanByParsing(body: Buffer, sensor: string) {
  const tallies = { usable: new Map<string, Tally>(), implausible: new Map<string, Tally>() };
  for (const line of linesOf(body)) {
    let reading: Record<string, unknown>;
    try {
      reading = { ...JSON.parse(line.toString('utf8')) };
    } catch {
      continue;
    }
    const { device, unit, time, value, implausible, simulated } = reading;
    if (reading.sensor !== sensor || typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (typeof device !== 'string' || typeof unit !== 'string' || typeof time !== 'string') continue;
    if (!Number.isFinite(Date.parse(time))) continue;
    const group = implausible === undefined || implausible === false ? tallies.usable : tallies.implausible;
    const key = JSON.stringify([device, unit]);
    const tally = group.get(key) ?? { device, unit, values: [], times: [], simulated: false };
    group.set(key, tally);
    tally.values.push(value);
    tally.times.push(Date.parse(time));
    tally.simulated ||= simulated === true;
  }
  const largest = (group: Map<string, Tally>) =>
    [...group.values()].reduce<Tally | undefined>(
      (best, tally) => (best && best.values.length >= tally.values.length ? best : tally),
      undefined,
    );
  const best = largest(tallies.usable);
  const shown = best ?? largest(tallies.implausible);
  if (!shown) return null;
  const { device, unit, times, simulated } = shown;
  const mean = best
    ? best.values.reduce((mean, value, i) => mean + (value / (i + 1) - mean / (i + 1)), 0)
    : null;
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return {
    device,
    unit,
    mean,
    readings: best?.values.length ?? 0,
    timeMs: first + (last - first) / 2,
    simulated,
  };
}

function linesOf(body: Buffer): Buffer[] {
  return body
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
}

const escaped = (text: string) =>
  `"${[...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
const plainOrEscaped = (...texts: string[]) =>
  fc
    .tuple(fc.constantFrom(...texts), fc.nat(7))
    .map(([text, n]) => (n === 0 ? escaped(text) : JSON.stringify(text)));

const key = plainOrEscaped('device', 'sensor', 'unit', 'time', 'value', 'implausible', 'simulated', 'seq');
const odd = fc.constantFrom(
  '1e400',
  '"x"',
  'null',
  '[{"a":[]}]',
  '{"sensor":"pressure"}',
  'true',
  'false',
  '12',
  'NaN',
  '\xff',
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.nat(20))
    .map(([n, decimals]) => (n / 1_000).toFixed(decimals)),
  fc.constantFrom('-0', '1E5', '0.1', '123456789012345', '999999999999999.9', '0.000000000000001', '1e-400'),
);
const moment = fc.oneof(
  fc
    .date({ min: new Date(0), max: new Date('2040-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '2030-01-01T00:00:00Z',
    '2030-02-30T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01T24:30:00Z',
  ),
  fc.constantFrom(
    '2030-01-01T00:60:00Z',
    '2030-01-01T00:00:60.000Z',
    '2030-01-01T00:00:00+02:00',
    'noon',
    '2030',
  ),
  fc.constantFrom(
    '2030-01-01T00:00:00.00xZ',
    '2030-1-001T00:00:00Z',
    '2030-01-01T1:000:00Z',
    '2030-01-01t00:00:00Z',
  ),
);
const member = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(key, odd).map(([k, v]) => `${k}:${v}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"implausible":true',
      '"simulated":true',
      '"implausible": false',
      '"x":"a\\"\x7f"',
    ),
  },
);
const line = fc
  .tuple(
    plainOrEscaped('XYZ', 'top', 'é', ''),
    plainOrEscaped('pressure', 'pressure', 'pressure', 'temperature'),
    moment,
    number,
    plainOrEscaped('hPa', 'hPa', 'Pa'),
    fc.oneof(
      fc.constant([]),
      fc.array(member, { maxLength: 3 }),
      fc.array(member, { minLength: 40, maxLength: 40 }),
    ),
  )
  .map(
    ([device, sensor, time, value, unit, more]) =>
      `{${[`"seq":1`, `"device":${device}`, `"sensor":${sensor}`, `"time":"${time}"`, `"value":${value}`, `"unit":${unit}`, ...more].join()}}`,
  );

test('the mean is the same as when every line is parsed', (t) => {
  const body = fc
    .tuple(
      fc.array(line, { maxLength: 6 }),
      fc.constantFrom('', '\n', '\r\n', '\n\n?\n', `\n${'['.repeat(1_200)}\n`),
    )
    .map(([lines, end]) => Buffer.from(lines.join('\n') + end));
  fc.assert(
    fc.property(body, (bytes) => {
      t.deepEqual(segmentMean(bytes, { sensor: 'pressure' }), meanByParsing(bytes, 'pressure'));
    }),
    { numRuns: 4_000 },
  );
});

test('a name is found however it is written, and only that name', (t) => {
  const of = (name: string) =>
    Buffer.from(
      `{"device":"d","sensor":${name},"time":"2030-01-01T00:00:00Z","value":1,"unit":"m"}\n`,
      'latin1',
    );
  const names = [
    '"pressure"',
    '"p\\u0072essure"',
    '"a\\/b"',
    '"a/b"',
    '"\\ud800"',
    '"\xef\xbf\xbd"',
    '"\xff"',
    '"\\""',
    '"\xc3\xa9"',
  ];
  for (const sensor of ['pressure', 'a/b', '\ud800', '\ufffd', '"', 'é', 'ÿ', '', 'pressur']) {
    for (const name of names) {
      const body = of(name);
      t.deepEqual(segmentMean(body, { sensor }), meanByParsing(body, sensor), `${sensor} in ${name}`);
    }
  }
});

test('a reading nested deeper than the scanner goes still counts', (t) => {
  const deep = '['.repeat(5_000) + ']'.repeat(5_000);
  const body = Buffer.from(
    `{"device":"d","sensor":"s","time":"2030-01-01T00:00:00Z","value":1,"unit":"m","x":${deep}}\n`,
  );
  t.is(segmentMean(body, { sensor: 's' })?.mean, 1);
});

test('a member counts wherever it is among many', (t) => {
  const many = Array.from({ length: 60 }, (_, i) => `"k${i}":${i}`).join();
  const of = (last: string) =>
    Buffer.from(`{"device":"d","sensor":"s","time":"2030","value":1,"unit":"m",${many},${last}}`);
  t.is(segmentMean(of('"value":2'), { sensor: 's' })?.mean, 2);
  t.is(segmentMean(of('"sensor":"x"'), { sensor: 's' }), null);
});

test('of more devices than are known by their bytes, each is told apart', (t) => {
  const lines = Array.from({ length: 400 }, (_, i) =>
    JSON.stringify({
      device: `d${i % 39}`,
      sensor: 's',
      time: '2030-01-01T00:00:00Z',
      value: i % 39,
      unit: 'm',
    }),
  );
  const body = Buffer.from(lines.join('\n'));
  t.like(segmentMean(body, { sensor: 's' }), { device: 'd0', mean: 0, readings: 11 });
});
