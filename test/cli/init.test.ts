import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { kinds } from '../../machines/index.ts';
import { defaultEdge, questions, readAnswer } from '../../src/cli/init/answers.ts';
import { guessColumns } from '../../src/cli/init/columns.ts';
import { type InitOptions, init } from '../../src/cli/init/init.ts';
import { guessUnit } from '../../src/cli/init/units.ts';
import { commandWord } from '../../src/cli/itself.ts';
import { FogrunError } from '../../src/contract/errors.ts';
import { namePattern } from '../../src/domain/segment.ts';
import { checkPipeline } from '../../src/pipeline/check.ts';
import { shipped, startFogrun, temporaryDirectory } from '../helpers/fogrun.ts';

async function run(t: ExecutionContext, options: Partial<InitOptions>, name = 'edge.yaml') {
  const home = await temporaryDirectory(t);
  const said: string[] = [];
  const all = {
    given: {},
    yes: false,
    force: false,
    ask: null,
    say: (line: string) => said.push(line),
    ...options,
  };
  await init(join(home, name), all as InitOptions);
  const read = (file: string) => readFile(join(home, file), 'utf8');
  return { home, said, read };
}

/** Types answers one after the other; what was asked comes back. */
function typist(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answers.shift() ?? null;
  };
  return { asked, ask };
}

const plan = (text: string) => checkPipeline({ file: 'x', text }, { kinds, variables: {}, cwd: '/' });

test('every source it offers becomes a pipeline without mistakes', async (t) => {
  const csv = join(await temporaryDirectory(t), 'a b.csv');
  await writeFile(csv, 'time,p_hpa,"t c",note\n2026-03-14T06:00:00Z,1016.0,6.2,fine\n');
  const sources: [string, string][] = [
    ['simulated', 'simulated-sensor'],
    ['tinkerforge', 'sensor-poller'],
    ['tinkerforge:[fe80::1]:4224', 'sensor-poller'],
    ['file:/var/log/$' + '{x} "y".ndjson', 'file-source'],
    ['tcp', 'tcp-source'],
    ['tcp:9000', 'tcp-source'],
    ['http:9001', 'http-source'],
    [`csv:${csv}`, 'csv-source'],
  ];
  for (const [source, kind] of sources) {
    const { read } = await run(t, { given: { source }, yes: true });
    const { plan: made, problems, warnings } = plan(await read('edge.yaml'));
    t.deepEqual([problems, warnings], [[], []], source);
    t.is(made!.actors[0]!.kind.name, kind);
    const { path } = made!.actors[0]!.config as { path?: string };
    if (kind === 'file-source')
      t.is(path, '/var/log/$' + '{x} "y".ndjson', 'and nothing in it is a variable');
    t.not(plan(await read('cloud.yaml')).plan, null);
  }
});

test('a person answers four questions, and is asked again after a mistake', async (t) => {
  const { asked, ask } = typist('simulatd', 'simulated', 'here', 'my hut', 'hut', '98');
  const { said, read } = await run(t, { ask });
  t.is(asked.length, 6);
  t.true(said.some((line) => /did you mean simulated/.test(line)));
  t.true(said.some((line) => /`my hut` is no name/.test(line)));
  t.is(plan(await read('edge.yaml')).plan!.edge, 'hut');
  t.regex(await read('cloud.yaml'), /altitude: 98 /);
});

test('for a cloud elsewhere it asks for the pace in place of the altitude, and writes no cloud', async (t) => {
  const { asked, ask } = typist('', 'cloud.example:7171', 'hut', '5m');
  const { home, read } = await run(t, { ask });
  t.is(asked.length, 4);
  t.deepEqual(await readdir(home), ['edge.yaml']);
  const { actors } = plan(await read('edge.yaml')).plan!;
  const config = (name: string) =>
    actors.find((actor) => actor.name === name)!.config as Record<string, unknown>;
  t.is(config('sensor').every, 300_000);
  t.deepEqual(config('uploader').cloud, { host: 'cloud.example', port: 7_171 });
});

test('what is given as an option is not asked, and --yes asks nothing', async (t) => {
  const { asked, ask } = typist('hut');
  await run(t, { ask, given: { source: 'tcp', cloud: 'here', altitude: 'none' } });
  t.is(asked.length, 1);
  const silent = typist();
  await run(t, { ask: silent.ask, yes: true });
  t.is(silent.asked.length, 0);
});

test('nothing is written over, and nothing at all when the input ends', async (t) => {
  const home = await temporaryDirectory(t);
  await writeFile(join(home, 'cloud.yaml'), 'mine');
  const options = { given: {}, yes: true, force: false, ask: null, say: () => {} };
  await t.throwsAsync(init(join(home, 'edge.yaml'), options), {
    code: 'usage',
    message: /cloud\.yaml is there already/,
  } as never);
  t.deepEqual(await readdir(home), ['cloud.yaml']);
  t.is(await readFile(join(home, 'cloud.yaml'), 'utf8'), 'mine');
  await init(join(home, 'edge.yaml'), { ...options, force: true });
  t.not(await readFile(join(home, 'cloud.yaml'), 'utf8'), 'mine');
  const empty = await temporaryDirectory(t);
  await t.throwsAsync(init(join(empty, 'edge.yaml'), { ...options, yes: false, ask: async () => null }), {
    message: /nothing was written/,
  });
  t.deepEqual(await readdir(empty), []);
});

test('with nobody there and answers missing, the error names them', async (t) => {
  const fogrun = startFogrun(t, ['init', '--source', 'tcp']);
  t.is((await fogrun.ended).code, 2);
  t.regex(fogrun.stderr(), /nobody is there to ask: give --cloud, --edge/);
});

test('bad answers are refused with the reason', async (t) => {
  const bad: [keyof typeof questions, string][] = [
    ['source', 'file:'],
    ['source', 'csv'],
    ['source', 'tcp:70000'],
    ['source', 'tinkerforge:a b'],
    ['source', 'simulated:x'],
    ['source', ''],
    ['cloud', 'http://x/'],
    ['cloud', 'x:0'],
    ['edge', '-x'],
    ['edge', ''],
    ['every', '1'],
    ['every', '1ms'],
    ['altitude', 'high'],
    ['altitude', '9000'],
    ['altitude', ' '],
  ];
  for (const [name, text] of bad)
    t.true('wrong' in readAnswer(questions[name] as never, text), `${name} ${text}`);
  await t.throwsAsync(run(t, { yes: true, given: { every: 'often' } }), {
    message: /--every: `often` is no time/,
  });
  await t.throwsAsync(run(t, { yes: true }, 'cloud.yaml'), { instanceOf: FogrunError });
  await t.throwsAsync(run(t, { yes: true }, 'a b.yaml'), { message: /cannot name a pipeline/ });
});

test('the name it proposes is always a valid one', (t) => {
  for (const host of ['pi', 'raspberrypi.local', 'MY_HOST', '', '---', 'é', 'x'.repeat(200), '10.0.0.1']) {
    t.regex(defaultEdge(host), namePattern, host);
  }
});

test('a column gets the unit that its name lets one expect, and none where that would be made up', (t) => {
  const guesses: [string, string][] = [
    ['pressure', 'hPa'],
    ['p_hpa', 'hPa'],
    ['Outdoor temperature', '°C'],
    ['outdoorTemp', '°C'],
    ['t c', '°C'],
    ['RH', '%RH'],
    ['humidity (%)', '%RH'],
    ['CO2', 'ppm'],
    ['illuminance', 'lx'],
    ['sensor_a', ''],
    ['c', ''],
    ['a constructor', ''],
    ['power', ''],
  ];
  for (const [column, unit] of guesses) t.is(guessUnit(column), unit, column);
  t.deepEqual(guessColumns('pressure,temperature\n101325,21\n')?.units, ['', '°C'], 'those are no hPa');
});

test('the file of a table says what to check: units, and times without a zone', async (t) => {
  const csv = join(await temporaryDirectory(t), 'a.csv');
  await writeFile(csv, 'time,pressure,x\n2026-03-14T06:00:00,1016.0,6.2\n');
  const { read } = await run(t, { given: { source: `csv:${csv}` }, yes: true });
  const text = await read('edge.yaml');
  t.regex(text, /format: iso } # times without a zone count as UTC\n/);
  t.regex(text, /sensor: "pressure", unit: "hPa" } # guessed from the name\n/);
  t.regex(text, /sensor: "x", unit: "" }\n/);
});

test('a person learns at once that a file is there, and may name another or write over it', async (t) => {
  const home = await temporaryDirectory(t);
  const edge = join(home, 'edge.yaml');
  const options = { given: {}, yes: false, force: false, say: () => {} };
  await writeFile(edge, 'mine');
  const nobody = typist();
  await t.throwsAsync(init(edge, { ...options, ask: nobody.ask }), { message: /nothing was written/ });
  t.is(nobody.asked.length, 1, 'and nothing else was asked');
  t.regex(nobody.asked[0]!, /edge\.yaml is there already.*\[edge-2\.yaml\]/);
  await init(edge, { ...options, ask: typist('hut', '', 'here', 'hut', '').ask });
  t.deepEqual((await readdir(home)).sort(), ['cloud.yaml', 'edge.yaml', 'hut.yaml']);
  t.is(plan(await readFile(join(home, 'hut.yaml'), 'utf8')).plan!.name, 'hut');
  t.is(await readFile(edge, 'utf8'), 'mine');

  await writeFile(join(home, 'cloud.yaml'), 'mine');
  const kept = typist('over', '', 'here', 'perhaps', 'keep', 'hut', '2s');
  await init(edge, { ...options, ask: kept.ask });
  t.is(kept.asked.length, 7, 'the pace in place of the altitude, which the cloud that stays has');
  t.regex(await readFile(edge, 'utf8'), /every: 2s/);
  t.is(await readFile(join(home, 'cloud.yaml'), 'utf8'), 'mine');
  await init(edge, { ...options, ask: typist('over', '', 'here', 'over', 'hut', '98').ask });
  t.regex(await readFile(join(home, 'cloud.yaml'), 'utf8'), /altitude: 98 /);
});

test('what comes next can be typed as it is printed', async (t) => {
  const home = await temporaryDirectory(t);
  const said: string[] = [];
  const options = { yes: true, force: true, ask: null, word: 'npx fogrun', say: (l: string) => said.push(l) };
  const place = join(home, "a b's");
  await mkdir(place);
  await init(join(place, 'edge.yaml'), { ...options, given: {} });
  const next = said.filter((line) => line.startsWith('  npx fogrun '));
  t.is(next.length, 3);
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${next[0]!.replace('npx fogrun', '')}`]).toString();
  t.deepEqual(words.trim().split('\n'), [join(place, 'cloud.yaml'), join(place, 'edge.yaml')]);
});

test('for a cloud elsewhere it ends with what has to run there', async (t) => {
  const word = 'fogrun';
  const { said } = await run(t, { word, yes: true, given: { cloud: 'cloud.example:7171' } });
  const lines = said.slice(said.findIndex((text) => text.startsWith('On cloud.example, ')));
  t.regex(lines[0]!, /`fogrun init --cloud here --yes`.*`host: 0\.0\.0\.0`/);
  t.is(lines[1], '  fogrun keys init cloud.example');
  t.regex(lines[2]!, /^ {2}fogrun keys device edge-\S+ .*copy that folder here, as `keys`$/);
  t.is(lines[3], '  CLOUD_PORT=7171 FOGRUN_TLS=keys fogrun cloud.yaml');
  const beside = await run(t, { word, yes: true });
  t.false(beside.said.some((text) => text.startsWith('On ')));
});

test('a directory is no file to read, and that is said at once', async (t) => {
  const home = await temporaryDirectory(t);
  for (const type of ['file', 'csv']) {
    await t.throwsAsync(run(t, { yes: true, given: { source: `${type}:${home}` } }), {
      message: /is a directory; name a file in it$/,
    });
  }
});

test('fogrun is called by its name only where a shell finds it', async (t) => {
  const home = await temporaryDirectory(t);
  const nothing = await temporaryDirectory(t);
  await mkdir(join(nothing, 'fogrun'));
  await writeFile(join(home, 'fogrun'), '', { mode: 0o755 });
  const PATH = `${nothing}:${home}`;
  t.is(commandWord({ PATH }), 'fogrun');
  t.is(commandWord({ PATH, npm_command: 'exec' }), 'npx fogrun', 'npx has put it there for itself');
  t.is(commandWord({ PATH, npm_execpath: '/x/npm-cli.js' }), 'npx fogrun');
  t.is(commandWord({ PATH: nothing }), 'npx fogrun');
  t.is(commandWord({}), 'npx fogrun');
});

test('columns of a table are guessed from its first rows', (t) => {
  t.deepEqual(guessColumns('ts;Luftdruck;Ort\n1700000000;1013,2;Hof\n'), {
    delimiter: ';',
    decimal: ',',
    time: { column: 'ts', format: 'unix' },
    values: ['Luftdruck'],
    units: ['hPa'],
  });
  t.deepEqual(guessColumns('a\tb\r\n1\t2\r\n')?.values, ['a', 'b']);
  t.is(guessColumns('a,b\n1,2\n')?.time, null);
  for (const text of ['', 'a,b', 'a,b\nx,y', 'a,a\n1,2']) t.is(guessColumns(text), null, text);
});

const terminal = spawn('script', ['--version']);
const hasTerminal = new Promise<boolean>((resolve) => {
  terminal.once('error', () => resolve(false));
  terminal.once('close', (code) => resolve(code === 0));
});

test('at a real terminal it asks, and Ctrl-D ends it without a file', async (t) => {
  if (!(await hasTerminal)) {
    t.log('NOT TESTED: `script` of util-linux is missing');
    t.pass();
    return;
  }
  const home = await temporaryDirectory(t);
  const main = join(shipped('..'), 'dist/src/cli/main.js');
  const talk = async (...answers: string[]) => {
    const child = spawn('script', ['-qec', `"${process.execPath}" "${main}" init`, '/dev/null'], {
      cwd: home,
    });
    t.teardown(() => void child.kill('SIGKILL'));
    let screen = '';
    let seen = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      const asked = [...screen.matchAll(/\[[^\]\u001b]+\] \u001b\[\d+G/g)].length;
      if (asked <= seen) return;
      seen = asked;
      child.stdin.write(answers.shift() ?? '\u0004');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, screen };
  };
  const stopped = await talk('simulated\r');
  t.is(stopped.code, 2);
  t.regex(stopped.screen, /nothing was written/);
  t.deepEqual(await readdir(home), []);
  const done = await talk('simulated\r', 'here\r', 'hut\r', '\r');
  t.is(done.code, 0, done.screen);
  t.regex(done.screen, /fogrun cloud\.yaml edge\.yaml/);
  t.deepEqual((await readdir(home)).sort(), ['cloud.yaml', 'edge.yaml']);
});
