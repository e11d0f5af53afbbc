import { spawn } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { PipelineStatus } from '../../src/contract/status.ts';
import { entry, FakeControl, startControl } from '../helpers/fake-control.ts';
import {
  filedReadings,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { frame } from '../runtime/ipc-fixtures.ts';

type Env = Record<string, string>;

const both = [shipped('cloud.yaml'), shipped('edge.yaml'), '--log', 'json'];
const edgeAlone = [shipped('edge.yaml'), '--log', 'json'];

/** Runs a command to its end. */
async function command(t: ExecutionContext, env: Env, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  const lines = fogrun.lines.map((line) => (line.type === 'text' ? `${line.text}` : JSON.stringify(line)));
  return { code, out: lines.join('\n'), err: fogrun.stderr() };
}

/** The first answer that is one, within 30 s: a pipeline offers its socket a moment after its last actor runs. */
async function eventually<T>(look: () => Promise<T | null>): Promise<T> {
  for (const until = performance.now() + 30_000; performance.now() < until; await sleep(100)) {
    const found = await look();
    if (found !== null) return found;
  }
  throw new Error('it did not come about within 30 s');
}

const statusOf = (t: ExecutionContext, env: Env, pipeline: string) => async () => {
  const { code, out } = await command(t, env, 'ps', pipeline, '--json');
  return code === 0 ? (JSON.parse(out) as PipelineStatus[])[0]! : null;
};

const actorOf = ({ actors }: PipelineStatus, name: string) => actors.find((actor) => actor.name === name)!;

test('running pipelines are shown, paused, resumed, restarted and stopped, and no reading is lost', async (t) => {
  t.timeout(120_000);
  const env = await world(t);
  const fogrun = startFogrun(t, both, env);
  await fogrun.line(segment('deleted'));
  const edge = statusOf(t, env, 'edge');
  await eventually(edge);
  await eventually(statusOf(t, env, 'cloud'));
  for (const name of ['edge', 'cloud']) {
    t.is((await stat(join(env.FOGRUN_STATE!, name, 'control.sock'))).mode & 0o777, 0o600);
  }
  const table = await command(t, env, 'ps');
  t.is(table.code, 0);
  for (const word of [/^cloud · pid \d+ · up \d+s · store open/m, /^cloud\/receiver +serving\.listening /m]) {
    t.regex(table.out, word);
  }
  for (const word of [/^edge · edge edge-under-test · /m, /^edge\/barometer +polling .*\/s/m])
    t.regex(table.out, word);

  const paused = await command(t, env, 'pause', 'uploader');
  t.regex(paused.out, /^edge\/uploader: \S+ → paused$/);
  const held = await eventually(async () => {
    const waiting = actorOf((await edge())!, 'uploader').waiting;
    return (waiting?.readings ?? 0) >= 20 ? waiting : null;
  });
  const more = await eventually(async () => {
    const waiting = actorOf((await edge())!, 'uploader').waiting!;
    return waiting.bytes > held!.bytes ? waiting : null;
  });
  t.true(more.readings! > held!.readings!);
  const twice = await command(t, env, 'pause', 'edge/uploader');
  t.is(twice.code, 1);
  t.regex(
    twice.err,
    /edge\/uploader is paused already \(control-refused\)\n*$/,
    'with no advice that says nothing',
  );

  const restarted = await command(t, env, 'restart', 'edge/rotator', '--json');
  t.like(JSON.parse(restarted.out), { pipeline: 'edge', actor: 'rotator' });
  t.regex((await command(t, env, 'restart', 'acks')).out, /^edge\/acks: restarted, waiting$/);
  t.regex((await command(t, env, 'resume', 'uploader')).out, /^edge\/uploader: paused → /);
  await eventually(async () => {
    const uploader = actorOf((await edge())!, 'uploader');
    return uploader.waiting!.readings! < 20 ? uploader : null;
  });
  t.is(actorOf((await edge())!, 'rotator').restarts, 1);

  const stopped = await command(t, env, 'stop', 'edge');
  t.is(stopped.code, 0);
  t.regex(stopped.out, /^edge \(pid \d+\): ended in order$/);
  t.is(await edge(), null);
  const cloud = await statusOf(t, env, 'cloud')();
  t.is(cloud!.pipeline, 'cloud');
  const gone = await command(t, env, 'ps', 'edge');
  t.is(gone.code, 1);
  t.regex(gone.err, /no pipeline edge runs .*: there is `cloud` \(control-absent\)/);

  const all = await command(t, env, 'stop', '--all', '--json');
  t.like(JSON.parse(all.out.slice(1, -1)), { pipeline: 'cloud', problem: null });
  t.is((await fogrun.ended).code, 0);
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.true(readings!.length > 40);
  t.deepEqual(
    readings!.map(({ seq }) => seq),
    readings!.map((_, i) => i + 1),
  );

  const audit = (await readFile(join(env.FOGRUN_STATE!, 'edge', 'audit.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n');
  t.deepEqual(
    audit.map((line) => {
      const { command: typed, action, target, outcome, pid } = JSON.parse(line);
      t.true(Number.isInteger(pid));
      return `${typed} · ${action} ${target} ${outcome}`;
    }),
    [
      'fogrun pause uploader · pause edge/uploader done',
      'fogrun pause edge/uploader · pause edge/uploader control-refused',
      'fogrun restart edge/rotator --json · restart edge/rotator done',
      'fogrun restart acks · restart edge/acks done',
      'fogrun resume uploader · resume edge/uploader done',
      'fogrun stop edge · stop edge done',
    ],
  );
});

test('a pipeline that was killed leaves a socket that counts for nothing and is replaced', async (t) => {
  const env = await world(t);
  const first = startFogrun(t, edgeAlone, env);
  const { pid } = await eventually(statusOf(t, env, 'edge'));
  t.is(pid, first.child.pid!);
  await first.end('SIGKILL');
  t.true((await stat(join(env.FOGRUN_STATE!, 'edge', 'control.sock'))).isSocket());
  const nobody = await command(t, env, 'ps', '--json');
  t.is(nobody.code, 1);
  t.is(nobody.out, '[]');
  t.regex(nobody.err, /no pipeline runs whose state is in .* \(control-absent\)\nStart one with/);
  t.true(nobody.err.includes(env.FOGRUN_STATE!));

  const second = startFogrun(t, edgeAlone, env);
  t.is((await eventually(statusOf(t, env, 'edge'))).pid, second.child.pid!);
  t.is((await second.end()).code, 0);
  await t.throwsAsync(stat(join(env.FOGRUN_STATE!, 'edge', 'control.sock')), { code: 'ENOENT' });
});

test('what waits to retry is shown with its error and its countdown, and retries when it is told to', async (t) => {
  const env = await world(t, { RETRY_EVERY: '60s' });
  const fogrun = startFogrun(t, edgeAlone, env);
  await fogrun.line(moved('uploader', 'waitingToRetry'));
  await fogrun.line(segment('sealed'));
  await eventually(statusOf(t, env, 'edge'));
  const { out } = await command(t, env, 'ps', 'edge');
  const row = out.split('\n').find((line) => line.startsWith('edge/uploader '));
  t.regex(
    row!,
    /^edge\/uploader +waitingToRetry .* readings? · .* link-unreachable: .* in \d+.*s \(attempt 1\)$/,
  );
  const from = fogrun.lines.length;
  // An audit log that cannot be written is told, and nothing is refused for it.
  await mkdir(join(env.FOGRUN_STATE!, 'edge', 'audit.ndjson'));
  const retried = await command(t, env, 'retry', 'edge/uploader');
  t.regex(retried.out, /^edge\/uploader: waitingToRetry → \S+$/);
  const again = await fogrun.line(moved('uploader', 'waitingToRetry'), from);
  t.is(again.attempt, 2);
  const untold = await fogrun.line(({ code }) => code === 'audit-failed', from);
  t.regex(untold.message, /`fogrun retry edge\/uploader` .* is not in the audit log: EISDIR/);
  t.is((await fogrun.end()).code, 0);
});

test('the log is printed as the terminal shows it, followed through a kill and a restart, and may be cut short', async (t) => {
  const env = await world(t);
  const first = startFogrun(t, [shipped('edge.yaml')], env);
  await eventually(statusOf(t, env, 'edge'));
  const past = await command(t, env, 'logs');
  // The terminal's clock is read once more for each line.
  const timeless = (line: string) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}Z {2}/, '');
  const shown = new Set(first.lines.map((line) => timeless(`${line.text}`)));
  t.is(past.code, 0);
  t.true(past.out.split('\n').length > 5);
  for (const line of past.out.split('\n').slice(0, 5)) t.true(shown.has(timeless(line)), line);
  const json = await command(t, env, 'logs', 'edge', '--json');
  t.is((await command(t, env, 'logs', '--lines', '3')).out.split('\n').length, 3);
  t.notRegex((await command(t, env, 'logs', '--level', 'error')).out, /connecting/);
  t.like(JSON.parse(json.out.split('\n')[0]!), {
    pipeline: 'edge',
    actor: 'store',
    type: 'transition',
    to: 'open',
  });

  const follow = startFogrun(t, ['logs', '-f', '-n', 'all', 'edge', '--json'], env);
  await follow.line((line) => line.actor === 'store' && line.to === 'open');
  await first.end('SIGKILL');
  await eventually(async () => (follow.stderr().includes('waiting until it runs again') ? true : null));
  const from = follow.lines.length;
  const second = startFogrun(t, edgeAlone, env);
  await follow.line((line) => line.actor === 'store' && line.to === 'open', from);
  await follow.line(moved('barometer', 'polling'), from);
  t.true(follow.stderr().includes(`edge runs (pid ${second.child.pid})`), follow.stderr());
  t.deepEqual(await follow.end('SIGINT'), { code: 0, signal: null });

  const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
  const shell = spawn('sh', ['-c', '"$0" "$1" logs -f edge | head -2', process.execPath, main], {
    env: { PATH: process.env.PATH!, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => void shell.kill('SIGKILL'));
  let [out, err] = ['', ''];
  shell.stdout.on('data', (text) => (out += text));
  shell.stderr.on('data', (text) => (err += text));
  t.is(await new Promise((resolve) => shell.once('close', resolve)), 0);
  t.is(out.split('\n').length, 3);
  t.is(err, '');
});

test('commands say when versions differ, when two could be meant, and what is not asked of anybody', async (t) => {
  const state = await temporaryDirectory(t);
  const env = { FOGRUN_STATE: state };
  await startControl(t, { state, control: new FakeControl('north') });
  await startControl(t, { state, control: new FakeControl('south') });
  await mkdir(join(state, 'newer'));
  const newer = createServer((peer) => {
    peer.on('error', () => {});
    peer.resume();
    peer.end(frame('welcome', { control: 2, agent: 'fogrun/7.0.0', pipeline: 'newer', pid: 7 }));
  });
  await new Promise<void>((resolve) => newer.listen(join(state, 'newer', 'control.sock'), resolve));
  t.teardown(() => void newer.close());

  const either = await command(t, env, 'pause', 'uploader');
  t.is(either.code, 2);
  t.regex(either.err, /uploader could be `north\/uploader` or `south\/uploader` \(control-ambiguous\)/);
  const other = await command(t, env, 'restart', 'newer/uploader');
  t.is(other.code, 1);
  t.regex(other.err, /fogrun\/7\.0\.0, which speaks version 2 .* version 1 \(control-version\)/);
  const seen = await command(t, env, 'ps');
  t.is(seen.code, 0);
  t.regex(seen.out, /^north · /);
  t.regex(seen.err, /^# newer: .*version 2/);
  // Who may not look cannot know that nothing is there.
  await writeFile(join(state, 'notes'), '');
  for (const words of [['ps'], ['pause', 'uploader'], ['segments', 'list'], ['segments', 'list', 'edge']]) {
    const blind = await command(t, env, ...words, '--state', join(state, 'notes'));
    t.is(blind.code, 1);
    t.regex(blind.err, /notes cannot be looked through \(ENOTDIR\) \(control-refused\)/);
  }
  t.is((await command(t, env, 'stop')).code, 2);
  t.is((await command(t, env, 'stop', 'north', '--all')).code, 2);
  t.is((await command(t, env, 'dance', 'north')).code, 2);
});

test('without a place for its socket, or with somebody else in it, a pipeline runs and says so', async (t) => {
  const env = await world(t);
  const file = join(env.FOGRUN_STATE!, 'edge.yaml');
  const text = await readFile(shipped('edge.yaml'), 'utf8');
  await writeFile(file, text.replace(`\${FOGRUN_STATE:-.fogrun}/edge`, join(env.FOGRUN_STATE!, 'store')));
  const homeless = startFogrun(t, [file, '--log', 'json'], { ...env, FOGRUN_STATE: '/dev/null/x' });
  const refused = await homeless.line((line) => /no control from outside/.test(line.message));
  t.like(refused, { level: 'warn', actor: 'pipeline', type: 'problem', code: 'store-unwritable' });
  await homeless.line(moved('rotator', 'filling'));
  t.is((await homeless.end()).code, 0);

  await startControl(t, { state: env.FOGRUN_STATE!, control: new FakeControl('edge') });
  const second = startFogrun(t, [file, '--log', 'json'], env);
  const taken = await second.line((line) => /no control from outside/.test(line.message));
  t.like(taken, { level: 'warn', code: 'address-in-use' });
  t.is((await second.end()).code, 0);
  t.true((await stat(join(env.FOGRUN_STATE!, 'edge', 'control.sock'))).isSocket());
});

test('a follower that lost its connection prints no line twice, and says when it missed some', async (t) => {
  const state = await temporaryDirectory(t);
  const control = new FakeControl('north');
  control.past = [entry('one'), entry('two'), entry('two')];
  const first = await startControl(t, { state, control });
  const follow = startFogrun(t, ['logs', '-f', '--json', '--state', state]);
  const texts = () => follow.lines.map(({ text }) => text);
  await eventually(async () => (texts().length === 3 ? true : null));
  await first.server.close();
  control.past = [entry('one'), entry('two'), entry('two'), entry('three')];
  const second = await startControl(t, { state, control });
  await follow.line(({ text }) => text === 'three');
  await eventually(async () => (control.watchers.size === 1 ? true : null));
  for (const watcher of control.watchers) watcher.entry(entry('four'));
  await follow.line(({ text }) => text === 'four');
  t.deepEqual(texts(), ['one', 'two', 'two', 'three', 'four']);
  t.notRegex(follow.stderr(), /missing/);
  await second.server.close();
  control.past = [entry('seven')];
  await startControl(t, { state, control });
  await follow.line(({ text }) => text === 'seven');
  t.regex(follow.stderr(), /some lines are missing here/);
  t.is((await follow.end('SIGTERM')).code, 0);
});
