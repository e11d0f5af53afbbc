import test from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { encodeReading } from '../../src/domain/reading.ts';
import { type Cloud, createWorld, type Edge, type World } from '../helpers/two-sides.ts';

type ForecastReport = Report & { type: 'forecast' };

const startMs = Date.UTC(2030, 0, 1, 9);
const minuteMs = 60_000;
const units: Readonly<Record<string, string>> = { pressure: 'hPa', temperature: '°C', wind: '°' };

interface Weather {
  readonly [sensor: string]: readonly number[];
}

/** Sends one segment of readings taken at that minute, and gives what the edge was told of it, if anything. */
async function tell(
  world: World,
  edge: Edge,
  minute: number,
  weather: Weather,
  unitOf: Readonly<Record<string, string>> = units,
  device = 'd',
): Promise<ForecastReport | undefined> {
  const lines = Object.entries(weather).flatMap(([sensor, values]) =>
    values.map((value, i) => {
      const time = new Date(startMs + minute * minuteMs + i * 1_000).toISOString();
      return encodeReading({ device, sensor, time, value, unit: unitOf[sensor]! });
    }),
  );
  const told = edge.lines.length;
  await world.clock.until(
    edge.source.send({ stream: 'readings', lines: Buffer.concat(lines), count: lines.length }),
  );
  await world.clock.until(edge.store.seal('readings'));
  await world.clock.advance(3_000);
  const reports = edge.lines.slice(told).map(({ report }) => report);
  return reports.findLast((report) => report.type === 'forecast') as ForecastReport | undefined;
}

async function start(config: object, name = 'e1'): Promise<{ world: World; cloud: Cloud; edge: Edge }> {
  const world = createWorld();
  const cloud = await world.cloud({ forecaster: config });
  return { world, cloud, edge: await world.edge({ name }) };
}

/** Three hours of pressure, falling by 2.4 hPa, with other sensors as given. */
async function threeHours(world: World, edge: Edge, more: Weather): Promise<ForecastReport> {
  let last: ForecastReport | undefined;
  for (let i = 0; i <= 12; i++) {
    last = await tell(world, edge, i * 15, { pressure: [1000 - i * 0.2], ...more });
  }
  return last!;
}

test('three hours on one edge become a forecast with all its fields, and a line to read', async (t) => {
  const { world, edge } = await start({
    altitude: 98,
    'temperature-sensor': 'temperature',
    'wind-sensor': 'wind',
  });
  const { type: _, text, ...last } = await threeHours(world, edge, { temperature: [4, 6], wind: [340, 20] });
  t.is(last.segment, 13);
  t.is(last.mean, 997.6);
  t.is(last.tendencyWord, 'falling');
  t.deepEqual(last.characteristic, { code: 7, text: 'falling' });
  // Tmv = 278.15 + 0.3185 K: 997.6 * 10^(0.0148275 * 98 / 278.4685).
  t.true(Math.abs(last.seaLevel! - 1009.66) < 0.01, String(last.seaLevel));
  t.deepEqual(last.zambretti, { letter: 'H', number: 4, text: 'Fairly fine, showery later' });
  t.deepEqual(last.confidence, { hasMs: 180 * minuteMs, needsMs: 180 * minuteMs });
  t.is(
    text,
    '997.6 hPa (1009.7 at sea level), falling (-2.4 hPa in 3 h) · Zambretti H: Fairly fine, showery later',
  );
});

test("colder air and another wind, as the edge's own sensors tell, change what is said", async (t) => {
  const config = { altitude: 400, 'temperature-sensor': 'temperature', 'wind-sensor': 'wind' };
  const said = async (more: Weather, given: object = config) => {
    const { world, edge } = await start(given);
    return threeHours(world, edge, more);
  };
  const cold = await said({ temperature: [-15] });
  const warm = await said({ temperature: [30] });
  const unknown = await said({});
  const odd = await said({ temperature: [-200] });
  t.true(cold.seaLevel! > unknown.seaLevel! + 3 && unknown.seaLevel! > warm.seaLevel! + 1);
  t.is(odd.seaLevel, unknown.seaLevel);
  const low = { ...config, altitude: 98 };
  const southerly = await said({ wind: [170, 190] }, low);
  t.is(southerly.zambretti!.number, (await said({}, low)).zambretti!.number + 2);
});

test('temperature is that of the last hour, also of segments without pressure', async (t) => {
  const { world, edge } = await start({ altitude: 400, 'temperature-sensor': 'temperature' });
  t.is(await tell(world, edge, 0, { temperature: [-15] }), undefined);
  const soon = await tell(world, edge, 30, { pressure: [960] });
  const late = await tell(world, edge, 61, { pressure: [960] });
  t.true(soon!.seaLevel! > late!.seaLevel! + 3);
  t.true(Math.abs(late!.seaLevel! - 960 * 10 ** ((0.0148275 * 400) / (288.15 + 1.3))) < 1e-6);
});

test('temperature of much later, from a clock that was put back since, does not count', async (t) => {
  const { world, edge } = await start({ altitude: 400, 'temperature-sensor': 'temperature' });
  await tell(world, edge, 300, { temperature: [-15] });
  const before = await tell(world, edge, 0, { pressure: [960] });
  t.true(Math.abs(before!.seaLevel! - 960 * 10 ** ((0.0148275 * 400) / (288.15 + 1.3))) < 1e-6);
});

test('each edge has its own height where one is set', async (t) => {
  const config = { altitude: 50, edges: { hut: { altitude: 1_200 }, quay: { altitude: 'none' } } };
  const told = async (name: string) => {
    const { world, edge } = await start(config, name);
    return (await tell(world, edge, 0, { pressure: [880] }))!;
  };
  t.like(await told('hut'), { altitude: 1_200 });
  t.like(await told('shed'), { altitude: 50 });
  const quay = await told('quay');
  t.false('altitude' in quay || 'seaLevel' in quay);
  t.regex(
    quay.text,
    /^880\.0 hPa \(station pressure\) · no tendency or Zambretti yet: needs 30 min of data; has 0 s$/,
  );
});

test('a temperature in another unit is not used, and said so once', async (t) => {
  const { world, cloud, edge } = await start({ altitude: 400, 'temperature-sensor': 'temperature' });
  const fahrenheit = { ...units, temperature: '°F' };
  const first = await tell(world, edge, 0, { pressure: [960], temperature: [50] }, fahrenheit);
  const second = await tell(world, edge, 15, { pressure: [960], temperature: [50] }, fahrenheit);
  t.is(first!.seaLevel, second!.seaLevel);
  t.true(Math.abs(first!.seaLevel! - 960 * 10 ** ((0.0148275 * 400) / (288.15 + 1.3))) < 1e-6);
  const notes = cloud.lines.filter(({ report }) => report.type === 'note' && /not in °C/.test(report.text));
  t.is(notes.length, 1);
});

test('what came while the forecaster was paused counts too, all sensors of it', async (t) => {
  const { world, cloud, edge } = await start({ altitude: 400, 'temperature-sensor': 'temperature' });
  await cloud.send('forecaster', 'PAUSE');
  t.is(await tell(world, edge, 0, { pressure: [960], temperature: [-15] }), undefined);
  await cloud.send('forecaster', 'RESUME');
  const after = await tell(world, edge, 30, { pressure: [960] });
  t.is(after!.spanMs, 30 * minuteMs);
  t.true(Math.abs(after!.seaLevel! - 960 * 10 ** ((0.0148275 * 400) / (258.15 + 1.3))) < 1e-6);
});

test('a second barometer that stands in for the first makes no weather of the step between them', async (t) => {
  const { world, edge } = await start({ altitude: 98 });
  for (let i = 0; i <= 4; i++) await tell(world, edge, i * 15, { pressure: [1000] }, units, 'd');
  const other = await tell(world, edge, 75, { pressure: [995] }, units, 'other');
  t.is(other!.tendencyWord, null);
  t.regex(other!.text, /needs 30 min of data; has 0 s/);
  const again = await tell(world, edge, 90, { pressure: [1000] }, units, 'd');
  t.is(again!.tendencyWord, 'steady');
});
