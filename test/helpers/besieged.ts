/** A real receiver under attack, with an honest edge beside that delivers all the time. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext, TestFn } from 'ava';
import { type Fogrun, moved, segment, shipped, startFogrun, world } from './fogrun.ts';
import { faultsIn, filedUpTo, writeLoad } from './load.ts';
import type { Call, Segment, Who } from './stranger.ts';

/** A receiver with an honest edge that delivers all the time. */
async function start() {
  const ends: (() => unknown)[] = [];
  const tidy = { teardown: (end: () => unknown) => void ends.push(end) };
  const env = await world(tidy);
  const log = join(env.FOGRUN_STATE!, 'log.ndjson');
  await writeFile(log, '');
  const cloud = startFogrun(tidy, [shipped('cloud.yaml'), '--log', 'json'], env);
  await cloud.line(moved('receiver', 'serving.listening'));
  const edge = startFogrun(tidy, [shipped('logfile.yaml'), '--log', 'json'], { ...env, LOG_FILE: log });
  const load = writeLoad(tidy, log, 500);
  await edge.line(segment('deleted'));
  return { ends, env, cloud, edge, load };
}

type Attack = (port: number, cloud: Fogrun, env: Record<string, string>) => Promise<void>;

/** Gives a file of tests its receiver. `attacking` sees that each attack leaves the honest edge served. */
export function besieged(test: TestFn) {
  let running: Awaited<ReturnType<typeof start>>;
  test.before(async () => {
    running = await start();
  });
  test.after.always(async () => {
    for (const end of running.ends.reverse()) await end();
  });
  return {
    async attacking(t: ExecutionContext, attack: Attack): Promise<void> {
      const { edge, cloud, env } = running;
      const from = edge.lines.length;
      await attack(Number(env.CLOUD_PORT), cloud, env);
      const { length } = edge.lines;
      await edge.line(segment('deleted'), length);
      t.false(
        edge.lines.slice(from).some(moved('uploader', 'waitingToRetry')),
        'the honest edge was not disturbed',
      );
    },
    /** Everything of the honest edge is there, and both end in order. */
    async ending(t: ExecutionContext): Promise<void> {
      const { edge, cloud, env, load } = running;
      await load.stop();
      const epochs = await filedUpTo(env.FOGRUN_STATE!, 'edge-under-test', load.sent());
      t.is(epochs.length, 1);
      t.deepEqual(faultsIn(epochs[0]!, load.sent()), []);
      t.is((await edge.end()).code, 0, edge.stderr());
      t.is((await cloud.end()).code, 0, cloud.stderr());
    },
  };
}

export const someone = (edge = `thief-${randomBytes(3).toString('hex')}`): Who => ({
  edge,
  epoch: randomBytes(16).toString('hex'),
});
export const noHash = '0'.repeat(64);
/** What the edge of that call says when it comes again, having sealed that one. */
export const again = ({ heard }: Call, { hash }: Segment) => {
  const { token, cloudEpoch } = heard[0]!.json;
  const head = { sealed: 1, sealedHash: hash.toString('hex'), acknowledged: 0, acknowledgedHash: noHash };
  return { token, cloudEpoch, streams: { readings: head } };
};
/** What the process takes. */
export const memoryMiB = async ({ child }: Fogrun) =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
export const edgesOf = async (env: Record<string, string>) =>
  readdir(join(env.FOGRUN_STATE!, 'cloud', 'data'));
