import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { shipped } from '../helpers/fogrun.ts';

const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
const fogrun = (...words: string[]) =>
  spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', maxBuffer: 2 ** 26 });
const short = ['--edges', '1', '--hours', '0.1', '--seed', '7'];
const both = [shipped('cloud.yaml'), shipped('edge.yaml')];

async function temporary(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-sim-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('`fogrun sim` says what held, how fast, which faults there were and where the readings are', async (t) => {
  const page = join(await temporary(t), 'run.md');
  const { status, stdout, stderr } = fogrun('sim', ...both, ...short, '--report', page);
  t.is(status, 0, stdout + stderr);
  t.regex(stdout, /^all invariants held · .* · 1 edge · seed 7\n/);
  t.regex(stdout, /of virtual time in [\d.]+ s: \d+ times as fast/);
  t.regex(stdout, /\d+ faults: 1 partition/);
  t.regex(stdout, /^edge +\d+ +\d+ /m);
  t.regex(await readFile(page, 'utf8'), /seed 7/);
});

test('two runs of one seed print the same log, byte for byte', (t) => {
  const [a, b] = [1, 2].map(() => fogrun('sim', ...both, ...short, '--log', 'json'));
  t.is(a!.status, 0);
  t.true(a!.stdout.split('\n').length > 100);
  t.is(a!.stdout, b!.stdout);
  t.regex(a!.stderr, /all invariants held/);
});

test('a pipeline that cannot get well ends with 1, and says which actor, why, and how to repeat it', async (t) => {
  const elsewhere = join(await temporary(t), 'elsewhere.yaml');
  const text =
    'fogrun: 1\npipeline: elsewhere\nstore: { path: elsewhere }\nactors:\n  receiver: { kind: cloud-receiver, port: 7099 }\n';
  await writeFile(elsewhere, text);
  const { status, stdout } = fogrun('sim', elsewhere, shipped('edge.yaml'), ...short, '--faults', 'none');
  t.is(status, 1);
  t.regex(stdout, /^violated: well-again/);
  t.regex(stdout, /uploader is \w+, though no fault is left: 127\.0\.0\.1:7070 cannot be reached/);
  t.regex(stdout, /Repeat it: fogrun sim .*edge\.yaml --edges 1 --hours 0\.1 --seed 7 --faults none/);
});

test('whoever is alone gets somebody at the other end of the link, and it says so', (t) => {
  for (const [file, other] of [
    ['edge.yaml', 'stand-in-cloud-7070'],
    ['cloud.yaml', 'stand-in-edge-7070'],
  ] as const) {
    const { status, stdout, stderr } = fogrun('sim', shipped(file), ...short);
    t.is(status, 0, stdout + stderr);
    t.regex(
      stderr,
      new RegExp(`^${other}: simulated besides, for nobody of these files is at the other end`),
    );
    t.regex(stdout, /^(?:edge|stand-in-edge-7070) +[1-9]\d+ +[1-9]\d+ /m);
  }
});

test('wrong files and options end with 2 before anything is simulated', async (t) => {
  const wrong = join(await temporary(t), 'wrong.yaml');
  await writeFile(wrong, 'fogrun: 1\npipeline: x\nactrs: {}\n');
  const refused: [string[], RegExp][] = [
    [[wrong], /nothing was simulated: .*actrs/s],
    [[...both, '--faults', 'fire'], /--faults takes all, none, or some of partition.*`fire`/],
    [[...both, '--hours', '-1'], /--hours/],
    [[...both, '--edges', '0'], /--edges takes a whole number from 1/],
    [[...both, '--seed', 'x'], /--seed/],
    [[...both, '--only', '0'], /--only/],
    [[...both, '--report', 'page.pdf'], /\.html or \.md/],
  ];
  for (const [words, text] of refused) {
    const { status, stdout, stderr } = fogrun('sim', ...words);
    t.is(status, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, text);
  }
});

test('a number of a fault that there is not is refused, and a file is named as a shell takes it', async (t) => {
  const beyond = fogrun('sim', ...both, ...short, '--only', '999');
  t.is(beyond.status, 2, beyond.stdout);
  t.regex(beyond.stderr, /--only names fault 999, and \d+ follow from seed 7/);
  const file = join(await temporary(t), 'my edge.yaml');
  await writeFile(file, await readFile(both[1]!));
  const { stdout } = fogrun('sim', both[0]!, file, ...short, '--only', 'none', '--json');
  t.true(JSON.parse(stdout).command.includes(` '${file}' `));
});
