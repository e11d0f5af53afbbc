import { mkdir, readdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { removeAbandoned } from '../../src/cli/socket-directory.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';

test('a socket that somebody listens on outlasts a lost connection to it', async (t) => {
  const socketPath = join(await temporaryDirectory(t), 'placed.sock');
  const server = createServer().listen(socketPath);
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  await removeAbandoned(socketPath);
  await new Promise((resolve, reject) =>
    connect(socketPath)
      .once('error', reject)
      .end('', () => resolve(null)),
  );
  t.pass();
});

test('what is no socket stays, and what is gone already does no harm', async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'placed.sock'));
  await removeAbandoned(join(directory, 'placed.sock'));
  await removeAbandoned(join(directory, 'none', 'placed.sock'));
  t.deepEqual(await readdir(directory), ['placed.sock']);
});
