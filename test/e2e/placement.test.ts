// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  filedReadings,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

const edge = 'edge-under-test';
const simulatedEveryMs = 20;

const pipeline = `fogrun: 1
pipeline: edge
edge: "\${EDGE_ID}"
store: { path: "\${FOGRUN_STATE}/edge", max: 256MiB, when-full: block }
actors:
  bricks:
    kind: tinkerforge-emulator
    process: bench
    port: "\${TINKERFORGE_PORT}"
    devices: [{ uid: bAr }]
  barometer:
    kind: sensor-poller
    process: sensors
    device: { port: "\${TINKERFORGE_PORT}", uid: bAr }
    every: 20ms
    retry: { every: 100ms }
    to: rotator
  made:
    kind: simulated-sensor
    process: sensors
    device: made
    every: ${simulatedEveryMs}ms
    to: rotator
  log:
    kind: file-source
    process: sensors
    path: "\${LOG_FILE}"
    mode: tail
    to: rotator
  rotator: { kind: file-rotator, every: 100ms, size: 64KiB, to: uploader }
  uploader:
    kind: uploader
    cloud: { host: 127.0.0.1, port: "\${CLOUD_PORT}" }
    retry: { every: 100ms }
    to: acks
  acks: { kind: ack-handler }
`;

async function startEdge(t: ExecutionContext) {
  const env = await world(t);
  const log = join(env.FOGRUN_STATE!, 'a.log');
  const file = join(env.FOGRUN_STATE!, 'edge.yaml');
  await Promise.all([writeFile(file, pipeline), writeFile(log, '')]);
  const fogrun = startFogrun(t, [file, '--log', 'json'], { ...env, LOG_FILE: log });
  await fogrun.line(moved('barometer', 'polling'));
  return { env, log, fogrun };
}

/** Processes of that pipeline that actors are placed in, by name. */
async function placedBy({ child }: Fogrun): Promise<Map<string, number>> {
  const text = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const found = new Map<string, number>();
  for (const pid of text.trim().split(' ').filter(Boolean)) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const name = /\w+\/process\/(\w+)/.exec(words)?.[1];
    if (name) found.set(name, Number(pid));
  }
  return found;
}

/** `/proc` lists a process until it is gone. */
async function isThere(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone) Z');
  return !/\) Z/.test(stat);
}

async function gone(pids: Iterable<number>): Promise<boolean> {
  const until = performance.now() + 20_000;
  for (const pid of pids) {
    while (await isThere(pid)) {
      if (performance.now() > until) return false;
      await sleep(20);
    }
  }
  return true;
}

interface Filed {
  readonly seq: number;
  readonly device: string;
  readonly time: string;
  readonly value: number;
}

/** All readings in the cloud's files, in order, and what its gaps say. */
async function filed(state: string) {
  const epochs = await filedReadings(state, edge);
  const readings = [...epochs.values()].flat() as Filed[];
  const gaps: { count: number; text: string }[] = [];
  for (const epoch of epochs.keys()) {
    const home = join(state, 'cloud', 'gaps', edge, epoch);
    for (const name of await readdir(home).catch(() => [])) {
      if (!name.endsWith('.json')) continue;
      gaps.push(JSON.parse(await readFile(join(home, name), 'utf8')));
    }
  }
  return { epochs: epochs.size, readings, gaps };
}

test('a process that is killed in mid-batch, again and again, costs its sensors a gap and its file nothing', async (t) => {
  const { env, log, fogrun } = await startEdge(t);
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const total = 60_000;
  let written = 0;
  let feeding = true;
  const feed = (async () => {
    for (; feeding && written < total; await sleep(5)) {
      const lines = Array.from(
        { length: 100 },
        (_, i) => `{"device":"log","sensor":"n","value":${written + i + 1}}\n`,
      );
      written += lines.length;
      await appendFile(log, lines.join(''));
    }
  })();
  t.teardown(() => {
    feeding = false;
  });
  for (let kill = 1; kill <= 4; kill++) {
    const from = fogrun.lines.length;
    // The last one takes the emulator from those who read it.
    const name = kill < 4 ? 'sensors' : 'bench';
    const actor = kill < 4 ? 'log' : 'bricks';
    await fogrun.line(segment('sealed'), from);
    process.kill((await placedBy(fogrun)).get(name)!, 'SIGKILL');
    const died = await fogrun.line(moved(actor, 'waitingToRestart'), from);
    t.is(died.code, 'process-ended');
    t.true(died.retryInMs > 0);
    await fogrun.line(moved(`process/${name}`, 'alive.running'), from);
    await fogrun.line(moved('barometer', 'polling'), from + fogrun.lines.slice(from).indexOf(died));
  }
  await feed;
  t.is(written, total);
  // What the file holds last is in the cloud when all of it is; then the others may end.
  const last = async () =>
    (await filed(env.FOGRUN_STATE!).catch(() => null))?.readings.findLast(({ device }) => device === 'log')
      ?.value;
  for (const until = performance.now() + 30_000; (await last()) !== total; await sleep(100)) {
    if (performance.now() > until) break;
  }
  const children = [...(await placedBy(fogrun)).values()];
  t.is(children.length, 2);
  t.is((await fogrun.end()).code, 0, fogrun.stderr());
  t.true(await gone(children));
  t.is((await cloud.end()).code, 0);
  const { epochs, readings, gaps } = await filed(env.FOGRUN_STATE!);
  t.is(epochs, 1);
  const ones = (device: string) => readings.filter((reading) => reading.device === device);
  t.deepEqual(
    ones('log').map(({ value }) => value),
    Array.from({ length: total }, (_, i) => i + 1),
  );
  t.deepEqual(
    readings.map(({ seq }) => seq),
    readings.map((_, i) => i + 1),
  );
  const slots = ones('made').map(({ time }) => Date.parse(time) / simulatedEveryMs);
  const missed = (sensor: string) =>
    gaps.filter(({ text }) => text.startsWith(sensor)).reduce((sum, { count }) => sum + count, 0);
  t.is(new Set(slots).size, slots.length);
  t.true(missed('pressure of made') > 0);
  t.is(missed('pressure of made') + slots.length, slots.at(-1)! - slots[0]! + 1);
  t.true(missed('pressure of bAr') > 0);
});

test('a forecaster whose process is killed goes on where it was, and misses no segment', async (t) => {
  const env = await world(t, { ROTATE_EVERY: '100ms' });
  const file = join(env.FOGRUN_STATE!, 'cloud.yaml');
  const text = await readFile(shipped('cloud.yaml'), 'utf8');
  await writeFile(file, text.replace('kind: forecaster', 'kind: forecaster\n    process: weather'));
  const cloud = startFogrun(t, [file, '--log', 'json'], env);
  await cloud.line(moved('forecaster', 'ready'));
  const fogrun = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  const forecasts = () => fogrun.lines.filter(({ type }) => type === 'forecast');
  for (let kill = 0; kill < 2; kill++) {
    const before = forecasts().at(-1)?.segment ?? 0;
    await fogrun.line(({ type, segment: n }) => type === 'forecast' && n > before + 3);
    const from = cloud.lines.length;
    process.kill((await placedBy(cloud)).get('weather')!, 'SIGKILL');
    await cloud.line(moved('forecaster', 'waitingToRestart'), from);
    await cloud.line(moved('forecaster', 'ready'), from);
  }
  const last = forecasts().at(-1)!.segment;
  const { segment: newest } = await fogrun.line(
    ({ type, segment: n }) => type === 'forecast' && n > last + 3,
  );
  t.is((await fogrun.end()).code, 0);
  t.is((await cloud.end()).code, 0);
  // One that it died over may come twice, none is left out. A gap has none.
  const told = new Set(forecasts().map(({ segment: n }) => n));
  const sealed = fogrun.lines.filter(
    (line) => segment('sealed')(line) && !line.gap && line.segment <= newest,
  );
  t.true(sealed.length > 6);
  for (const { segment: n } of sealed) t.true(told.has(n), `no forecast for segment ${n}`);
});

test('processes end with a pipeline that is killed', async (t) => {
  const { fogrun } = await startEdge(t);
  const children = [...(await placedBy(fogrun)).values()];
  t.is(children.length, 2);
  await fogrun.end('SIGKILL');
  t.true(await gone(children));
});

test('processes end with a pipeline that is told twice to end', async (t) => {
  const { fogrun } = await startEdge(t);
  const children = [...(await placedBy(fogrun)).values()];
  t.is(children.length, 2);
  fogrun.child.kill('SIGTERM');
  fogrun.child.kill('SIGTERM');
  t.true(await gone(children));
});
