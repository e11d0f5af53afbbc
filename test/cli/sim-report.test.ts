import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { shipped } from '../helpers/fogrun.ts';

const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
const files = [shipped('cloud.yaml'), shipped('edge.yaml')];
const simulate = (...words: string[]) =>
  spawnSync(
    process.execPath,
    [main, 'sim', ...files, '--edges', '1', '--hours', '0.2', '--seed', '3', ...words],
    {
      encoding: 'utf8',
    },
  );

test('`fogrun sim --report` writes a whole page, the same for the same seed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-sim-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const [one, other, text] = ['one.html', 'other.html', 'run.md'].map((name) => join(directory, name));
  for (const file of [one!, other!, text!]) {
    const { status, stderr } = simulate('--report', file);
    t.is(status, 0, stderr);
  }
  const page = await readFile(one!, 'utf8');
  t.regex(page, /^<!doctype html>[\s\S]*All invariants held[\s\S]*<\/html>\n$/);
  t.is(page, await readFile(other!, 'utf8'));
  t.regex(await readFile(text!, 'utf8'), /^# Simulation\n\n\*\*All invariants held\.\*\*/);
  t.deepEqual((await readdir(directory)).sort(), ['one.html', 'other.html', 'run.md']);
});

test('a report in a place or a form that cannot be is refused before anything is simulated', (t) => {
  const nowhere = simulate('--report', '/nowhere/at/all.html');
  t.is(nowhere.status, 2);
  t.regex(nowhere.stderr, /\/nowhere\/at\/all\.html cannot be written: ENOENT \(file-unwritable\)/);
  const odd = simulate('--report', 'report.pdf');
  t.is(odd.status, 2);
  t.regex(odd.stderr, /an \.html or \.md file, not `report\.pdf`/);
  t.is(`${nowhere.stdout}${odd.stdout}`, '');
});
