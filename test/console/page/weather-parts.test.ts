import test from 'ava';
import type { PastItem } from '../../../src/console/page/model/past.ts';
import { inTime } from '../../../src/console/page/shared/figures.ts';
import { aligned, curveOf, rowsOf, valueAt } from '../../../src/console/page/weather/curves.ts';
import { groupMarks, marksOf, turnsOf } from '../../../src/console/page/weather/marks.ts';
import { axisOf, rangeNamed } from '../../../src/console/page/weather/ranges.ts';
import {
  arrowDegrees,
  outlookOf,
  readoutOf,
  signed,
  stationNote,
  valueText,
} from '../../../src/console/page/weather/readout.ts';
import { choose, sensorsOf } from '../../../src/console/page/weather/sensors.ts';
import { forecastsIn, seriesIn } from '../../../src/console/page/weather/told.ts';
import type { SampleFrame } from '../../../src/contract/inspect.ts';
import type { Report } from '../../../src/contract/report.ts';
import type { Weather } from '../../../src/contract/weather.ts';
import type { Forecast } from '../../../src/domain/message.ts';
import { entryItem } from './past-items.ts';

function sample(timeMs: number, over: Partial<SampleFrame> = {}): SampleFrame {
  return {
    ...{ type: 'sample', id: timeMs, timeMs, actor: 'rotator', device: 'bAr', sensor: 'pressure' },
    ...{ unit: 'hPa', value: 1_000 + timeMs / 1_000, readingTimeMs: timeMs, edge: null },
    ...over,
  };
}
const forecast: Forecast = {
  ...{ sensor: 'pressure', readings: 15, mean: 1_013.2, unit: 'hPa', tendency: null, tendencyWord: null },
  ...{ spanMs: 60_000, confidence: { hasMs: 60_000, needsMs: 10_800_000 } },
  text: '1,013.2 hPa (simulated, station pressure) · no tendency or Zambretti yet: needs 30 min of data; has 1 min',
};
const weather = (over: Partial<Weather> = {}): Weather => ({
  series: [
    { edge: 'shed', sensor: 'pressure', unit: 'hPa', means: [{ timeMs: 500, mean: 1_013, readings: 15 }] },
  ],
  gaps: [],
  forecasts: [],
  ...over,
});
const dots = (...pairs: readonly [number, number][]) => pairs.map(([timeMs, value]) => ({ timeMs, value }));
const same = <T>(dot: T) => dot;

test('a sensor has its readings of now and its means of before, whether the pipeline is the edge or hears of it', (t) => {
  const [onEdge] = sensorsOf([sample(1_000)], weather(), 'shed');
  const [inCloud] = sensorsOf([sample(1_000, { edge: 'shed' })], weather(), null);
  t.is(onEdge?.key, inCloud?.key);
  t.is(onEdge?.samples.length, 1);
  t.is(onEdge?.means.length, 1);
});

test('pressure comes first, and a sensor without readings of now is there with its means', (t) => {
  const found = sensorsOf([sample(1, { sensor: 'humidity', unit: '%RH', device: 'hUm' })], weather(), 'shed');
  t.deepEqual(
    found.map(({ sensor, device }) => [sensor, device]),
    [
      ['pressure', null],
      ['humidity', 'hUm'],
    ],
  );
});

test('an address that names means still finds the sensor once its device is known', (t) => {
  const [before] = sensorsOf([], weather(), 'shed');
  const found = sensorsOf([sample(1), sample(1, { sensor: 'a', device: 'x' })], weather(), 'shed');
  t.is(choose(found, before!.key)?.sensor, 'pressure');
  t.is(choose(found, 'no/such')?.sensor, 'pressure');
  t.is(choose([], null), null);
});

test('a curve breaks where nothing was measured for a while', (t) => {
  const curve = curveOf(dots([0, 1], [1_000, 2], [2_000, 3], [60_000, 4], [61_000, 5]), same, {
    fromMs: 0,
    toMs: 100_000,
    pointsMax: 100,
  });
  t.deepEqual(curve, {
    timesMs: [0, 1_000, 2_000, 2_001, 60_000, 61_000],
    values: [1, 2, 3, null, 4, 5],
  });
});

test('a curve with many points keeps its peaks, and less than it was given', (t) => {
  const many = Array.from({ length: 50_000 }, (_, i) => ({ timeMs: i * 10, value: i === 33_333 ? 99 : 1 }));
  const curve = curveOf(many, same, { fromMs: 0, toMs: 500_000, pointsMax: 1_000 });
  t.true(curve.timesMs.length <= 1_002);
  t.true(curve.values.includes(99));
  t.false(curve.values.includes(null));
});

test('what is late, not a number or beside the axis does not disturb a curve', (t) => {
  const curve = curveOf(dots([2_000, 2], [1_000, 1], [1_500, Number.NaN], [-5, 9], [2_000, 3]), same, {
    fromMs: 0,
    toMs: 10_000,
    pointsMax: 100,
  });
  t.deepEqual(curve, { timesMs: [1_000, 2_000], values: [1, 3] });
});

test('curves on one axis say where they have no point, and a cursor reads the nearest', (t) => {
  const a = { timesMs: [0, 1_000, 2_000], values: [1, null, 3] };
  const b = { timesMs: [500], values: [7] };
  t.deepEqual(aligned([a, b]), {
    timesMs: [0, 500, 1_000, 2_000],
    columns: [
      [1, undefined, null, 3],
      [undefined, 7, undefined, undefined],
    ],
  });
  t.deepEqual(valueAt(a, 1_100, 1_500), { timeMs: 2_000, value: 3 });
  t.is(valueAt(a, 9_000, 1_500), null);
});

test('a table of a curve has its newest part first', (t) => {
  const rows = rowsOf({ timesMs: [0, 1_000, 9_000, 10_000], values: [1, 3, 10, 20] }, 2);
  t.deepEqual(
    rows.map(({ mean, low, high }) => [mean, low, high]),
    [
      [15, 10, 20],
      [2, 1, 3],
    ],
  );
});

test('the arrow points straight ahead when pressure is steady, and is steepest for the fastest fall', (t) => {
  t.is(arrowDegrees(0), 0);
  t.is(arrowDegrees(-6), -75);
  t.is(arrowDegrees(100), 75);
  t.true(arrowDegrees(0.5) >= 10);
});

test('amounts are short, signed where they are changes, and never minus nothing', (t) => {
  t.is(valueText(1_013.256, 2), '1,013.26');
  t.is(valueText(1e12, 2), '1.000e+12');
  t.deepEqual([signed(0.44), signed(-1.25), signed(-0.01)], ['+0.4', '−1.3', '0.0']);
});

test('the readout prefers what was measured last, and says that it is simulated', (t) => {
  const known = weather({ forecasts: [{ edge: 'shed', atMs: 900, forecast }] });
  const [sensor] = sensorsOf([sample(1_000), sample(2_000)], known, 'shed');
  const readout = readoutOf(sensor!, known.forecasts);
  t.deepEqual(readout.now, { value: 1_002, atMs: 2_000, from: 'sample' });
  t.true(readout.simulated);
  const [byMeans] = sensorsOf([], weather(), 'shed');
  t.deepEqual(readoutOf(byMeans!, []).now, { value: 1_013, atMs: 500, from: 'mean' });
});

test('a mean that is of later than the last reading that was looked at is what the readout says', (t) => {
  const means = [{ timeMs: 3_000, mean: 1_020, readings: 15 }];
  const known = weather({ series: [{ edge: 'shed', sensor: 'pressure', unit: 'hPa', means }] });
  const [sensor] = sensorsOf([sample(2_000)], known, 'shed');
  t.deepEqual(readoutOf(sensor!, []).now, { value: 1_020, atMs: 3_000, from: 'mean' });
});

test('why there is no pressure at sea level is told apart: no altitude, or one that cannot be', (t) => {
  t.regex(stationNote(forecast), /`altitude` is not set/);
  t.regex(stationNote({ ...forecast, altitude: 5_000 }), /5000 m it cannot be reduced .* right\?$/);
  t.regex(stationNote({ ...forecast, altitude: 98, mean: null }), /station, at 98 m\.$/);
});

test('a forecast counts for its own edge and sensor only, the newest of them', (t) => {
  const newer = { ...forecast, tendency: -2, tendencyWord: 'falling' };
  const [sensor] = sensorsOf([sample(1_000)], weather(), 'shed');
  const readout = readoutOf(sensor!, [
    { edge: 'shed', atMs: 2_000, forecast: newer },
    { edge: 'shed', atMs: 1_000, forecast },
    { edge: 'attic', atMs: 9_000, forecast },
    { edge: 'shed', atMs: 9_000, forecast: { ...forecast, sensor: 'temperature' } },
  ]);
  t.is(readout.per3h, -2);
  t.is(readout.word, 'falling');
});

test('an outlook says what is lacking until there is a letter, and how sure that is', (t) => {
  t.like(outlookOf(forecast), {
    letter: null,
    sentence: 'no tendency or Zambretti yet: needs 30 min of data; has 1 min',
  });
  const sure = { ...forecast, zambretti: { letter: 'E', number: 12, text: 'Fine, possibly showers' } };
  t.like(outlookOf({ ...sure, confidence: { hasMs: 5, needsMs: 10 } }), { letter: 'E', share: 0.5 });
});

function item(timeMs: number, actor: string, report: Report): PastItem {
  const entry = { time: timeMs, level: 'info' as const, pipeline: 'edge', actor, report };
  return { place: timeMs, eventId: timeMs, timeMs, pipeline: 'edge', actor, frame: null, entry };
}
const turned = (timeMs: number, actor: string, from: string, to: string, message?: string) =>
  item(timeMs, actor, {
    ...{ type: 'transition', from, to, event: 'X' },
    ...(message !== undefined && { cause: { code: 'link-lost', message, advice: 'Wait.' } }),
  });

test('marks say when an actor was lost and why, and when it was well again', (t) => {
  const items = [
    turned(10_000, 'uploader', 'sending', 'waitingToRetry', 'the cloud is\u001b gone'),
    turned(11_000, 'uploader', 'waitingToRetry', 'connecting'),
    turned(22_000, 'uploader', 'greeting', 'idle'),
    turned(30_000, 'uploader', 'idle', 'paused'),
    turned(40_000, 'uploader', 'paused', 'connecting'),
  ];
  t.deepEqual(
    marksOf(turnsOf(items, null)).map(({ timeMs, how, text }) => [timeMs, how, text]),
    [
      [10_000, 'lost', 'uploader: the cloud is\\u001b gone'],
      [22_000, 'regained', 'uploader: well again after 12 s'],
      [30_000, 'paused', 'uploader: paused'],
      [40_000, 'regained', 'uploader: resumed'],
    ],
  );
});

test('in a cloud only the sessions of the chosen edge are marked', (t) => {
  const items = [
    item(1, 'receiver/a:1', { type: 'note', text: 'greeted', about: 'shed' }),
    item(2, 'receiver/a:2', { type: 'note', text: 'greeted', about: 'attic' }),
    turned(3, 'receiver/a:1', 'receiving', 'closed', 'lost'),
    turned(4, 'receiver/a:2', 'receiving', 'closed', 'lost'),
    turned(5, 'forecaster', 'working', 'waitingToRetry', 'slow'),
  ];
  t.deepEqual(
    turnsOf(items, 'shed').map(({ actor }) => actor),
    ['receiver/a:1', 'forecaster'],
  );
});

test('marks that would lie on each other become one, which looks like the worst of them', (t) => {
  const marks = [100, 101, 500].map((timeMs) => ({
    timeMs,
    how: timeMs === 101 ? ('lost' as const) : ('regained' as const),
    actor: 'a',
    text: 'x',
  }));
  const groups = groupMarks(marks, { fromMs: 0, toMs: 1_000 }, 0.01);
  t.deepEqual(
    groups.map(({ how, marks: some }) => [how, some.length]),
    [
      ['lost', 2],
      ['regained', 1],
    ],
  );
  t.deepEqual(groupMarks(marks, { fromMs: 600, toMs: 1_000 }, 0.01), []);
});

test('the axis of everything that is known begins with it, and is never without width', (t) => {
  const all = rangeNamed('all');
  t.deepEqual(axisOf(all, 500_000, 1_000), { fromMs: 1_000, toMs: 500_000 });
  t.deepEqual(axisOf(all, 500_000, null), { fromMs: 440_000, toMs: 500_000 });
  t.is(rangeNamed('nonsense').id, '15m');
});

test('a wait that is over is now, and never in now', (t) => {
  t.deepEqual([-5, 0, 1, 2_250, 61_000].map(inTime), ['now', 'now', 'in 0.1 s', 'in 2.3 s', 'in 1 m 01 s']);
});

test('means that are answered all at once after an outage stand where they were measured, each edge apart', (t) => {
  const sealed = (segment: number): Report => {
    return { type: 'segment', what: 'sealed', segment, readings: 15, stream: 'readings' };
  };
  const told = (segment: number, mean: number): Report => {
    return { ...forecast, type: 'forecast', segment, mean };
  };
  const say = (pipeline: string, time: number, report: Report) => entryItem(report, { pipeline, time });
  const items = [
    say('edge', 1_000, sealed(1)),
    say('other', 1_500, sealed(1)),
    say('edge', 2_000, sealed(2)),
    say('edge', 3_000, sealed(3)),
    ...[1, 2, 3].map((segment) => say('edge', 60_000, told(segment, 1_000 + segment))),
    say('other', 61_000, told(1, 990)),
    say('strange', 61_000, told(1, 980)),
    // Of what was sealed before the log begins, nobody knows better.
    say('edge', 62_000, told(9, 1_009)),
  ];
  const edgeOfPipeline = (name: string) => ({ edge: 'shed', other: 'quay' })[name] ?? null;
  const [shed, quay, ...more] = seriesIn(items, edgeOfPipeline);
  t.deepEqual(more, []);
  t.deepEqual(
    shed!.means.map(({ timeMs, mean }) => [timeMs, mean]),
    [
      [1_000, 1_001],
      [1_500, 1_002],
      [2_500, 1_003],
      [62_000, 1_009],
    ],
  );
  t.deepEqual([quay!.edge, quay!.means.length, quay!.means[0]!.timeMs], ['quay', 1, 1_500]);
  t.deepEqual(
    forecastsIn(items, edgeOfPipeline).map(({ edge, atMs }) => [edge, atMs]),
    [...[1, 2, 3].map(() => ['shed', 60_000]), ['quay', 61_000], ['shed', 62_000]],
  );
});
