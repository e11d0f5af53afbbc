/** The shipped weather station, as it stands, beside the shipped cloud. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  filedReadings,
  freePort,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

const weatherWorld = async (t: ExecutionContext) =>
  world(t, { WEATHER_PORT: String(await freePort()), WEATHER_EVERY: '50ms' });

const sensors = [
  'pressure',
  'temperature',
  'humidity',
  'illuminance',
  'iaq',
  'co2',
  'latitude',
  'longitude',
  'altitude',
  'speed',
];

test('ten sensors of seven devices reach the cloud, each found by its type', async (t) => {
  const env = await weatherWorld(t);
  const fogrun = startFogrun(t, [shipped('cloud.yaml'), shipped('weather.yaml'), '--log', 'json'], env);
  for (const [actor, type, uid] of [
    ['barometer', 'barometer', 'wBar'],
    ['thermometer', 'temperature', 'wTmp'],
    ['hygrometer', 'humidity', 'wHum'],
    ['light', 'ambient-light', 'wLux'],
    ['air', 'air-quality', 'wAir'],
    ['co2', 'co2', 'wCo2'],
    ['place', 'gps', 'wGps'],
  ]) {
    const took = (line: LogLine) =>
      line.actor === actor && line.type === 'note' && line.text.startsWith('took');
    const { text } = await fogrun.line(took);
    t.true(text.startsWith(`took ${type} ${uid} (`), text);
    const to = actor === 'light' || actor === 'air' ? 'listening' : 'polling';
    await fogrun.line(moved(actor!, to));
  }
  // What was read by now is in one of the next two segments.
  const from = fogrun.lines.length;
  const first = await fogrun.line(segment('sealed'), from);
  await fogrun.line((line) => segment('deleted')(line) && line.segment > first.segment);
  t.is((await fogrun.end()).code, 0, fogrun.stderr());
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  const seen = new Set(readings!.map((reading) => (reading as unknown as { sensor: string }).sensor));
  t.deepEqual([...seen].sort(), [...sensors].sort());
  t.deepEqual(
    fogrun.lines.filter(({ level }) => level === 'warn' || level === 'error'),
    [],
  );
});

test('a device that is unplugged for a while is a state with its cause, and is taken again', async (t) => {
  const env = await weatherWorld(t);
  const text = await readFile(shipped('weather.yaml'), 'utf8');
  const file = join(env.FOGRUN_STATE!, 'weather.yaml');
  const plan = 'unplug: { after: 2s, for: 300ms, every: 3s }';
  // Its waits alone would take it back much too late.
  await writeFile(
    file,
    text
      .replace('uid: wCo2 }', `uid: wCo2, ${plan} }`)
      .replace('sensors: [co2]', 'sensors: [co2]\n    retry: { every: 1h }'),
  );
  const fogrun = startFogrun(t, [file, '--log', 'json'], env);
  await fogrun.line(moved('co2', 'polling'));
  for (let round = 0; round < 2; round++) {
    const from = fogrun.lines.length;
    const away = await fogrun.line(moved('co2', 'absent'), from);
    t.is(away.code, 'device-unknown');
    t.regex(JSON.stringify(away), /wCo2/);
    await fogrun.line(moved('co2', 'polling'), fogrun.lines.indexOf(away));
  }
  const strayed = fogrun.lines.filter(
    (line) => line.type === 'transition' && line.actor !== 'co2' && /absent|stale/.test(line.to),
  );
  t.deepEqual(strayed, [], 'the others do not notice');
  t.is((await fogrun.end()).code, 0, fogrun.stderr());
});

test('`fogrun devices` shows the words that a pipeline can use, as a table and as JSON', async (t) => {
  const env = await weatherWorld(t);
  const fogrun = startFogrun(
    t,
    ['emulate', '--type', 'co2', '--uid', 'xYz', '--port', '0', '--log', 'json'],
    env,
  );
  const { text } = await fogrun.line(
    (line) => line.type === 'note' && line.text.startsWith('emulating co2 xYz'),
  );
  const address = / on (\S+)$/.exec(text)![1]!;
  const table = startFogrun(t, ['devices', address], env);
  t.is((await table.ended).code, 0, table.stderr());
  t.deepEqual(
    table.lines.map((line) => line.text.split(/ {2,}/).slice(0, 4)),
    [
      ['UID', 'DEVICE', 'TYPE', 'SENSORS'],
      ['FogEm', 'Master Brick', '-', '-'],
      ['xYz', 'CO2 Bricklet 2.0', 'co2', 'co2, temperature, humidity'],
    ],
  );
  const json = startFogrun(t, ['devices', address, '--json'], env);
  t.is((await json.ended).code, 0, json.stderr());
  const [master, device] = JSON.parse(json.lines[0]!.text);
  t.like(master, { uid: 'FogEm', type: null, sensors: [] });
  t.like(device, { uid: 'xYz', identifier: 2147, type: 'co2', position: 'a' });
  t.deepEqual(device.sensors[0], { sensor: 'co2', unit: 'ppm' });
  t.is((await fogrun.end()).code, 0);
});
