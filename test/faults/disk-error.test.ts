/** Takes root, strace and XFS; says so where they are missing. */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Fogrun, freePort, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo, sendLoad, withAcks } from '../helpers/load.ts';
import { loopDisk, loopDiskTools } from '../helpers/loop-disk.ts';
import { canRun } from '../helpers/needs.ts';

const edgeId = 'edge-under-test';

const calls = { syncs: 'fdatasync,fsync,msync', writes: 'pwrite64,pwritev' } as const;

/** From now on each of those calls of that process fails as a broken disk's do. */
async function breakDisk(
  t: ExecutionContext,
  { child }: Fogrun,
  what: (typeof calls)[keyof typeof calls],
): Promise<void> {
  const words = ['-f', '-p', String(child.pid), '-e', `trace=${what}`];
  const inject = ['-e', `inject=${what}:error=EIO`, '-o', '/dev/null'];
  const strace = spawn('strace', [...words, ...inject], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => void strace.kill('SIGKILL'));
  await new Promise<void>((resolve) => strace.stderr!.once('data', () => resolve()));
}

async function machines(t: ExecutionContext) {
  const env = await world(t, { INGEST_PORT: String(await freePort()) });
  const file = await withAcks(env.FOGRUN_STATE!);
  return {
    env,
    startEdge: () => startFogrun(t, [file, '--log', 'json'], env),
    startCloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
  };
}

for (const [what, broken] of [
  ['syncs', 'edge'],
  ['syncs', 'cloud'],
  ['writes', 'edge'],
  ['writes', 'cloud'],
] as const) {
  test(`when ${what} of the ${broken} fail it acknowledges nothing more, its store is failed with the cause, it exits with 3, and a restart loses nothing`, async (t) => {
    if (!canRun(t, 'strace', 'root')) return;
    const { env, startEdge, startCloud } = await machines(t);
    const running = { edge: startEdge(), cloud: startCloud() };
    const load = sendLoad(t, Number(env.INGEST_PORT), 1_000);
    await running.edge.line(segment('deleted'));
    const victim = running[broken];
    const from = victim.lines.length;
    await breakDisk(t, victim, calls[what]);
    const failed = await victim.line(moved('store', 'failed'), from);
    t.is(failed.code, 'store-failed');
    t.regex(failed.cause, /EIO|I\/O|Input\/output/);
    t.like(await victim.ended, { code: 3, signal: null });
    const after = victim.lines.slice(victim.lines.indexOf(failed));
    const passedOff = after.filter((line) => segment('sealed')(line) || line.type === 'stored');
    t.deepEqual(passedOff, [], 'nothing is passed off as being on the disk');

    running[broken] = broken === 'edge' ? startEdge() : startCloud();
    await load.stop();
    const epochs = await filedUpTo(env.FOGRUN_STATE!, edgeId, load.told());
    t.is(epochs.length, 1);
    t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
    for (const each of Object.values(running)) t.is((await each.end()).code, 0, each.stderr());
  });
}

test("one store's dead disk stops its own pipeline and no other under the same parent", async (t) => {
  if (!canRun(t, ...loopDiskTools)) return;
  const disk = await loopDisk(t);
  const env = await world(t);
  const onDisk = join(disk.path, 'state');
  const text = (await readFile(shipped('cloud.yaml'), 'utf8')).replace(
    /path: "[^"]*"/,
    `path: ${JSON.stringify(onDisk)}`,
  );
  const cloudFile = join(env.FOGRUN_STATE!, 'cloud.yaml');
  await writeFile(cloudFile, text);
  const fogrun = startFogrun(t, [cloudFile, shipped('edge.yaml'), '--log', 'json'], env);
  await fogrun.line(segment('deleted'));
  disk.cut();
  const died = await fogrun.line(
    (line) =>
      line.pipeline === 'fogrun' && line.actor === 'cloud' && line.type === 'transition' && !!line.cause,
  );
  const from = fogrun.lines.indexOf(died);
  const sealed = fogrun.lines.findLast(segment('sealed'))!.segment;
  await fogrun.line((line) => segment('sealed')(line) && line.segment >= sealed + 10, from);
  await fogrun.line(moved('uploader', 'waitingToRetry'), from);
  const edgeTrouble = fogrun.lines
    .slice(from)
    .filter(
      ({ pipeline, type, actor }) => pipeline === 'fogrun' && type === 'transition' && actor === 'edge',
    );
  t.deepEqual(edgeTrouble, []);
  await fogrun.end();
});
