/** Disks that are not what they were: restored from a backup, exchanged, copied. What was wiped and cloned is in test/e2e/fork.test.ts. */
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { filedNumbers, filedUpTo, writeLoad } from '../helpers/load.ts';

const edgeId = 'edge-under-test';
const isForked = moved('uploader', 'forked');
/** Node.js does not copy a socket, such as one that a killed pipeline left. */
const copying = { recursive: true, filter: (path: string) => !path.endsWith('.sock') };

/** An edge that follows a log, and clouds with a state of their own each, all at one port. */
async function machines(t: ExecutionContext) {
  const env = await world(t);
  const log = join(await temporaryDirectory(t), 'log.ndjson');
  await writeFile(log, '');
  return {
    env,
    state: env.FOGRUN_STATE!,
    load: writeLoad(t, log, 1_000),
    startEdge: () => startFogrun(t, [shipped('logfile.yaml'), '--log', 'json'], { ...env, LOG_FILE: log }),
    startCloud: (state = env.FOGRUN_STATE!) =>
      startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], { ...env, FOGRUN_STATE: state }),
  };
}

/** Waits until `more` further segments are in the cloud and deleted here. */
async function delivers(edge: Fogrun, more = 4): Promise<void> {
  const from = edge.lines.length;
  const isDeleted = segment('deleted');
  await edge.line(() => edge.lines.slice(from).filter(isDeleted).length >= more);
}

/** Waits for a fork from there on, for all that waits to be delivered, and says what it was told. */
async function forks(edge: Fogrun, from: number) {
  const forked = await edge.line(isForked, from);
  await edge.line(moved('uploader', 'idle'), edge.lines.indexOf(forked));
  return forked;
}

const valuesOf = (readings: readonly { value: number }[]) => readings.map(({ value }) => value);
const isRun = (values: readonly number[]) => values.every((value, i) => value === values[0]! + i);
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** Epochs in the order of what is in them. */
const inOrder = <T extends { value: number }>(epochs: readonly T[][]) =>
  [...epochs].filter(({ length }) => length > 0).sort((a, b) => a[0]!.value - b[0]!.value);

test('a cloud restored from an older backup is noticed: what it lost after its ack stands there as a gap, and all else arrives', async (t) => {
  const { state, load, startEdge, startCloud } = await machines(t);
  let cloud = startCloud();
  const edge = startEdge();
  await delivers(edge);
  await cloud.end();
  const backup = join(await temporaryDirectory(t), 'cloud');
  await cp(join(state, 'cloud'), backup, copying);
  cloud = startCloud();
  await delivers(edge);
  await cloud.end('SIGKILL');
  await rm(join(state, 'cloud'), { recursive: true });
  await cp(backup, join(state, 'cloud'), copying);
  const from = edge.lines.length;
  cloud = startCloud();
  const forked = await forks(edge, from);
  t.is(forked.code, 'edge-forked');
  t.regex(forked.cause, /older|restored|histor|wiped/);
  await load.stop();
  const [before, after, ...more] = inOrder(await filedUpTo(state, edgeId, load.sent())).map(valuesOf);
  t.deepEqual(more, []);
  t.true(isRun(before!) && isRun(after!));
  t.is(before![0], 1);
  t.is(after!.at(-1), load.sent());
  const lost = after![0]! - 1 - before!.at(-1)!;
  t.true(lost > 0, 'the backup is older than what was acknowledged');

  const cat = startFogrun(t, ['cat', edgeId], { FOGRUN_STATE: state });
  t.is((await cat.ended).code, 0);
  t.regex(cat.stderr(), new RegExp(`gap \\(epoch\\): seq 1 to ${after![0]! - 1}, .*older copy`));
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('a cloud exchanged for another and back: each notices, and in both together every reading is there exactly once', async (t) => {
  const { state, load, startEdge, startCloud } = await machines(t);
  const other = await temporaryDirectory(t);
  const edge = startEdge();
  const first = startCloud();
  await delivers(edge);
  t.is((await first.end()).code, 0);

  let from = edge.lines.length;
  const second = startCloud(other);
  const toOther = await forks(edge, from);
  t.regex(toOther.cause, /another cloud/);
  await delivers(edge);
  t.is((await second.end()).code, 0);

  from = edge.lines.length;
  const third = startCloud();
  await forks(edge, from);
  await load.stop();
  await filedUpTo(state, edgeId, load.sent());
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await third.end()).code, 0, third.stderr());

  // What the other one had not filed when it ended is filed at its next start.
  const again = startCloud(other);
  await again.line(moved('receiver', 'serving.listening'));
  const stored = async () =>
    [...(await filedNumbers(state, edgeId)), ...(await filedNumbers(other, edgeId))].flatMap(valuesOf);
  for (const late = Date.now() + 20_000; (await stored()).length < load.sent() && Date.now() < late; ) {
    await wait(100);
  }
  await again.end();
  t.deepEqual(
    (await stored()).sort((a, b) => a - b),
    numbers(1, load.sent()),
  );
});

test('an edge restored from an older snapshot is noticed: nothing in the cloud is touched, and what it reads again is an epoch of its own', async (t) => {
  const { state, load, startEdge, startCloud } = await machines(t);
  const cloud = startCloud();
  let edge = startEdge();
  await delivers(edge);
  t.is((await edge.end()).code, 0);
  const snapshot = join(await temporaryDirectory(t), 'logfile');
  await cp(join(state, 'logfile'), snapshot, copying);
  edge = startEdge();
  await delivers(edge);
  t.is((await edge.end()).code, 0);
  await wait(500);
  const [original] = inOrder(await filedNumbers(state, edgeId)).map(valuesOf);
  await rm(join(state, 'logfile'), { recursive: true });
  await cp(snapshot, join(state, 'logfile'), copying);

  edge = startEdge();
  const forked = await forks(edge, 0);
  t.is(forked.code, 'edge-forked');
  t.regex(forked.cause, /copy|snapshot|older|histor/);
  await load.stop();
  const epochs = inOrder(await filedUpTo(state, edgeId, load.sent())).map(valuesOf);
  t.is(epochs.length, 2);
  const [before, after] = epochs as [number[], number[]];
  t.deepEqual(before.slice(0, original!.length), original);
  t.true(isRun(before) && isRun(after));
  t.true(after[0]! > 1 && after[0]! <= before.at(-1)! + 1, 'without a hole');
  t.is(after.at(-1), load.sent());
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});
