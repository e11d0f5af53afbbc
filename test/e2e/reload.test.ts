// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import { spawnSync } from 'node:child_process';
import { appendFile, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  filedReadings,
  freePort,
  type LogLine,
  moved,
  segment,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

const edge = 'edge-under-test';

/** What differs from one version of the files to the next. */
interface Version {
  readonly every?: string;
  readonly process?: string;
  readonly rotate?: string;
  readonly rotator?: string;
  readonly acks?: string;
  readonly max?: string;
  readonly window?: number;
  readonly port: number;
}

const edgeText = ({ every = '20ms', process, rotate = '100ms', rotator = 'rotator', ...rest }: Version) => {
  const { acks = 'acks', max = '64MiB', window = 64, port } = rest;
  return `fogrun: 1
pipeline: edge
edge: ${edge}
store: { path: "\${FOGRUN_STATE}/edge", max: ${max} }
actors:
  log:
    kind: file-source
    path: "\${LOG_FILE}"
    every: ${every}
    to: ${rotator}${process ? `\n    process: ${process}` : ''}
  ${rotator}: { kind: file-rotator, every: ${rotate}, size: 64KiB, to: uploader }
  uploader:
    kind: uploader
    cloud: { port: ${port} }
    window: { segments: ${window} }
    retry: { every: 50ms, max: 200ms }
    to: ${acks}
  ${acks}: { kind: ack-handler }
`;
};

const cloudText = ({ port, forecasts }: { port: number; forecasts: boolean }) => `fogrun: 1
pipeline: cloud
store: { path: "\${FOGRUN_STATE}/cloud", max: 64MiB }
actors:
  receiver: { kind: cloud-receiver, port: ${port}${forecasts ? ', to: forecaster' : ''} }
${forecasts ? '  forecaster: { kind: forecaster, sensor: n, to: receiver }\n' : ''}`;

async function place(t: ExecutionContext) {
  const env = await world(t);
  const state = env.FOGRUN_STATE!;
  const log = join(state, 'a.log');
  const files = { edge: join(state, 'edge.yaml'), cloud: join(state, 'cloud.yaml') };
  await writeFile(log, '');
  return { env: { ...env, LOG_FILE: log }, state, log, files };
}

/** Runs a command to its end. */
async function command(t: ExecutionContext, env: Record<string, string>, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  const lines = fogrun.lines.map((line) => (line.type === 'text' ? `${line.text}` : JSON.stringify(line)));
  return { code, out: lines.join('\n'), err: fogrun.stderr() };
}

const reloaded = (line: LogLine) =>
  line.actor === 'pipeline' && /reload by .*\(SIGHUP\)/.test(line.text ?? line.message);

/** Sends SIGHUP and waits until the log tells what came of it. */
async function hangUp(fogrun: Fogrun): Promise<LogLine> {
  const from = fogrun.lines.length;
  fogrun.child.kill('SIGHUP');
  return fogrun.line(reloaded, from);
}

test('an edge and its cloud that are reloaded again and again under load, and killed in between, lose and repeat nothing', async (t) => {
  t.timeout(180_000);
  const { env, state: root, log, files } = await place(t);
  const ports = [await freePort(), await freePort()];
  let count = 0;
  const writer = new AbortController();
  t.teardown(() => writer.abort());
  const writing = (async () => {
    while (!writer.signal.aborted) {
      const lines = Array.from({ length: 40 }, () => `{"device":"d","sensor":"n","value":${++count}}\n`);
      await appendFile(log, lines.join(''));
      await sleep(20);
    }
  })();
  const start = (file: string) => startFogrun(t, [file, '--log', 'json'], env);
  const seed = Date.now() % 100_000;
  t.log(`seed ${seed}`);
  let state = seed;
  const chance = (n: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * n);
  };
  const pick = <T>(from: readonly T[]): T => from[chance(from.length)]!;
  const version = (): Version => ({
    every: pick(['20ms', '30ms']),
    ...(chance(3) === 0 ? { process: pick(['p', 'q']) } : {}),
    rotate: pick(['100ms', '150ms']),
    rotator: pick(['rotator', 'keeper']),
    acks: pick(['acks', 'ackers']),
    max: pick(['64MiB', '65MiB']),
    window: pick([64, 8]),
    port: pick(ports),
  });
  await writeFile(files.edge, edgeText({ port: ports[0]! }));
  await writeFile(files.cloud, cloudText({ port: ports[0]!, forecasts: true }));
  let cloud = start(files.cloud);
  let pipeline = start(files.edge);
  await pipeline.line(segment('deleted'));
  let changes = 0;
  for (let round = 0; round < 20; round++) {
    const next = version();
    await writeFile(files.edge, edgeText(next));
    await writeFile(files.cloud, cloudText({ port: next.port, forecasts: chance(2) === 0 }));
    if (round % 7 === 3) {
      // In the middle of a reload, of either side.
      const [victim, file] = round % 2 === 0 ? [cloud, files.cloud] : [pipeline, files.edge];
      victim.child.kill('SIGHUP');
      await sleep(chance(60));
      await victim.end('SIGKILL');
      const successor = start(file);
      if (victim === cloud) cloud = successor;
      else pipeline = successor;
      await successor.line((line) => line.type === 'transition');
      await hangUp(successor);
    } else {
      const lines = await Promise.all([hangUp(pipeline), hangUp(cloud)]);
      if (!/nothing differs/.test(lines[0].text ?? '')) changes += 1;
      for (const line of lines) t.is(line.level, 'info', JSON.stringify(line));
    }
    await sleep(chance(150));
  }
  t.true(changes >= 10, `${changes} reloads changed something`);
  writer.abort();
  await writing;
  await writeFile(files.edge, edgeText({ port: ports[0]! }));
  await writeFile(files.cloud, cloudText({ port: ports[0]!, forecasts: true }));
  await Promise.all([hangUp(pipeline), hangUp(cloud)]);
  const read = async () => [...(await filedReadings(root, edge)).values()].flat();
  const until = performance.now() + 30_000;
  while ((await read().catch(() => [])).length < count && performance.now() < until) await sleep(100);
  t.is((await pipeline.end()).code, 0);
  t.is((await cloud.end()).code, 0);
  const readings = await read();
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  t.deepEqual(
    readings.map((reading) => (reading as unknown as { value: number }).value),
    numbers,
  );
  t.deepEqual(
    readings.map(({ seq }) => seq),
    numbers,
  );
});

test('a wrong file changes nothing and says why, to whoever asked and in the log', async (t) => {
  const { env, state, files } = await place(t);
  const port = await freePort();
  await writeFile(files.edge, edgeText({ port }));
  const fogrun = startFogrun(t, [files.edge, '--log', 'json'], env);
  await fogrun.line(moved('uploader', 'waitingToRetry'));
  const idle = await hangUp(fogrun);
  t.regex(idle.text, /: nothing differs$/);

  await writeFile(files.edge, edgeText({ port, every: '20 parsecs' }).replace('ack-handler', 'ack-handlr'));
  const before = fogrun.lines.length;
  const wrong = await command(t, env, 'reload', 'edge');
  t.is(wrong.code, 2);
  t.regex(wrong.err, /^fogrun: edge \(pid \d+\): nothing was changed: \(pipeline-invalid\)$/m);
  t.regex(wrong.err, /edge\.yaml:9:\d+: actors\.log\.every: .*20 parsecs/);
  t.regex(wrong.err, /edge\.yaml:\d+:\d+: actors\.acks\.kind: unknown kind `ack-handlr`/);
  const checked = await command(t, env, 'check', files.edge);
  for (const complaint of checked.out.split('\n')) t.true(wrong.err.includes(complaint), complaint);
  const said = await hangUp(fogrun);
  t.like(said, { type: 'problem', code: 'pipeline-invalid', level: 'error' });
  t.false(fogrun.lines.slice(before).some((line) => line.type === 'transition' && line.actor === 'log'));

  await writeFile(files.edge, edgeText({ port }).replace('pipeline: edge', 'pipeline: other'));
  const other = await command(t, env, 'reload', 'edge', '--json');
  t.is(other.code, 2);
  t.like(JSON.parse(other.out.slice(1, -1)), { pipeline: 'edge', problem: { code: 'reload-restart' } });

  await writeFile(files.edge, edgeText({ port, every: '40ms' }));
  const dry = await command(t, env, 'reload', '--all', '--dry-run');
  t.regex(
    dry.out,
    /a reload would change this\n {2}changed {4}log \(every\)\n {2}unchanged {2}rotator, uploader, acks$/,
  );
  const done = await command(t, env, 'reload', 'edge');
  t.is(done.code, 0);
  t.regex(done.out, /^edge \(pid \d+\): reloaded\n {2}changed {4}log \(every\) → tailing\n {2}unchanged /);
  const audit = (await readFile(join(state, 'edge', 'audit.ndjson'), 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    audit.map((line) => {
      const { command: typed, action, outcome } = JSON.parse(line);
      return `${typed} · ${action} ${outcome}`;
    }),
    [
      'SIGHUP · reload done',
      'fogrun reload edge · reload pipeline-invalid',
      'SIGHUP · reload pipeline-invalid',
      'fogrun reload edge --json · reload reload-restart',
      'fogrun reload edge · reload done',
    ],
  );
  await unlink(files.edge);
  const absent = await command(t, env, 'reload', 'edge');
  t.is(absent.code, 2);
  t.regex(absent.err, /edge\.yaml cannot be read: it does not exist \(file-unreadable\)/);
  t.is(spawnSync('mkfifo', [files.edge]).status, 0);
  const pipe = await command(t, env, 'reload', 'edge');
  t.regex(pipe.err, /edge\.yaml cannot be read again: it is no regular file \(file-unreadable\)/);
  await unlink(files.edge);
  await writeFile(files.edge, edgeText({ port, every: '40ms' }));
  for (let i = 0; i < 100; i++) fogrun.child.kill('SIGHUP');
  await sleep(500);
  const storm = await hangUp(fogrun);
  t.regex(storm.text, /nothing differs/);
  t.true(fogrun.lines.filter(reloaded).length < 30, 'a storm of signals is a few reloads');
  t.is((await fogrun.end()).code, 0);
});

test('SIGHUP to the parent of several pipelines reloads the one whose file has changed', async (t) => {
  const { env, files } = await place(t);
  const port = await freePort();
  await writeFile(files.edge, edgeText({ port }));
  await writeFile(files.cloud, cloudText({ port, forecasts: false }));
  const fogrun = startFogrun(t, [files.cloud, files.edge, '--log', 'json'], env);
  await fogrun.line(moved('uploader', 'idle'));
  await fogrun.line(moved('edge', 'alive.running'));
  await writeFile(files.edge, edgeText({ port, every: '40ms' }));
  const from = fogrun.lines.length;
  fogrun.child.kill('SIGHUP');
  const of = (pipeline: string) => (line: LogLine) => line.pipeline === pipeline && reloaded(line);
  t.regex((await fogrun.line(of('cloud'), from)).text, /nothing differs/);
  t.regex((await fogrun.line(of('edge'), from)).text, /changed log \(every\); 3 unchanged/);
  t.is((await fogrun.end()).code, 0);
});

test('a reload that is simulated first is carried out when all is well, and not when it is not', async (t) => {
  const { env, state } = await place(t);
  const port = await freePort();
  const source = (every: string) => `fogrun: 1
pipeline: edge
store: { path: "\${FOGRUN_STATE}/edge" }
actors:
  made: { kind: simulated-sensor, every: ${every}, to: rotator }
  rotator: { kind: file-rotator, every: 2s, to: uploader }
  uploader: { kind: uploader, cloud: { port: ${port} }, to: acks }
  acks: { kind: ack-handler }
`;
  const [edgeFile, cloudFile] = [join(state, 'edge.yaml'), join(state, 'cloud.yaml')];
  await writeFile(edgeFile, source('1s'));
  await writeFile(cloudFile, cloudText({ port, forecasts: false }));
  const both = startFogrun(t, [cloudFile, edgeFile, '--log', 'json'], env);
  await both.line((line) => line.pipeline === 'fogrun' && moved('edge', 'alive.running')(line));
  await both.line(segment('acknowledged'));
  await writeFile(edgeFile, source('2s'));
  const well = await command(t, env, 'reload', 'edge', '--sim', '--hours', '0.3', '--seed', '1');
  t.is(well.code, 0, well.err);
  t.regex(
    well.out,
    /^edge: simulated 0\.3 h with \d+ faults \(seed 1\): all invariants held\nedge \(pid \d+\): reloaded\n/,
  );
  t.regex(well.out, /changed {4}made \(every\) → running/);

  // Nobody would find the cloud any more.
  await writeFile(cloudFile, cloudText({ port: await freePort(), forecasts: false }));
  const from = both.lines.length;
  const bad = await command(t, env, 'reload', '--all', '--sim', '--hours', '0.3', '--seed', '1');
  t.is(bad.code, 1);
  t.regex(bad.err, /violated: .*well-again/);
  t.regex(bad.err, /Repeat it: fogrun reload --all --sim --hours 0\.3 --seed 1\n/);
  t.regex(bad.err, /nothing was reloaded/);
  t.false(both.lines.slice(from).some((line) => moved('receiver', 'stopped')(line)));

  // What no reload can do is not simulated first.
  await writeFile(edgeFile, source('2s').replace('/edge"', '/elsewhere"'));
  const refused = await command(t, env, 'reload', 'edge', '--sim', '--hours', '0.3');
  t.is(refused.code, 2);
  t.regex(refused.err, /reload-restart/);
  t.notRegex(refused.out + refused.err, /simulated/);
  t.is((await both.end()).code, 0);
});
