import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import {
  type Fogrun,
  filedReadings,
  freePort,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';

const edgeId = 'edge-under-test';
const isForked = moved('uploader', 'forked');

/** Readings that this run sealed before its uploader last had nothing left to send: all of them are in a cloud. */
function delivered({ lines }: Fogrun): number {
  const until = lines.findLastIndex(moved('uploader', 'idle'));
  const sealed = lines.slice(0, until).filter(segment('sealed'));
  return sealed.reduce((sum, { readings }) => sum + readings, 0);
}

function deletedReadings({ lines }: Fogrun): number {
  return lines.filter(segment('deleted')).reduce((sum, { readings }) => sum + readings, 0);
}

/** Waits until readings were deleted, which a gap alone has none of, and then nothing was left to send. */
async function drained(edge: Fogrun): Promise<void> {
  const from = edge.lines.length;
  const deleted = await edge.line((line) => segment('deleted')(line) && line.readings > 0, from);
  await edge.line(moved('uploader', 'idle'), edge.lines.indexOf(deleted));
}

/** Node.js does not copy a socket, such as one that a killed pipeline left. */
const copying = { recursive: true, filter: (path: string) => !path.endsWith('.sock') };

const isContiguous = (seqs: readonly number[]) => seqs.every((seq, i) => seq === seqs[0]! + i);
const seqsOf = (readings: readonly { seq: number }[]) => readings.map(({ seq }) => seq);

/** Numbers of the readings in the files of the edge's first epoch there, once they fit: acknowledged is not filed yet. */
async function filedOnce(state: string, fits: (seqs: readonly number[]) => boolean): Promise<number[]> {
  for (const until = performance.now() + 30_000; ; await sleep(50)) {
    const epochs = await filedReadings(state, edgeId).catch(() => new Map<string, { seq: number }[]>());
    const [first = []] = [...epochs.values()];
    const seqs = seqsOf(first);
    if (fits(seqs) || performance.now() > until) return seqs;
  }
}

test('a cloud whose state was deleted while the edge runs gets the rest in a new epoch, and the edge says why', async (t) => {
  const env = await world(t);
  const state = env.FOGRUN_STATE!;
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await edge.line((line) => segment('deleted')(line) && line.segment === 2);
  await cloud.end('SIGKILL');
  // Files whose write the kill prevented are made at the next start.
  const kept = await temporaryDirectory(t);
  await cp(join(state, 'cloud'), join(kept, 'cloud'), copying);
  await rm(join(state, 'cloud'), { recursive: true });

  const again = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const forked = await edge.line(isForked);
  t.is(forked.code, 'edge-forked');
  t.regex(forked.cause, /another cloud, or was wiped/);
  t.regex(forked.advice, /new epoch/);
  await drained(edge);
  t.is((await edge.end()).code, 0, edge.stderr());
  const after = await filedOnce(state, (seqs) => (seqs.at(-1) ?? 0) >= delivered(edge));
  t.is((await again.end()).code, 0, again.stderr());
  t.is(edge.lines.filter(isForked).length, 1);

  const old = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], { ...env, FOGRUN_STATE: kept });
  await old.line(moved('receiver', 'serving.listening'));
  const before = await filedOnce(kept, (seqs) => (seqs.at(-1) ?? 0) >= after[0]! - 1);
  t.is((await old.end()).code, 0);
  t.true(isContiguous(before) && isContiguous(after));
  t.is(before[0], 1);
  t.true(after[0]! > 1 && after[0]! <= before.at(-1)! + 1, 'what was acknowledged is not sent again');
  t.true(after.at(-1)! >= delivered(edge));
});

test('an edge and a copy of it against one cloud: one forks and says why, and every reading of both arrives', async (t) => {
  const env = await world(t);
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const original = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await original.line(segment('deleted'));
  t.is((await original.end()).code, 0);
  const copy = await temporaryDirectory(t);
  await cp(join(env.FOGRUN_STATE!, 'edge'), join(copy, 'edge'), copying);

  const twins = [
    startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env),
    startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], {
      ...env,
      FOGRUN_STATE: copy,
      TINKERFORGE_PORT: String(await freePort()),
    }),
  ] as const;
  const isFork = async (twin: Fogrun) => ({ twin, line: await twin.line(isForked) });
  const { twin: forked, line } = await Promise.any(twins.map(isFork));
  const other = twins.find((twin) => twin !== forked)!;
  t.is(line.code, 'edge-forked');
  t.regex(line.cause, /copy|snapshot|histor/);
  await Promise.all(twins.map(drained));
  for (const twin of twins) t.is((await twin.end()).code, 0, twin.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
  t.is(forked.lines.filter(isForked).length, 1);
  t.is(other.lines.filter(isForked).length, 0);

  const epochs = [...(await filedReadings(env.FOGRUN_STATE!, edgeId)).values()].map(seqsOf);
  t.is(epochs.length, 2);
  for (const seqs of epochs) t.true(isContiguous(seqs));
  const filed = epochs.reduce((sum, seqs) => sum + seqs.length, 0);
  const runs = [original, ...twins];
  const promised = runs.reduce((sum, run) => sum + delivered(run), 0);
  const deleted = runs.reduce((sum, run) => sum + deletedReadings(run), 0);
  t.log({ filed, promised, deleted });
  t.true(filed >= promised, `${promised} readings were promised, ${filed} are filed`);
  t.true(filed >= deleted, `${deleted} readings were deleted, ${filed} are filed`);
});
