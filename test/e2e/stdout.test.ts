import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

type Env = Record<string, string>;

/** Runs a line in a shell, where `$node $main` is the program. */
async function shell(t: ExecutionContext, env: Env, script: string) {
  const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
  const child = spawn('sh', ['-c', script], {
    env: { PATH: process.env.PATH!, node: process.execPath, main, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, stderr };
}

test('an export that is not all there does not end as if it were, and replaces nothing but files', async (t) => {
  const env = await world(t);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await edge.line(segment('sealed'));
  await edge.end();
  const out = (name: string) => ['segments', 'export', 'edge', '--out', join(env.FOGRUN_STATE!, name)];
  const pipe = join(env.FOGRUN_STATE!, 'pipe');
  await shell(t, env, 'mkfifo "$FOGRUN_STATE/pipe"');
  const piped = startFogrun(t, out('pipe'), env);
  t.is((await piped.ended).code, 2);
  t.regex(piped.stderr(), /is there already and is no file/);
  t.true((await lstat(pipe)).isFIFO());
  await writeFile(join(env.FOGRUN_STATE!, 'file'), 'older');
  await symlink('file', join(env.FOGRUN_STATE!, 'link'));
  t.is((await startFogrun(t, out('link'), env).ended).code, 0);
  t.true((await lstat(join(env.FOGRUN_STATE!, 'link'))).isSymbolicLink());
  t.regex(await readFile(join(env.FOGRUN_STATE!, 'file'), 'utf8'), /^{"seq":1,/);
  if (existsSync('/dev/full')) {
    const full = await shell(t, env, '"$node" "$main" segments export edge > /dev/full');
    t.is(full.code, 2);
    t.regex(full.stderr, /stdout cannot be written: ENOSPC \(file-unwritable\)/);
  }
  for (const words of ['segments list edge', 'kinds']) {
    // Both ends in one shell, and the reader gone before a word was said.
    const script = `{ sleep 0.2; "$node" "$main" ${words}; echo "code $?" >&2; } | true`;
    t.is((await shell(t, env, script)).stderr, 'code 0\n');
  }
});
