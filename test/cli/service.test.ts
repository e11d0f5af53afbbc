import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { environmentText, readEnvironment } from '../../src/cli/service/environment.ts';
import { chosenServices, installedServices, settingOf } from '../../src/cli/service/installed.ts';
import { placesOf } from '../../src/cli/service/places.ts';
import { stateNotes } from '../../src/cli/service/state-note.ts';
import { describe, readProperties } from '../../src/cli/service/status.ts';
import { type UnitFacts, unitChanges, unitText } from '../../src/cli/service/unit.ts';
import { namedVariables } from '../../src/cli/variables.ts';
import { shipped, startFogrun, temporaryDirectory } from '../helpers/fogrun.ts';

const facts: UnitFacts = {
  name: 'edge',
  user: false,
  pipelines: ['edge'],
  command: ['/usr/bin/node', '/opt/fog run/main.js', '/srv/100%/$a "b"\\c.yaml'],
  environmentFile: '/etc/fogrun/edge.env',
  stateDirectory: '/var/lib/fogrun-edge',
  stateIsDefault: true,
  writes: [],
  runAs: 'sensor',
  version: 252,
};

test('every word of the command line survives what systemd makes of blanks, quotes, percent and dollar signs', (t) => {
  t.is(
    settingOf(unitText(facts), 'ExecStart')!.replaceAll('%', '%%'),
    String.raw`"/usr/bin/node" "/opt/fog run/main.js" "/srv/100%%/$$a \"b\"\\c.yaml"`,
  );
});

test('a unit restarts for ever, but not on wrong input, and waits longer for the end than fogrun takes', (t) => {
  const text = unitText(facts);
  const value = (key: string) => settingOf(text, key);
  t.is(value('Type'), 'notify');
  t.is(value('Restart'), 'always');
  t.is(value('StartLimitIntervalSec'), '0');
  t.is(value('RestartPreventExitStatus'), '2');
  t.true(Number(value('TimeoutStopSec')) > 10);
  t.is(value('KillMode'), 'mixed');
  t.is(value('ExecReload'), '/bin/kill -HUP $MAINPID');
  t.is(value('User'), 'sensor');
  t.is(value('StateDirectory'), 'fogrun-edge');
  t.is(value('RestartSteps'), null, 'systemd 252 does not know it and would complain');
  t.is(settingOf(unitText({ ...facts, version: 254 }), 'RestartSteps'), '6');
});

test('what pipelines write is writable, and a program under /tmp is not hidden from itself', (t) => {
  const usual = unitText(facts);
  t.is(settingOf(usual, 'PrivateTmp'), 'yes');
  t.is(settingOf(usual, 'ReadWritePaths'), null);
  const elsewhere = unitText({
    ...facts,
    stateDirectory: '/data/fog',
    stateIsDefault: false,
    writes: ['/b c'],
  });
  t.is(settingOf(elsewhere, 'ReadWritePaths'), '"/data/fog" "/b c"');
  t.is(settingOf(elsewhere, 'StateDirectory'), null);
  const temporary = unitText({ ...facts, command: ['/usr/bin/node', '/tmp/x/main.js'] });
  t.is(settingOf(temporary, 'PrivateTmp'), null);
  t.is(settingOf(temporary, 'ReadWritePaths'), '"/tmp"');
});

test("a person's own unit asks for nothing that only the system's systemd can give", (t) => {
  const text = unitText({ ...facts, user: true, runAs: null });
  t.notRegex(text, /Protect|PrivateTmp|StateDirectory=|network-online|User=/);
  t.regex(text, /WantedBy=default.target/);
});

test('an update says which settings change', (t) => {
  const before = unitText(facts);
  t.deepEqual(unitChanges(before, before), []);
  const after = unitText({ ...facts, runAs: null, pipelines: ['edge', 'cloud'] });
  t.deepEqual(unitChanges(before, after), [
    'Description: fogrun edge → fogrun edge, cloud',
    'User is gone',
    'CapabilityBoundingSet is gone',
  ]);
});

test('variables that files name stand in the environment file, those set now with their value', (t) => {
  const named = namedVariables(
    `a: "\${A:-1s}" # $\${NOT}\nb: \${B:?say it}\nc: \${A}\nd: \${C} \${FOGRUN_STATE:-x}`,
  );
  t.deepEqual(
    named.map(({ name }) => name),
    ['A', 'B', 'C', 'FOGRUN_STATE'],
  );
  const hostile = 'x"y\\z $HOME `id` #%';
  const text = environmentText(named, { B: hostile, FOGRUN_STATE: '/x', OTHER: '1' });
  t.regex(text, /^# A=1s$/m);
  t.regex(text, /^# C= {3}\(must be set\)$/m);
  t.notRegex(text, /FOGRUN_STATE|OTHER/);
  t.deepEqual(readEnvironment(text), { B: hostile });
});

test('an environment file is read as systemd reads it', (t) => {
  const text = '# c\nA=1\n B = no\nC="x y"\nD=\'$z"\'\n;E=1\nF=a b  \nG=\n';
  t.deepEqual(readEnvironment(text), { A: '1', C: 'x y', D: '$z"', F: 'a b', G: '' });
});

test('places follow XDG for a person, and only absolute paths of it', (t) => {
  const mine = placesOf(
    'edge',
    { user: true },
    { HOME: '/u/me', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: 'relative' },
  );
  t.is(mine.unit, '/c/systemd/user/fogrun-edge.service');
  t.is(mine.environmentFile, '/c/fogrun/edge.env');
  t.is(mine.stateDirectory, '/u/me/.local/state/fogrun-edge');
  const ours = placesOf('edge', { user: false, state: '/data/../fog' }, {});
  t.is(ours.unit, '/etc/systemd/system/fogrun-edge.service');
  t.deepEqual([ours.stateDirectory, ours.stateIsDefault], ['/fog', false]);
});

test('only units that fogrun wrote are its services', async (t) => {
  const home = await temporaryDirectory(t);
  const units = join(home, 'systemd', 'user');
  await mkdir(units, { recursive: true });
  for (const name of ['edge', 'cloud']) {
    const command = ['/node', '/main.js', `/p/${name}.yaml`];
    await writeFile(join(units, `fogrun-${name}.service`), unitText({ ...facts, name, command }));
  }
  await writeFile(join(units, 'fogrun-mine.service'), '[Service]\nExecStart=/mine\n');
  const all = await installedServices(true, { XDG_CONFIG_HOME: home });
  const names = (choice: { name?: string; files?: string[] }) =>
    chosenServices(all, { name: choice.name, files: choice.files ?? [] }).map(({ name }) => name);
  t.deepEqual(names({}), ['cloud', 'edge']);
  t.deepEqual(names({ files: ['/p/edge.yaml'] }), ['edge']);
  t.deepEqual(names({ name: 'cloud' }), ['cloud']);
  const error = t.throws(() => names({ name: 'mine' }), { code: 'service-unknown' } as never);
  t.regex(error!.message, /`mine`; there is `cloud` and `edge`/);
});

test('what systemd knows is told in plain words', (t) => {
  const service = {
    name: 'edge',
    user: false,
    unit: 'fogrun-edge.service',
    path: '/x',
    text: unitText(facts),
  };
  const told = (text: string) => describe(service, readProperties(text), 1_000).join('\n');
  const active =
    'ActiveState=active\nMainPID=7\nNRestarts=2\nStatusText=edge runs\u001b[2J\nUnitFileState=enabled\nMemoryCurrent=1048576\nActiveEnterTimestampMonotonic=940000000';
  t.regex(
    told(active),
    /^fogrun-edge.service: runs for 1m\n {2}says: edge runs\\u001b\[2J\n {2}process 7, 1MiB/,
  );
  t.regex(told(active), /started again 2 times by systemd/);
  t.regex(told(active), /fogrun ps --state \/var\/lib\/fogrun-edge/);
  t.regex(
    told('ActiveState=failed\nResult=exit-code\nExecMainStatus=2'),
    /has failed: it ended with exit code 2, wrong/,
  );
  t.regex(told('ActiveState=failed\nResult=watchdog'), /it gave no sign of life/);
  t.regex(
    told('ActiveState=activating\nSubState=auto-restart\nResult=signal'),
    /waits to be started again, after a sig/,
  );
  t.regex(
    told('ActiveState=inactive\nUnitFileState=disabled'),
    /does not run\n.*does not start \(disabled\)/s,
  );
  t.regex(told(''), /unknown/);
});

async function dryRun(t: ExecutionContext, words: string[], env: Record<string, string> = {}) {
  const home = await temporaryDirectory(t);
  const fogrun = startFogrun(t, ['service', 'install', '--dry-run', ...words], { HOME: home, ...env });
  const { code } = await fogrun.ended;
  const text = fogrun.lines.map((line) => line.text).join('\n');
  return { home, code, text, stderr: fogrun.stderr() };
}

test('a dry run prints unit and variables, and writes nothing', async (t) => {
  const { home, code, text } = await dryRun(t, ['--user', shipped('cloud.yaml'), shipped('edge.yaml')], {
    TINKERFORGE_HOST: 'bricks.example',
  });
  t.is(code, 0);
  t.true(text.includes(`# ${home}/.config/systemd/user/fogrun-cloud-edge.service`));
  t.true(settingOf(text, 'ExecStart')!.endsWith(`"${shipped('cloud.yaml')}" "${shipped('edge.yaml')}"`));
  t.regex(text, /^# the service has its state in /m);
  t.regex(text, /^TINKERFORGE_HOST="bricks.example"$/m);
  t.deepEqual(await readdir(home), []);
});

test("a service's state is told, with what stays where pipelines had theirs so far, and how to ask for it", async (t) => {
  const home = await temporaryDirectory(t);
  const notes = (words: { user: boolean; state?: string }, variables: Record<string, string>) =>
    stateNotes(placesOf('x', words, { HOME: home, ...variables }), { HOME: home, ...variables }, home);
  const usual = `${home}/.local/state/fogrun-x`;
  const ask = (directory: string) => `  it is asked with: npx fogrun ps --state ${directory}`;
  t.deepEqual(await notes({ user: true }, {}), [`the service has its state in ${usual}`, ask(usual)]);
  await mkdir(join(home, '.fogrun'));
  const [first, second, third] = await notes({ user: true }, {});
  t.is(first, `the service has its state in ${usual}`);
  t.regex(second!, /not in .*\/\.fogrun: the readings, the edge's name and the positions there stay there/);
  t.true(third!.endsWith(`install it with --state ${home}/.fogrun`));
  t.is((await notes({ user: true, state: join(home, '.fogrun') }, {})).length, 2);

  const variables = { FOGRUN_STATE: '/data/fog' };
  t.deepEqual(await notes({ user: true }, variables), [
    'the service has its state in /data/fog, as FOGRUN_STATE says',
    ask('/data/fog'),
  ]);
  const system = await notes({ user: false }, variables);
  t.is(system[0], 'the service has its state in /var/lib/fogrun-x');
  t.true(system[2]!.endsWith('--state /data/fog'));
});

test('a service of your own takes FOGRUN_STATE, whole, where no option says otherwise', (t) => {
  const variables = { HOME: '/h', FOGRUN_STATE: 'here' };
  t.is(placesOf('x', { user: true }, variables).stateDirectory, resolve('here'));
  t.is(placesOf('x', { user: true, state: '/s' }, variables).stateDirectory, '/s');
  t.is(
    placesOf('x', { user: true }, { ...variables, FOGRUN_STATE: '' }).stateDirectory,
    '/h/.local/state/fogrun-x',
  );
  t.is(placesOf('x', { user: false }, variables).stateDirectory, '/var/lib/fogrun-x');
});

test('nothing is installed from files with mistakes, or under a name that systemd would misread', async (t) => {
  const file = join(await temporaryDirectory(t), 'bad.yaml');
  await writeFile(file, 'fogrun: 1\npipeline: x\nactors: { a: { kind: uploadr } }\n');
  const bad = await dryRun(t, ['--user', file]);
  t.is(bad.code, 2);
  t.regex(bad.stderr, /bad\.yaml:3:22: .*did you mean `uploader`/);
  const named = await dryRun(t, ['--user', '--name', '../x', shipped('cloud.yaml')]);
  t.is(named.code, 2);
  t.regex(named.stderr, /--name takes up to 64 letters/);
});

test('what is asked of `fogrun service` must be one of three things', async (t) => {
  const fogrun = startFogrun(t, ['service', 'instal']);
  t.is((await fogrun.ended).code, 2);
  t.regex(fogrun.stderr(), /did you mean `install`\?/);
});
