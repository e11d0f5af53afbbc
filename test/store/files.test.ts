import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { createNodeFiles } from '../../src/store/node-files.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { temporaryDir } from '../helpers/store-fixtures.ts';
import { filesSuite } from '../suites/files.ts';

filesSuite(test, 'memory', async () => new MemoryFiles());
filesSuite(test, 'node', async (t) =>
  createNodeFiles(join(await temporaryDir(t), 'new', 'root').replace('/new/', '/')),
);

test('no path leads out of the root', async (t) => {
  const files = createNodeFiles(await temporaryDir(t));
  for (const path of ['../x', 'a/../../x', '/etc/x', 'a//b', '', '.', 'a\0b', 'a\\..\\b']) {
    await t.throwsAsync(files.write(path, Buffer.from('x')), { instanceOf: RangeError }, path);
    await t.throwsAsync(files.read(path), { instanceOf: RangeError }, path);
  }
});

test('a write leaves nothing beside its file, also when it failed', async (t) => {
  const dir = await temporaryDir(t);
  const files = createNodeFiles(dir);
  await files.write('d/a', Buffer.from('x'));
  await t.throwsAsync(files.write('d', Buffer.from('x')));
  t.deepEqual((await readdir(dir, { recursive: true })).sort(), ['d', 'd/a']);
});
