import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkDisk, roomFinding, unwritableFinding } from '../../src/cli/doctor/disk.ts';
import { checkDeadlineMs, type Finding, good, runChecks } from '../../src/cli/doctor/finding.ts';
import { checkVariables } from '../../src/cli/doctor/misspelt.ts';
import { systemClock, systemRandom } from '../../src/runtime/clock.ts';
import { headroomBytes } from '../../src/store/headroom.ts';
import { moved, segment, shipped, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';
import { testKeys } from '../helpers/keys.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

test('a check that hangs or throws is a finding, and the others stand', async (t) => {
  const clock = createVirtualClock(0);
  const found = runChecks(
    [
      { about: 'hangs', run: () => new Promise(() => {}) },
      {
        about: 'throws',
        run: () => {
          throw new Error('EIO');
        },
      },
      { about: 'fine', run: async () => [good('fine', 'a'), good('fine', 'b')] },
    ],
    clock,
  );
  await clock.advance(checkDeadlineMs);
  const findings = await found;
  t.deepEqual(
    findings.map(({ about, grade }) => [about, grade]),
    [
      ['hangs', 'warning'],
      ['throws', 'warning'],
      ['fine', 'good'],
      ['fine', 'good'],
    ],
  );
  t.regex(findings[1]!.text, /EIO/);
});

test('a misspelt variable is told with the nearest one, and what belongs to other programs is left alone', (t) => {
  const named = ['TINKERFORGE_HOST', 'TINKERFORGE_PORT', 'CLOUD_HOST', 'EDGE_ID', 'LOG_FILE'];
  const told = (...environment: string[]) =>
    checkVariables(named, environment).filter(({ grade }) => grade !== 'good');
  t.regex(told('TINKERFORGE_HOTS')[0]!.advice, /^Did you mean `TINKERFORGE_HOST`\?$/);
  t.regex(told('CLOUDHOST')[0]!.advice, /`CLOUD_HOST`/);
  t.regex(told('FOGRUN_STAT')[0]!.advice, /`FOGRUN_STATE`/);
  t.regex(told('FOGRUN_VERBOSE')[0]!.text, /knows no such variable/);
  const others = [
    'PATH',
    'HOME',
    'LOGNAME',
    'EDITOR',
    'HOSTNAME',
    'COLORTERM',
    'PWD',
    'SHLVL',
    'EDGE',
    'LANG',
  ];
  t.deepEqual(told(...others, ...named, 'FOGRUN_PARENT_SOCKET'), []);
});

const look = (path: string, bytesMax = 0) =>
  checkDisk({ path, bytesMax, headroomBytes: 0, clock: systemClock, random: systemRandom });

test('a directory is measured without leaving anything there, also one that is yet to be made', async (t) => {
  const home = await temporaryDirectory(t);
  const findings = await look(join(home, 'a', 'b'));
  t.false(findings.some(({ grade }) => grade === 'failure'));
  t.true(findings.some(({ text }) => /synced write takes/.test(text)));
  t.true(findings.some(({ text }) => text.includes(`(to be made in ${home})`)));
  t.deepEqual(await readdir(home), []);
});

test('a store that may grow beyond the disk is a warning, a file in place of the directory a failure', async (t) => {
  const home = await temporaryDirectory(t);
  t.true(
    (await look(home, 2 ** 60)).some(
      ({ grade, text }) => grade === 'warning' && /less than stores/.test(text),
    ),
  );
  await writeFile(join(home, 'file'), '');
  t.is((await look(join(home, 'file', 'state')))[0]!.grade, 'failure');
});

test('room is judged by what stores leave free, and a full disk is called one', (t) => {
  const mib = 2 ** 20;
  const judged = (freeMib: number, headroomBytes: number) =>
    roomFinding('/d', freeMib * mib, { bytesMax: 0, headroomBytes });
  t.is(judged(15.9, headroomBytes.edge).grade, 'failure');
  t.is(judged(16, headroomBytes.edge).grade, 'warning');
  t.is(judged(31.9, headroomBytes.cloud).grade, 'failure');
  t.is(judged(32, headroomBytes.cloud).grade, 'warning');
  t.is(judged(100, headroomBytes.cloud).grade, 'good');
  const full = judged(0, headroomBytes.edge);
  t.regex(full.text, /^the disk is full: /);
  t.regex(full.advice, /less than 16MiB/);
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const { grade, text } = unwritableFinding('/d', Object.assign(new Error('no'), { code }));
    t.is(grade, 'failure');
    t.regex(text, code === 'ENOSPC' ? /^the disk is full/ : /quota/);
  }
  const broken = unwritableFinding('/d', Object.assign(new Error('broken'), { code: 'EIO' }));
  t.deepEqual([broken.grade, broken.text], ['failure', 'no file can be written in /d: EIO']);
});

test('a place in which nobody can make a file is a failure', async (t) => {
  const has = await stat('/proc/self').catch(() => null);
  const findings = has ? await look('/proc/fogrun/state') : [];
  t.is(
    has !== null,
    findings.some(({ grade, text }) => grade === 'failure' && /^no file can .* in \/proc/.test(text)),
  );
});

test('memory in place of a disk is a warning', async (t) => {
  const shm = await stat('/dev/shm').catch(() => null);
  const type = shm
    ? execFileSync('stat', ['-f', '-c', '%T', '/dev/shm'], { encoding: 'utf8' }).trim()
    : 'none';
  if (type !== 'tmpfs') t.pass('no tmpfs here');
  else
    t.true((await look('/dev/shm')).some(({ grade, text }) => grade === 'warning' && /in memory/.test(text)));
});

async function doctor(t: ExecutionContext, words: readonly string[], env: Record<string, string>) {
  const fogrun = startFogrun(t, ['doctor', '--json', ...words], env);
  const { code } = await fogrun.ended;
  const { ok, findings } = fogrun.lines[0] as unknown as { ok: boolean; findings: Finding[] };
  const told = (grade: string, text: RegExp) =>
    findings.some((finding) => finding.grade === grade && text.test(finding.text));
  return { code, ok, findings, told };
}

const both = [shipped('cloud.yaml'), shipped('edge.yaml')];

test('with all well it ends with 0, has one line each, and changes nothing', async (t) => {
  const env = await world(t);
  const found = await doctor(t, both, env);
  t.is(found.code, 0, JSON.stringify(found.findings));
  t.true(found.ok);
  t.false(found.findings.some(({ text }) => /this check/.test(text)));
  t.true(found.told('good', /lmdb \d+\.\d+\.\d+, loads/));
  t.deepEqual(await readdir(env.FOGRUN_STATE!), []);
  for (const about of [
    'pipeline',
    'Node.js',
    'lmdb',
    'clock',
    'limits',
    'disk',
    'variables',
    'store',
    'ports',
  ]) {
    t.true(
      found.findings.some((finding) => finding.about === about),
      about,
    );
  }
  t.true(found.findings.every(({ grade, advice }) => (grade === 'good') === (advice === '')));
  const text = startFogrun(t, ['doctor', ...both], env);
  await text.ended;
  const good = text.lines.filter(({ text }) => `${text}`.startsWith('✔')).length;
  t.is(good, found.findings.filter(({ grade }) => grade === 'good').length);
});

test('pipelines that run are recognised by their stores and ports, and their stores are not touched', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, [...both, '--log', 'json'], env);
  await fogrun.line(segment('deleted'));
  const found = await doctor(t, both, env);
  t.is(found.code, 0, JSON.stringify(found.findings));
  t.true(found.told('good', /^cloud runs as process \d+ and owns/));
  t.true(found.told('good', /is in use; cloud runs already/));
  const from = fogrun.lines.length;
  await fogrun.line(segment('deleted'), from);
  t.is((await fogrun.end()).code, 0);
});

test('a port that somebody else has is a failure, a cloud that is not there a warning', async (t) => {
  const env = await world(t);
  const server = createServer().listen(Number(env.CLOUD_PORT), '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const taken = await doctor(t, [shipped('cloud.yaml')], env);
  t.is(taken.code, 1);
  t.true(taken.told('failure', /cloud\/receiver: another process listens/));
  t.true(
    (await doctor(t, [shipped('edge.yaml')], env)).told('good', /takes connections, for edge\/uploader/),
  );
  server.close();
  const alone = await doctor(t, [shipped('edge.yaml')], env);
  t.is(alone.code, 0);
  t.true(alone.told('warning', /cannot be reached for edge\/uploader: ECONNREFUSED/));
});

test('many sensors at one daemon are one address', async (t) => {
  const env = await world(t, { TINKERFORGE_HOST: '127.0.0.1', WEATHER_PORT: '1' });
  const { findings } = await doctor(t, [shipped('weather.yaml')], env);
  const devices = findings.filter(({ about }) => about === 'devices');
  t.is(devices.length, 1);
  t.regex(devices[0]!.text, /weather\/\S+, weather\//);
});

test('two that want one port or one store, and mistakes in files, are failures', async (t) => {
  const home = await temporaryDirectory(t);
  const write = async (name: string, port: number) => {
    const text = `fogrun: 1\npipeline: ${name}\nstore: { path: ${home}/one }\nactors:\n  lines: { kind: tcp-source, port: ${port}, to: rotator }\n  rotator: { kind: file-rotator, to: up }\n  up: { kind: uploader, to: acks }\n  acks: { kind: ack-handler }\n`;
    await writeFile(join(home, `${name}.yaml`), text);
    return join(home, `${name}.yaml`);
  };
  const files = [await write('a', 17_171), await write('b', 17_171)];
  const found = await doctor(t, [...files, join(home, 'none.yaml')], {});
  t.is(found.code, 1);
  t.true(found.told('failure', /a\/lines and b\/lines both listen on port 17171/));
  t.true(found.told('failure', /a and b both want the store in/));
  t.true(found.told('failure', /none\.yaml cannot be read/));
});

test('keys that a receiver and the console share are looked at for both, and what is wrong with them is told once', async (t) => {
  const { dir } = await testKeys(t);
  const file = join(await temporaryDirectory(t), 'cloud.yaml');
  const text = await readFile(shipped('cloud.yaml'), 'utf8');
  const console = `console: { port: 0, tls: { dir: "\${FOGRUN_TLS}" } }`;
  await writeFile(file, `${text}\n${console}\n`);
  await chmod(join(dir, 'server', 'server.key'), 0o644);
  const env = await world(t);
  const found = await doctor(t, [file], { ...env, FOGRUN_TLS: dir });
  t.is(found.code, 0, JSON.stringify(found.findings));
  t.true(found.told('good', /^the certificate of cloud\/receiver lasts/));
  t.true(found.told('good', /^the certificate of the console of cloud lasts/));
  t.is(found.findings.filter(({ text }) => /server\.key can be read by others/.test(text)).length, 1);
  const missing = await doctor(t, [file], { ...env, FOGRUN_TLS: join(dir, 'none') });
  t.is(missing.code, 1);
  t.true(missing.told('failure', /^cloud\/receiver: .*ca\.crt is not there$/));
  t.true(missing.told('failure', /^the console of cloud: .*server\.crt is not there$/));
});

test('without files it looks at the stores that are in the state directory', async (t) => {
  const env = await world(t);
  const run = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await run.line(moved('rotator', 'filling'));
  await run.end();
  await mkdir(join(env.FOGRUN_STATE!, 'nothing'));
  const found = await doctor(t, [], env);
  t.is(found.code, 0, JSON.stringify(found.findings));
  const stores = found.findings.filter(({ about }) => about === 'store');
  t.is(stores.length, 1);
  t.regex(stores[0]!.text, /^edge: .*\/edge can be read \(\S+ on disk\)$/);
  await writeFile(join(env.FOGRUN_STATE!, 'edge', 'lmdb', 'data.mdb'), Buffer.alloc(8_192, 7));
  t.true((await doctor(t, [], env)).told('failure', /^edge: .*does not begin like one/));
});

test('a damaged store is told without being moved, and what was set aside before is told too', async (t) => {
  const env = await world(t);
  const run = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await run.line(moved('rotator', 'filling'));
  await run.end();
  const path = join(env.FOGRUN_STATE!, 'edge');
  const file = join(path, 'lmdb', 'data.mdb');
  await writeFile(file, Buffer.alloc(8_192, 7));
  await mkdir(join(path, 'lmdb.corrupt-1'));
  const before = (await readdir(path)).sort();
  const found = await doctor(t, [shipped('edge.yaml')], env);
  t.is(found.code, 1);
  t.true(found.told('failure', /data\.mdb does not begin like one/));
  t.true(found.told('warning', /1 damaged store set aside: lmdb\.corrupt-1/));
  t.deepEqual((await readdir(path)).sort(), before);
  t.deepEqual(await readFile(file), Buffer.alloc(8_192, 7));
});

test('the state given on the command line is where pipelines have their stores, and too long a path is told', async (t) => {
  const home = await temporaryDirectory(t);
  const found = await doctor(t, [shipped('cloud.yaml'), '--state', home], await world(t));
  t.true(found.findings.some(({ text }) => text.includes(`it will be made in ${home}/cloud`)));
  const long = join(home, 'x'.repeat(100));
  t.true((await doctor(t, [shipped('cloud.yaml'), '--state', long], {})).told('failure', /path of a socket/));
});

test('a file that never ends to be read does not keep it', async (t) => {
  const fifo = join(await temporaryDirectory(t), 'fifo.yaml');
  execFileSync('mkfifo', [fifo]);
  const found = await doctor(t, [fifo], {});
  t.true(found.told('warning', /did not come to an end/));
  t.is(found.code, 0);
});
