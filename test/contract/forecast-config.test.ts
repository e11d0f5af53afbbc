import test from 'ava';
import { type ForecasterConfig, forecaster } from '../../machines/forecaster.ts';
import { kinds } from '../../machines/index.ts';
import { siteOf, thresholdsOf } from '../../src/contract/forecast-config.ts';
import { commonThresholds, unknownSite } from '../../src/domain/forecast.ts';
import { checkPipeline, formatProblem } from '../../src/pipeline/check.ts';

const nothingMeasured = { temperatureC: null, windDegrees: null };
const parse = (given: object): ForecasterConfig => forecaster.config.parse(given);

/** Problems of a cloud's pipeline whose forecaster has these further lines, without the file's name. */
function problems(...lines: string[]): string[] {
  const text = [
    'fogrun: 1',
    'pipeline: cloud',
    'store: { path: x }',
    'actors:',
    '  receiver: { kind: cloud-receiver, to: forecaster }',
    '  forecaster:',
    '    kind: forecaster',
    '    to: receiver',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
  const checked = checkPipeline({ file: 'f', text }, { kinds, variables: {}, cwd: '/' });
  return checked.problems.map((problem) => formatProblem(problem).replace(/^.*?actors\.forecaster\./, ''));
}

test('what was valid before is valid, and says what it said', (t) => {
  t.deepEqual(problems('sensor: pressure', 'window: 3h', 'minimum-span: 30m'), []);
  const config = parse({});
  t.deepEqual(siteOf(config, 'e1', nothingMeasured), unknownSite);
  t.deepEqual(thresholdsOf(config), commonThresholds);
});

test('everything can be set, also as text out of variables', (t) => {
  const lines = [
    'altitude: "98"',
    'temperature: "8.5"',
    'temperature-sensor: temperature',
    'latitude: "-33.9"',
    'hemisphere: auto',
    'wind: "270"',
    'wind-sensor: wind',
    'pressure-range: { bottom: 970, top: 1045 }',
    'thresholds: { steady-below: 0.2, trend-from: "1" }',
    'edges: { hut: { altitude: 1200, hemisphere: north }, shed: { altitude: none, wind: none } }',
  ];
  t.deepEqual(problems(...lines), []);
});

test('an edge has what is set for it, else what is set for all, and its sensors go first', (t) => {
  const config = parse({
    altitude: 98,
    temperature: 10,
    latitude: 48,
    wind: 270,
    edges: {
      hut: { altitude: 1_200, temperature: 2, latitude: -30, wind: 'none' },
      quay: { altitude: 'none' },
    },
  });
  const range = unknownSite.range;
  t.deepEqual(siteOf(config, 'other', nothingMeasured), {
    altitudeM: 98,
    temperatureC: 10,
    hemisphere: 'north',
    windDegrees: 270,
    range,
  });
  t.deepEqual(siteOf(config, 'hut', nothingMeasured), {
    altitudeM: 1_200,
    temperatureC: 2,
    hemisphere: 'south',
    windDegrees: null,
    range,
  });
  t.like(siteOf(config, 'quay', nothingMeasured), { altitudeM: null, temperatureC: 10 });
  t.like(siteOf(config, 'hut', { temperatureC: -4, windDegrees: 90 }), { temperatureC: -4, windDegrees: 90 });
  t.like(siteOf(config, 'constructor', nothingMeasured), { altitudeM: 98 });
});

test('the hemisphere is the one that is said, else that of the latitude', (t) => {
  const of = (given: object, edge = 'e') => siteOf(parse(given), edge, nothingMeasured).hemisphere;
  t.is(of({}), 'north');
  t.is(of({ latitude: -10 }), 'south');
  t.is(of({ latitude: -10, hemisphere: 'north' }), 'north');
  t.is(of({ hemisphere: 'south', edges: { e: { latitude: 5 } } }), 'north');
  t.is(of({ hemisphere: 'south', edges: { e: { hemisphere: 'auto' } } }), 'south');
});

test('each mistake is named at its place', (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['altitude: high', /altitude: expected `none` or a number/],
    ['altitude: 9000', /altitude: .*9000/],
    ['hemisphere: east', /hemisphere: expected `north`, `south` or `auto`/],
    ['wind: 400', /wind: .*400/],
    ['altitud: 5', /altitud: unknown key \(did you mean `altitude`/],
    ['edges: { hut: { hight: 5 } }', /edges\.hut\.hight: unknown key/],
    ['edges: { "a b": { altitude: 5 } }', /edges\."a b": expected the name of an edge/],
    ['edges: { hut: { altitude: high } }', /edges\.hut\.altitude: expected `none` or a number/],
    ['thresholds: { moderate-from: 4 }', /thresholds\.quick-from: 3\.6 is not more than `moderate-from`, 4/],
    ['thresholds: { steady-below: 0 }', /thresholds\.steady-below: /],
    [
      'pressure-range: { bottom: 1040 }',
      /pressure-range\.top: 1050 is not at least 20 hPa more than `bottom`, 1040/,
    ],
    ['temperature-sensor: pressure', /temperature-sensor: the same sensor as `sensor`/],
  ];
  for (const [line, expected] of cases) {
    const found = problems(line);
    t.is(found.length, 1, line);
    t.regex(found[0]!, expected, line);
  }
});
