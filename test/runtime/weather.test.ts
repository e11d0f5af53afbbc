import test from 'ava';
import type { Weather } from '../../src/contract/weather.ts';
import type { Forecast } from '../../src/domain/message.ts';
import { weatherOf } from '../../src/runtime/control-weather.ts';
import { WeatherNews } from '../../src/runtime/weather-news.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom, batch as storeBatch } from '../helpers/store-fixtures.ts';
import { Chain } from '../helpers/stored-cloud.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';
import { actorPlan, fakeKind, fakeStore, planOf, startPipeline, storePlan } from './pipeline-fixtures.ts';

const hour = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();
const forecast = (mean: number | null, more: Partial<Forecast> = {}): Forecast => ({
  ...{ sensor: 'pressure', readings: 15, mean, unit: 'hPa', tendency: null, tendencyWord: null },
  ...{ spanMs: 0, text: 'Fine.', ...more },
});
const message = (sequence: number, of: Forecast) =>
  ({ type: 'forecast', stream: 'readings', sequence, forecast: of }) as const;

async function cloudWith(clock: VirtualClock, ...chains: readonly Chain[]) {
  const store = await createCloudStore(new MemoryKv(), new MemoryFiles(), {
    ...{ clock, random: seededRandom('weather'), bytesMax: 2 ** 24, consumers: ['forecaster'] },
  });
  for (const { edge, epoch, segments } of chains) {
    const admission = await store.admit(edge, epoch, 0, []);
    for (const { header, body } of segments) {
      await store.put(admission.admitted ? admission.token : 0, header, body);
      await clock.advance(1_000);
    }
  }
  const news = new WeatherNews(clock);
  let turns = 0;
  const env = {
    ...{ plan: planOf([]), store: { edge: null, cloud: store }, cursor: 'uploader', board: { news } },
    clock: {
      ...clock,
      setTimeout: (fn: () => void, ms: number) => {
        turns += 1;
        return clock.setTimeout(fn, ms);
      },
    },
    isEnding: () => false,
  };
  const weather = (sinceMs = 0, edge?: string): Promise<Weather> =>
    clock.until(weatherOf(env as never, sinceMs, edge));
  return { store, news, env, weather, turns: () => turns };
}

test('a cloud tells the means of all sensors that it keeps, by time, with the unit that its forecast names', async (t) => {
  const clock = createVirtualClock();
  const chains = [
    new Chain('ab'.repeat(16), 'attic').readings(2),
    new Chain('cd'.repeat(16), 'shed').readings(2),
  ];
  const { store, news, weather } = await cloudWith(clock, ...chains);
  const now = clock.now();
  const value = (timeMs: number, mean: number) => ({ timeMs, mean, readings: 2 });
  await store.finish('forecaster', chains[0]!.segments[0]!.header, [
    { sensor: 'pressure', value: value(now - 2 * hour, 1_010) },
    { sensor: 'temperature', value: value(now - 2 * hour, 21) },
  ]);
  await store.finish('forecaster', chains[1]!.segments[0]!.header, [
    { sensor: 'pressure', value: value(now, 1_000) },
  ]);
  news.sent({ edge: 'attic', epoch: 'x', message: message(1, forecast(1_010)) });
  t.deepEqual((await weather()).series, [
    { edge: 'attic', sensor: 'pressure', unit: 'hPa', means: [value(now - 2 * hour, 1_010)] },
    { edge: 'attic', sensor: 'temperature', unit: null, means: [value(now - 2 * hour, 21)] },
    { edge: 'shed', sensor: 'pressure', unit: null, means: [value(now, 1_000)] },
  ]);
  t.deepEqual(
    (await weather(now - hour)).series.map(({ edge }) => edge),
    ['shed'],
  );
  t.deepEqual((await weather(Number.NaN)).series.length, 3, 'what is no time is the beginning');
  const attic = await weather(0, 'attic');
  t.deepEqual([attic.series.length, attic.forecasts.length], [2, 1], 'one edge can be asked about alone');
  const shed = await weather(0, 'shed');
  t.deepEqual([shed.series.length, shed.forecasts.length], [1, 0]);
  t.deepEqual(await weather(0, 'nobody'), { series: [], gaps: [], forecasts: [] });
});

test('more means than a chart has room for are thinned out, and weigh what they did', async (t) => {
  const clock = createVirtualClock();
  const { store, weather, turns } = await cloudWith(clock, new Chain().readings(2));
  const base = clock.now();
  store.sensors = () => ['pressure'];
  store.eachMean = () =>
    Array.from({ length: 5_000 }, (_, i) => ({
      timeMs: base + i,
      mean: i % 3 === 0 ? 4 : 1,
      readings: i % 3 === 0 ? 2 : 1,
    }));
  const [series] = (await weather()).series;
  const { means } = series!;
  t.true(means.length <= 2_000 && means.length > 1_000, `${means.length}`);
  t.is(
    means.reduce((sum, { readings }) => sum + readings, 0),
    5_000 + Math.ceil(5_000 / 3),
  );
  t.true(Math.abs(means[0]!.mean - (2 * 4 + 1 + 1) / 4) < 1e-9);
  t.true(turns() >= 5_000 / 256, 'others had their turn');
});

test('a cloud tells gaps as spans of time, the newest of each edge, and none of an epoch that ended', async (t) => {
  const clock = createVirtualClock();
  const now = clock.now();
  const gap = (reason: 'dropped' | 'missed' | 'epoch', fromMs: number, toMs: number, count: number) => ({
    ...{ gap: reason, count, text: 'Gone.', fromTime: iso(fromMs), toTime: iso(toMs) },
  });
  const chain = new Chain()
    .gap(gap('epoch', now - 9 * hour, now - 8 * hour, 9))
    .readings(2)
    .gap({ ...gap('dropped', now - 5 * hour, now - 4 * hour, 3), fromSeq: 3, toSeq: 5 })
    .gap(gap('missed', now - 2 * hour, now - hour, 0))
    .lost(2);
  const { weather, store } = await cloudWith(clock, chain);
  t.deepEqual((await weather()).gaps, [
    // Nobody said when: it stands where it was sealed.
    { edge: 'shed', fromMs: 1_000, toMs: 1_000, reason: 'discarded', count: 2 },
    { edge: 'shed', fromMs: now - 5 * hour, toMs: now - 4 * hour, reason: 'dropped', count: 3 },
    { edge: 'shed', fromMs: now - 2 * hour, toMs: now - hour, reason: 'missed', count: null },
  ]);
  t.deepEqual(
    (await weather(now - 3 * hour)).gaps.map(({ reason }) => reason),
    ['missed'],
  );
  store.body = () => t.fail() as never;
  t.deepEqual((await weather(clock.now() + hour)).gaps, [], 'what came before then is not even read');
  store.body = () => Promise.resolve(Buffer.from('no JSON'));
  t.deepEqual((await weather()).gaps, []);
});

test('newest forecasts are known of the edges that were heard of last', async (t) => {
  const clock = createVirtualClock();
  const { news, weather } = await cloudWith(clock);
  for (let i = 0; i < 1_005; i += 1)
    news.sent({ edge: `e${i}`, epoch: 'x', message: message(1, forecast(i)) });
  await clock.advance(hour);
  news.sent({ edge: 'e5', epoch: 'x', message: message(2, forecast(7)) });
  const all = (await weather()).forecasts;
  t.is(all.length, 1_000);
  t.is(all[0]!.edge, 'e6');
  t.deepEqual((await weather(clock.now())).forecasts, [
    { edge: 'e5', atMs: clock.now(), forecast: forecast(7) },
  ]);
});

test('an end that comes meanwhile is told, and the store is left alone', async (t) => {
  const clock = createVirtualClock();
  const { env, store } = await cloudWith(clock, new Chain().readings(2));
  store.sensors = () => ['pressure'];
  store.eachMean = () => t.fail() as never;
  await t.throwsAsync(clock.until(weatherOf({ ...env, isEnding: () => true } as never, 0)), {
    code: 'control-refused',
  });
});

test('an edge tells what its cloud said of it: means stand where their segments were sealed', async (t) => {
  const { store } = fakeStore();
  const plan = planOf(
    [
      actorPlan('up', fakeKind({ emits: 'acknowledgements' }), 'acks'),
      actorPlan('acks', fakeKind({ accepts: 'acknowledgements' })),
    ],
    storePlan,
  );
  const limits = { itemsMax: 10, bytesMax: 10 };
  const { pipeline, clock, envs } = await startPipeline(
    plan,
    { acks: (env) => (io) => env.input.consume(limits, io.signal, async () => {}) },
    { store },
  );
  const beganMs = clock.now();
  const sealed = (segment: number) =>
    envs.get('up')!.report({ type: 'segment', what: 'sealed', segment, readings: 15, stream: 'readings' });
  const acknowledged = (...messages: object[]) =>
    clock.until(
      (envs.get('up')!.output as unknown as { send(item: object): Promise<void> }).send({
        ...{ stream: 'readings', sequence: 1, hash: new Uint8Array(), messages },
      }),
    );
  await clock.advance(10_000);
  sealed(1);
  await clock.advance(10_000);
  sealed(2);
  await clock.advance(hour);
  await acknowledged(message(1, forecast(1_013)), message(2, forecast(1_014)));
  await acknowledged(message(99, forecast(5)), message(2, forecast(null)));
  const weather = await clock.until(pipeline.control.weather(0));
  t.deepEqual(weather.series, [
    {
      ...{ edge: 'e', sensor: 'pressure', unit: 'hPa' },
      means: [
        { timeMs: beganMs + 5_000, mean: 1_013, readings: 15 },
        { timeMs: beganMs + 15_000, mean: 1_014, readings: 15 },
      ],
    },
  ]);
  t.deepEqual(weather.forecasts, [{ edge: 'e', atMs: clock.now(), forecast: forecast(null) }]);
  t.deepEqual((await clock.until(pipeline.control.weather(clock.now()))).series, []);
});

test('an edge tells the gaps that it still holds', async (t) => {
  const clock = createVirtualClock();
  const now = clock.now();
  const store = await createEdgeStore(new MemoryKv(), {
    ...{ edge: 'shed', clock, random: seededRandom('edge'), bytesMax: 2 ** 24, cursors: ['uploader'] },
  } as never);
  for (let i = 0; i < 600; i += 1) {
    await store.append([storeBatch(1)]);
    await store.seal('readings');
  }
  const missed = {
    gap: 'missed',
    count: 4,
    text: 'Away.',
    fromTime: iso(now - hour),
    toTime: iso(now),
  } as const;
  await store.addGap('readings', missed);
  const env = { plan: planOf([]), clock, cursor: 'uploader', board: { news: new WeatherNews(clock) } };
  const weather = await clock.until(
    weatherOf({ ...env, store: { edge: store, cloud: null }, isEnding: () => false } as never, 0),
  );
  t.deepEqual(weather.gaps, [{ edge: 'shed', fromMs: now - hour, toMs: now, reason: 'missed', count: 4 }]);
});

test('a pipeline without a store knows no weather', async (t) => {
  const { pipeline, clock } = await startPipeline(planOf([actorPlan('one', fakeKind())]));
  t.deepEqual(await clock.until(pipeline.control.weather(0)), { series: [], gaps: [], forecasts: [] });
});
