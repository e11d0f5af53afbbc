import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { hostProcesses } from '../../src/cli/placed.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';

const deaf = { message: () => {}, bytes: () => {} };

test('a process that the system refuses to start at once is one that could not be started', async (t) => {
  // Longer than a word of a command line may be.
  const processes = await hostProcesses('x'.repeat(200_000));
  const { pid, gone } = processes.start('one', deaf);
  t.is(pid, null);
  await t.throwsAsync(gone, { code: 'process-ended', message: /could not be started: .*E2BIG/ });
  await processes.close();
});

const withoutFiles = `
  import { openSync } from 'node:fs';
  import { hostProcesses } from ${JSON.stringify(new URL('../../src/cli/placed.js', import.meta.url).href)};
  const processes = await hostProcesses('edge');
  try { for (;;) openSync('/dev/null'); } catch {}
  processes.start('one', { message() {}, bytes() {} }).gone.catch(({ code, message }) => {
    process.stdout.write(code + ': ' + message, () => process.exit(0));
  });
`;

test('a process that there are no file descriptors for does not take its pipeline along', async (t) => {
  const directory = await temporaryDirectory(t);
  const script = 'ulimit -n 60; exec "$0" --input-type=module -e "$1"';
  const child = spawn('sh', ['-c', script, process.execPath, withoutFiles], {
    env: { ...process.env, TMPDIR: directory },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [out, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  t.regex(out, /^process-ended: its process could not be started: .*EMFILE$/);
  t.is(errors, '');
  t.is(code, 0);
  // The socket's directory cannot be looked into without a file descriptor; nothing else is left.
  t.true((await readdir(directory)).length <= 1);
});
