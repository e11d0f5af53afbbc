/** Takes root, for disks of its own; says so where that is missing. */
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  freePort,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo, sendLoad, withAcks } from '../helpers/load.ts';
import { canRun } from '../helpers/needs.ts';
import { smallDisk, smallDiskTools } from '../helpers/small-disk.ts';

const edgeId = 'edge-under-test';
const perSecond = 2_000;

/** Edge and cloud, one of them on a small disk. */
async function machines(t: ExecutionContext, small: 'edge' | 'cloud', mebibytes: number) {
  const disk = await smallDisk(t, mebibytes);
  const env = await world(t, { INGEST_PORT: String(await freePort()), ROTATE_EVERY: '100ms' });
  const file = await withAcks(env.FOGRUN_STATE!);
  const of = (role: 'edge' | 'cloud') => (role === small ? { ...env, FOGRUN_STATE: disk.path } : env);
  return {
    disk,
    cloudState: of('cloud').FOGRUN_STATE!,
    load: () => sendLoad(t, Number(env.INGEST_PORT), perSecond),
    startEdge: () => startFogrun(t, [file, '--log', 'json'], of('edge')),
    startCloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], of('cloud')),
  };
}

const isFull = moved('store', 'full');
const sealed = ({ lines }: Fogrun) =>
  lines.filter(segment('sealed')).reduce((sum, { readings }) => sum + readings, 0);
const lastSealed = ({ lines }: Fogrun): LogLine => lines.findLast(segment('sealed'))!;

test('an edge whose disk others fill up says so, takes nothing more, still delivers and deletes, and goes on when there is room', async (t) => {
  if (!canRun(t, ...smallDiskTools)) return;
  const { disk, cloudState, load: begin, startEdge, startCloud } = await machines(t, 'edge', 48);
  const edge = startEdge();
  const load = begin();
  await edge.line((line) => segment('sealed')(line) && line.segment === 5);
  await disk.fill(6 * 2 ** 20);
  const full = await edge.line(isFull);
  t.is(full.code, 'store-full');
  t.regex(full.cause, /the disk under .* has .* left; 16MiB are kept free/);
  // Whatever it had taken before is sealed within a rotation; from then on nothing is.
  await wait(500);
  const before = { sealed: sealed(edge), told: load.told() };
  await wait(1_000);
  t.deepEqual(
    { sealed: sealed(edge), told: load.told() },
    before,
    'nothing is taken, and nobody is told it were',
  );

  const cloud = startCloud();
  const { segment: newest } = lastSealed(edge);
  await edge.line((line) => segment('deleted')(line) && line.segment === newest);
  t.is(edge.lines.findLast(({ actor, type }) => actor === 'store' && type === 'transition')?.to, 'full');
  await disk.free();
  await edge.line(moved('store', 'open'), edge.lines.indexOf(full));
  await load.stop();
  const epochs = await filedUpTo(cloudState, edgeId, load.told());
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('an edge whose disk has not a byte left loses nothing, whatever becomes of its process, and recovers when there is room', async (t) => {
  if (!canRun(t, ...smallDiskTools)) return;
  const { disk, cloudState, load: begin, startEdge, startCloud } = await machines(t, 'edge', 48);
  const edges = [startEdge()];
  // Its supervisor: starts it again for as long as it takes.
  let supervised = true;
  const ends: unknown[] = [];
  const supervise = (async () => {
    while (supervised) {
      const how = await edges.at(-1)!.ended;
      if (!supervised) return;
      ends.push(how);
      await wait(200);
      edges.push(startEdge());
    }
  })();
  const load = begin();
  for (let round = 0; round < 3; round++) {
    const edge = edges.at(-1)!;
    // Without a cloud the store grows, so that a commit meets the end of the disk before the next look at it.
    await edge.line(segment('sealed'), edge.lines.length);
    await disk.fill(0);
    await wait(2_500);
    await disk.free();
    await wait(1_500);
  }
  const cloud = startCloud();
  await load.stop();
  const epochs = await filedUpTo(cloudState, edgeId, load.told());
  supervised = false;
  await edges.at(-1)!.end();
  await supervise;
  t.is(epochs.length, 1, 'a full disk is no fork');
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.false(edges.some(({ lines }) => lines.some(({ code }) => code === 'store-corrupt')));
  for (const end of ends) t.deepEqual(end, { code: 3, signal: null });
  t.log(`${edges.length} processes of the edge, ${load.told()} lines told of`);
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('a cloud whose disk fills up refuses with the reason, keeps what it acknowledged, and goes on by itself when there is room', async (t) => {
  if (!canRun(t, ...smallDiskTools)) return;
  const { disk, cloudState, load: begin, startEdge, startCloud } = await machines(t, 'cloud', 72);
  const cloud = startCloud();
  const edge = startEdge();
  const load = begin();
  await edge.line(segment('deleted'));
  await disk.fill(20 * 2 ** 20);
  t.regex((await cloud.line(isFull)).cause, /the disk under .* has .* left; 32MiB are kept free/);
  const waits = await edge.line(
    (line) => moved('uploader', 'waitingToRetry')(line) && /full|room/.test(line.cause),
  );
  t.truthy(waits.code);
  const told = load.told();
  await edge.line(segment('sealed'), edge.lines.indexOf(waits));
  t.true(load.told() >= told, 'the edge goes on taking');
  await disk.free();
  await load.stop();
  const epochs = await filedUpTo(cloudState, edgeId, load.told());
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});
