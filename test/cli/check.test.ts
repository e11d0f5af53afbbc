import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { shipped } from '../helpers/fogrun.ts';

const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
const fogrun = (...words: string[]) => spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });

test('`fogrun check --json` tells programs every mistake with its place, and what is good', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-check-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const wrong = join(directory, 'wrong.yaml');
  await writeFile(wrong, 'fogrun: 1\npipeline: x\nactrs: {}\n');
  const { status, stdout } = fogrun('check', '--json', shipped('cloud.yaml'), wrong);
  t.is(status, 2);
  const { pipelines, problems } = JSON.parse(stdout);
  t.like(pipelines[0], {
    pipeline: 'cloud',
    actors: [{ name: 'receiver', kind: 'cloud-receiver', to: 'forecaster' }],
  });
  t.like(problems.at(-1), { file: wrong, line: 3, column: 1, path: 'actrs', hint: 'did you mean `actors`?' });
});

test('a file that is missing does not keep the others from being checked', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-check-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const [none, wrong] = [join(directory, 'none.yaml'), join(directory, 'wrong.yaml')];
  await writeFile(wrong, 'fogrun: 1\npipeline: x\nactrs: {}\n');
  const { status, stdout } = fogrun('check', none, wrong);
  t.is(status, 2);
  t.true(stdout.includes(`${none}:1:1: cannot be read: it does not exist`), stdout);
  t.regex(stdout, /wrong\.yaml:3:1: actrs: unknown key/);
  const alone = fogrun('check', none);
  t.is(alone.status, 2);
  t.regex(alone.stderr, /none\.yaml cannot be read.*\(file-unreadable\)/);
});

test('mistakes in a file that is to be run stand in lines of their own', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-check-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const wrong = join(directory, 'wrong.yaml');
  await writeFile(wrong, 'fogrun: 1\npipeline: x\nactrs: {}\n');
  const { status, stderr } = fogrun(wrong);
  t.is(status, 2);
  t.regex(stderr, /\n\S*wrong\.yaml:3:1: actrs: unknown key/);
});
