import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { systemRandom } from '../../src/runtime/clock.ts';
import { holdOwnership } from '../../src/store/owner.ts';
import { temporaryDir } from '../helpers/store-fixtures.ts';

const script = fileURLToPath(new URL('./owner-child.js', import.meta.url));

async function start(): Promise<ChildProcess> {
  const child = fork(script, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  await once(child.stdout!, 'data');
  return child;
}

async function ask(child: ChildProcess, dir: string): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(dir);
  return (await answer)[0];
}

test('of many who start at once exactly one becomes the owner, in an empty directory and over a dead owner', async (t) => {
  const root = await temporaryDir(t);
  const dead = JSON.stringify({ id: 'a'.repeat(32), pid: 2 ** 22 + 1, startedAt: '1', bootId: null });
  const children = await Promise.all(Array.from({ length: 4 }, start));
  t.teardown(() => children.map((child) => child.kill('SIGKILL')));
  for (let round = 0; round < 60; round++) {
    const dir = join(root, String(round));
    if (round % 2 === 1) {
      const first = await holdOwnership(dir, systemRandom);
      await first.release();
      await writeFile(join(dir, 'owner.json'), dead);
    }
    const answers = await Promise.all(children.map((child) => ask(child, dir)));
    t.deepEqual(answers.sort(), ['owner', 'store-locked', 'store-locked', 'store-locked'], `round ${round}`);
    t.deepEqual(await readdir(dir), ['owner.json']);
  }
});

test('a killed owner is taken over, also when nobody has reaped it yet', async (t) => {
  const dir = await temporaryDir(t);
  for (let round = 0; round < 3; round++) {
    const child = await start();
    t.is(await ask(child, dir), 'owner');
    const locked = await t.throwsAsync(holdOwnership(dir, systemRandom), { code: 'store-locked' });
    t.true(locked.message.includes(String(child.pid)) && locked.message.includes(dir));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ownership = await holdOwnership(dir, systemRandom);
    await ownership.release();
    await ownership.release();
    t.deepEqual(await readdir(dir), []);
  }
});

test('an owner of another boot, another start, or a torn file is dead; this process is not', async (t) => {
  const dir = await temporaryDir(t);
  const path = join(dir, 'owner.json');
  const mine = await holdOwnership(dir, systemRandom);
  await t.throwsAsync(holdOwnership(dir, systemRandom), { code: 'store-locked' });
  const record = JSON.parse(await readFile(path, 'utf8'));
  await mine.release();
  for (const text of [
    JSON.stringify({ ...record, startedAt: '1' }),
    JSON.stringify({ ...record, bootId: 'other' }),
    '',
    '{"id":"x"}',
  ]) {
    await writeFile(path, text);
    await (await holdOwnership(dir, systemRandom)).release();
  }
  await writeFile(path, JSON.stringify(record));
  await t.throwsAsync(holdOwnership(dir, systemRandom), { code: 'store-locked' });
});

test('a directory that cannot be made is told as such', async (t) => {
  const dir = await temporaryDir(t);
  await writeFile(join(dir, 'file'), '');
  for (const path of [join(dir, 'file', 'store'), '/proc/fogrun/store']) {
    await t.throwsAsync(holdOwnership(path, systemRandom), { code: 'store-unwritable' }, path);
  }
});
