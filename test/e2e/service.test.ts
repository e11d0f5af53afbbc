/** Takes python3 and systemd-notify for what systemd hears, and root for a systemd of its own; says so where they are missing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { settingOf } from '../../src/cli/service/installed.ts';
import {
  filedReadings,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { type Booted, bootSystemd } from '../helpers/systemd.ts';

const main = join(shipped('..'), 'dist/src/cli/main.js');
const both = [shipped('cloud.yaml'), shipped('edge.yaml')];

const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\\n", "|"), flush=True)
`;

/** A datagram socket as systemd has one, and what comes in; `null` where that cannot be. */
async function notifySocket(t: ExecutionContext) {
  const missing = ['python3', 'systemd-notify'].filter((tool) => spawnSync(tool, ['--version']).error);
  if (missing.length > 0) {
    t.log(`NOT TESTED: ${missing.join(' and ')} is missing`);
    t.pass();
    return null;
  }
  const path = join(await temporaryDirectory(t), 'notify');
  const child = spawn('python3', ['-c', receiver, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void child.kill('SIGKILL'));
  const heard: string[] = [];
  let wake = () => {};
  createInterface({ input: child.stdout! }).on('line', (line) => {
    heard.push(line);
    wake();
  });
  const hear = async (fits: RegExp, count = 1): Promise<void> => {
    const late = Date.now() + 40_000;
    while (heard.filter((line) => fits.test(line)).length < count) {
      if (Date.now() > late) throw new Error(`${fits} was not said: ${heard.join(' ; ')}`);
      await Promise.race([
        wait(1_000),
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
      ]);
    }
  };
  await hear(/^bound$/);
  return { path, heard, hear };
}

test('systemd is told by datagram when all pipelines run, that they still do, and that they end', async (t) => {
  const socket = await notifySocket(t);
  if (!socket) return;
  const { path, heard, hear } = socket;
  const env = await world(t, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '6000000' });
  const fogrun = startFogrun(t, [...both, '--log', 'json'], env);
  await hear(/READY=1/);
  const heardMs = Date.now();
  for (const actor of ['cloud', 'edge']) {
    const up = await fogrun.line((line) => line.pipeline === 'fogrun' && moved(actor, 'alive.running')(line));
    t.true(Date.parse(up.time) <= heardMs, 'ready is not said before both joined');
  }
  await hear(/WATCHDOG=1/, 2);
  t.is((await fogrun.end()).code, 0);
  await hear(/STOPPING=1/);
  t.is(heard.filter((line) => /READY=1/.test(line)).length, 1, 'the children say nothing');
  t.true(heard.some((line) => new RegExp(`MAINPID=${fogrun.child.pid}`).test(line)));
  t.true(heard.some((line) => /STATUS=cloud, edge run/.test(line)));
});

test('one pipeline alone tells it too, and who waits for its cloud is in the status', async (t) => {
  const socket = await notifySocket(t);
  if (!socket) return;
  const env = await world(t, { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' });
  const fogrun = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await socket.hear(/READY=1/);
  await socket.hear(/WATCHDOG=1.*STATUS=edge\/uploader waitingToRetry \(link-unreachable\)/);
  fogrun.child.kill('SIGHUP');
  await socket.hear(/RELOADING=1\|MONOTONIC_USEC=\d+/);
  await socket.hear(/READY=1/, 2);
  t.is((await fogrun.end()).code, 0);
});

test('under a watchdog a child that hangs is killed and started again, and the other goes on', async (t) => {
  const socket = await notifySocket(t);
  if (!socket) return;
  const env = await world(t, { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '8000000' });
  const fogrun = startFogrun(t, [...both, '--log', 'json'], env);
  await fogrun.line(segment('deleted'));
  const { pid } = fogrun.child;
  const [cloud] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  const from = fogrun.lines.length;
  process.kill(Number(cloud), 'SIGSTOP');
  const note = await fogrun.line((line) => /no sign of life/.test(line.text ?? ''), from);
  t.true(note.text.includes(cloud!));
  await fogrun.line(
    (line) => line.pipeline === 'fogrun' && line.actor === 'cloud' && line.to === 'alive.running',
    from,
  );
  await fogrun.line(segment('deleted'), fogrun.lines.length);
  t.false(
    fogrun.lines.some(
      (line) => line.pipeline === 'fogrun' && line.actor === 'edge' && line.to === 'waitingToRestart',
    ),
  );
  t.is((await fogrun.end()).code, 0);
});

test('without the program that tells systemd, there is one warning and everything runs', async (t) => {
  const env = await world(t, { NOTIFY_SOCKET: '/nowhere/notify', WATCHDOG_USEC: '400000', PATH: '/nowhere' });
  const fogrun = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  const missing = (line: LogLine) => /no program systemd-notify/.test(line.text ?? '');
  await fogrun.line(missing);
  await fogrun.line((line) => segment('sealed')(line) && line.segment === 4);
  t.is(fogrun.lines.filter(missing).length, 1);
  t.is((await fogrun.end()).code, 0);
});

/** Words of an ExecStart as systemd reads them: what the unit quotes, without specifiers. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) =>
    word!.replace(/\\(.)/g, '$1').replaceAll('$$', '$'),
  );
}

async function processTree(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.trim().split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(processTree))).flat()];
}

function ended(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((r) => child.once('exit', r));
}

test("everything the unit's own command line started is killed at once, three times: nothing is lost or twice", async (t) => {
  t.timeout(120_000);
  const env = await world(t);
  const state = env.FOGRUN_STATE!;
  const dry = startFogrun(t, ['service', 'install', '--user', '--dry-run', '--state', state, ...both], env);
  t.is((await dry.ended).code, 0);
  const unit = dry.lines.map((line) => line.text).join('\n');
  const [program, ...words] = wordsOf(settingOf(unit, 'ExecStart')!);
  t.is(program, process.execPath);
  t.is(words[0], main);
  const start = () => startFogrun(t, [...words.slice(1), '--log', 'json'], env);
  for (let cut = 0; cut < 3; cut++) {
    const fogrun = start();
    await fogrun.line((line) => segment('deleted')(line) && line.readings > 0);
    for (const pid of await processTree(fogrun.child.pid!)) process.kill(pid, 'SIGKILL');
    await ended(fogrun.child);
  }
  const last = start();
  await last.line((line) => segment('deleted')(line) && line.readings > 0);
  t.is((await last.end()).code, 0);
  const epochs = await filedReadings(state, 'edge-under-test');
  t.is(epochs.size, 1, 'a cut is no fork');
  const [readings] = [...epochs.values()];
  t.deepEqual(
    readings!.map(({ seq }) => seq),
    readings!.map((_, i) => i + 1),
  );
});

async function fogrunIn(booted: Booted, words: readonly string[], env: Record<string, string> = {}) {
  return booted.run([process.execPath, main, ...words], env);
}

async function eventually(
  t: ExecutionContext,
  what: string,
  holds: () => Promise<boolean>,
  why: () => Promise<string> = async () => '',
): Promise<void> {
  const late = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > late) return t.fail(`it did not come to it that ${what}\n${await why()}`);
    await wait(300);
  }
}

test('a real systemd runs it, starts it again after kill -9 and after a power cut, and forgets it when told', async (t) => {
  t.timeout(240_000);
  const directory = await temporaryDirectory(t);
  const first = await bootSystemd(t, directory);
  if (typeof first === 'string') {
    t.log(`NOT TESTED with a real systemd: ${first}`);
    t.pass();
    return;
  }
  const env = { POLL_EVERY: '20ms', ROTATE_EVERY: '200ms', RETRY_EVERY: '100ms', EDGE_ID: 'edge-under-test' };
  const refused = await fogrunIn(first, ['service', 'install', ...both], {
    SUDO_USER: 'no.such.user',
    ...env,
  });
  t.is(refused.code, 1);
  t.regex(refused.stderr, /there is no user no\.such\.user/);
  t.regex(
    (await fogrunIn(first, ['service', 'status'])).stdout,
    /installed no service/,
    'nothing was written',
  );
  const installed = await fogrunIn(first, ['service', 'install', ...both], env);
  t.is(installed.code, 0, installed.stderr);
  t.regex(installed.stdout, /fogrun-cloud-edge\.service is enabled and runs/);
  const again = await fogrunIn(first, ['service', 'install', ...both]);
  t.regex(again.stdout, /is as it should be\n/);

  const show = async (booted: Booted, property: string) =>
    (await booted.run(['systemctl', 'show', 'fogrun-cloud-edge', '-p', property, '--value'])).stdout.trim();
  t.is(await show(first, 'ActiveState'), 'active');
  t.is(await show(first, 'StatusText'), 'cloud, edge run');
  t.is(await show(first, 'WatchdogUSec'), '1min');
  const readings = async (booted: Booted) => {
    const { stdout } = await fogrunIn(booted, [
      'cat',
      'edge-under-test',
      '--state',
      '/var/lib/fogrun-cloud-edge',
    ]);
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
  };
  await eventually(t, 'readings are filed', async () => (await readings(first)).length > 0);
  const journal = await first.run(['journalctl', '-u', 'fogrun-cloud-edge', '-o', 'json', '--no-pager']);
  const entries = journal.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const polled = entries.find(({ MESSAGE }) => /edge\/barometer +connecting → polling/.test(MESSAGE));
  t.is(polled?.PRIORITY, '6', 'the journal has the level, and no time or colour in the text');
  t.true(polled?.MESSAGE.startsWith('edge/barometer'));

  const pid = await show(first, 'MainPID');
  const reloads = async () => {
    const { stdout } = await first.run(['journalctl', '-u', 'fogrun-cloud-edge', '--no-pager']);
    return stdout.match(/(?:cloud|edge)\/pipeline +reload by \S+ \(SIGHUP\): nothing differs/g)?.length ?? 0;
  };
  t.is((await first.run(['systemctl', 'reload', 'fogrun-cloud-edge'])).code, 0);
  await eventually(t, 'both pipelines read their files again', async () => (await reloads()) === 2);
  t.deepEqual([await show(first, 'ActiveState'), await show(first, 'MainPID')], ['active', pid]);

  await first.run(['systemctl', 'kill', '-s', 'KILL', 'fogrun-cloud-edge']);
  const lines = async () => (await first.run(['journalctl', '-u', 'fogrun-cloud-edge', '-n', '60'])).stdout;
  await eventually(
    t,
    'systemd starts it again',
    // On a busy machine more than one start may be needed.
    async () => Number(await show(first, 'NRestarts')) > 0 && (await show(first, 'ActiveState')) === 'active',
    lines,
  );
  const told = await fogrunIn(first, ['service', 'status']);
  t.is(told.code, 0);
  t.regex(
    told.stdout,
    /fogrun-cloud-edge\.service: runs[\s\S]*started again \d+ times? by systemd[\s\S]*at boot: starts by itself/,
  );
  await first.cutPower();

  const second = await bootSystemd(t, directory);
  if (typeof second === 'string') return t.fail(second);
  await eventually(t, 'it runs after the boot', async () => (await show(second, 'ActiveState')) === 'active');
  const before = (await readings(second)).length;
  await eventually(t, 'more readings are filed', async () => (await readings(second)).length > before + 20);
  const removed = await fogrunIn(second, ['service', 'remove', '--name', 'cloud-edge']);
  t.is(removed.code, 0, removed.stderr);
  t.regex(removed.stdout, /kept: the state in \/var\/lib\/fogrun-cloud-edge/);
  t.not(await show(second, 'ActiveState'), 'active');
  const seqs = await readings(second);
  t.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  );
  const none = await fogrunIn(second, ['service', 'status']);
  t.regex(none.stdout, /installed no service/);
});
