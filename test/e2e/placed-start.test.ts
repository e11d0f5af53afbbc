import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { moved, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';
import { hasPty, startOnTerminal } from '../helpers/pty.ts';

const pipeline = (store: string) => `fogrun: 1
pipeline: edge
store: { path: "${store}", max: 64MiB, when-full: block }
actors:
  made: { kind: simulated-sensor, process: sensors, device: made, every: 100ms, to: rotator }
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, cloud: { host: 127.0.0.1, port: 1 }, to: acks }
  acks: { kind: ack-handler }
`;

async function placedWorld(t: ExecutionContext) {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'edge.yaml');
  const sockets = join(directory, 'sockets');
  await Promise.all([writeFile(file, pipeline(join(directory, 'edge'))), mkdir(sockets)]);
  return { directory, file, sockets, env: { ...(await world(t)), TMPDIR: sockets } };
}

test('a pipeline with placed actors whose store cannot be opened ends, and leaves nothing behind', async (t) => {
  const { directory, file, sockets, env } = await placedWorld(t);
  await writeFile(join(directory, 'edge'), 'a file where the store should be');
  const fogrun = startFogrun(t, [file, '--log', 'json'], env);
  const timer = setTimeout(() => fogrun.child.kill('SIGKILL'), 30_000);
  t.deepEqual(await fogrun.ended, { code: 3, signal: null });
  clearTimeout(timer);
  t.deepEqual(await readdir(sockets), []);
});

/** Another file with a pipeline and a store of its own. */
async function second(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const other = file.replace('edge.yaml', 'other.yaml');
  await writeFile(other, text.replace('pipeline: edge', 'pipeline: other').replace('/edge"', '/other"'));
  return other;
}

test('no place for the socket of its processes is told as such, and nothing is left behind', async (t) => {
  const { file, sockets, env } = await placedWorld(t);
  const other = await second(file);
  const long = join(sockets, 'x'.repeat(100));
  await mkdir(long);
  for (const TMPDIR of [join(sockets, 'none'), long]) {
    for (const words of [[file], [file, other]]) {
      const fogrun = startFogrun(t, words, { ...env, TMPDIR });
      t.is((await fogrun.ended).code, 1);
      t.regex(fogrun.stderr(), /\(address-refused\)\n.*TMPDIR/);
    }
  }
  t.deepEqual(await readdir(long), []);
});

test('pipelines whose parent is killed remove its socket as well as their own', async (t) => {
  const { file, sockets, env } = await placedWorld(t);
  const fogrun = startFogrun(t, [file, await second(file), '--log', 'json'], env);
  await fogrun.line(moved('edge', 'alive.running'));
  await fogrun.line(moved('other', 'alive.running'));
  t.is((await readdir(sockets)).length, 3);
  fogrun.child.kill('SIGKILL');
  // They hold its stdout, so that this is the end of all of them.
  await fogrun.ended;
  t.deepEqual(await readdir(sockets), []);
});

test('what a process prints stands in the live view, not across it', async (t) => {
  if (!hasPty) {
    t.log('NOT TESTED: `script` of util-linux is not here, so there is no terminal to test on');
    t.pass();
    return;
  }
  const { file, env } = await placedWorld(t);
  const code = `process.on('SIGUSR2',()=>{console.error('printed by a process');console.log('and so was this')})`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const fogrun = startOnTerminal(t, [file], { ...env, NODE_OPTIONS });
  await fogrun.until(/made +● running/);
  const shown = await fogrun.until(/in process sensors · pid \d+/);
  process.kill(Number(/in process sensors · pid (\d+)/.exec(shown)![1]), 'SIGUSR2');
  await fogrun.until(/edge\/process\/sensors +printed by a process/);
  await fogrun.until(/edge\/process\/sensors +and so was this/);
  fogrun.type('q');
  t.is(await fogrun.ended, 0);
});
