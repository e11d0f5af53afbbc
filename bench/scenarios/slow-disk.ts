import { join } from 'node:path';
import { checkFiled, whenFiled } from '../filed.ts';
import { moved } from '../fogrun.ts';
import { hasProgram } from '../measure.ts';
import { Probe } from '../probe.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';
import { nowMs } from '../time.ts';
import { ownPipeline, shipped } from '../world.ts';

const deadlineMs = 120_000;
const syncMs = 500;
const perSecond = 1_000;
const heartbeatMs = 1_000;
const lookEveryMs = 20;
/** Longer than the bound on silence, so that between two segments only heartbeats keep it. */
const sealEveryMs = 5_000;
const bounds = { stallMs: 20, silenceMs: 1.25 * heartbeatMs };
const silence = { edge: 'longest silence of the edge', cloud: 'longest silence of the cloud' };

/** Every call that makes data safe returns half a second late; no other call is looked at. */
const slowly = [
  'strace',
  '--seccomp-bpf',
  '-D',
  '-f',
  '-qq',
  '-o',
  '/dev/null',
  '-e',
  'trace=fdatasync,fsync,msync',
  '-e',
  `inject=fdatasync,fsync,msync:delay_exit=${syncMs * 1_000}`,
];

export const slowDisk: Scenario = {
  name: 'slow-disk',
  what:
    `Edge and cloud on disks whose every sync takes ${syncMs} ms longer (strace delays fdatasync, fsync and msync), with 1,000 ` +
    `readings/s for 20 s, sealed every ${sealEveryMs / 1_000} s, and heartbeats every second in both directions. Between two segments nothing ` +
    'else crosses the link, while the edge syncs on and on and the cloud files. The figure is the longest time in which ' +
    'the event loop of either process did not turn, seen by a timer of 1 ms within it. On a busy machine that contains the time ' +
    'in which other programs had the processors, so it is also given without. The cloud has `bench/pipelines/slow-disk.yaml`: ' +
    '`pipelines/cloud.yaml` with that heartbeat.',
  unit: 'ms',
  target: `<= ${bounds.stallMs} ms, heartbeats on time (no silence above ${bounds.silenceMs} ms), the link never lost`,
  holds: ({ median, figures }) =>
    median <= bounds.stallMs &&
    Object.values(silence).every((name) => (figures[name]?.value ?? Number.NaN) <= bounds.silenceMs),
  impossible: () => (hasProgram('strace', '-V') ? null : 'strace is not installed'),
  run: stallsOnSlowDisks,
};

async function stallsOnSlowDisks({ world, load, quick }: Bench): Promise<Run> {
  const lines = perSecond * (quick ? 3 : 20);
  await load.ask('prepare', { sensor: 'temperature', count: lines });
  const probes = ['edge', 'cloud'].map(
    (name) => new Probe({ file: join(world.directory, `probe-${name}`), stalls: true }),
  );
  const [edgeProbe, cloudProbe] = [probes[0]!, probes[1]!];
  const cloud = world.fogrun([ownPipeline('slow-disk.yaml')], { ...cloudProbe.options, before: slowly });
  await cloud.line(({ text }) => text?.startsWith('listening on'));
  const relay = world.child('relay');
  const target = Number(world.env.CLOUD_PORT);
  const env = {
    ...edgeProbe.options.env,
    CLOUD_PORT: String(await relay.ask('open', { target, delayMs: 0 })),
    ROTATE_EVERY: `${sealEveryMs / 1_000}s`,
  };
  const edge = world.fogrun([shipped('ingest.yaml')], { ...edgeProbe.options, env, before: slowly });
  await edge.line(moved('uploader', 'idle'));

  // What happened while they started does not count.
  await Promise.all([edgeProbe.read(edge.pid), cloudProbe.read(cloud.pid)]);
  const toCloud = longestSilence(async () => (await relay.ask('counts', null)).toTarget);
  const toEdge = longestSilence(async () => (await relay.ask('counts', null)).fromTarget);
  const deleted = edge.deleted(lines, deadlineMs);
  const sealed = edge.next(({ type, what }) => type === 'segment' && what === 'sealed', deadlineMs);
  const first = edge.deleted(1, deadlineMs);
  const port = Number(world.env.INGEST_PORT);
  await Promise.all([load.ask('pace', { port, perSecond, everyMs: 10 }, deadlineMs), deleted]);
  const silences = { [silence.edge]: await toCloud(), [silence.cloud]: await toEdge() };
  const [onEdge, inCloud] = await Promise.all([edgeProbe.read(edge.pid), cloudProbe.read(cloud.pid)]);
  const { connections } = await relay.ask('counts', null);

  const firstMs = (await first).atMs - (await sealed).atMs;
  // Storing and deleting: two commits one after the other.
  if (firstMs < 2 * syncMs) throw new Error(`the first segment was through in ${firstMs} ms: no slow disk`);
  if (connections > 1) throw new Error(`the link was made ${connections} times`);
  await whenFiled(world.data, lines);
  await checkFiled(world.data, 'temperature', lines);
  await Promise.all([edge.end(), cloud.end()]);
  const ms = (value: number) => ({ value, unit: 'ms' });
  return {
    value: Math.max(onEdge.stallMsMax, inCloud.stallMsMax),
    figures: {
      'edge: longest stall': ms(onEdge.stallMsMax),
      'cloud: longest stall': ms(inCloud.stallMsMax),
      'longest stall, waiting for a processor that others had left out': ms(
        Math.max(onEdge.stallOwnMsMax, inCloud.stallOwnMsMax),
      ),
      'stalls above 20 ms, both': { value: onEdge.stalls + inCloud.stalls, unit: '' },
      ...Object.fromEntries(Object.entries(silences).map(([name, value]) => [name, ms(value)])),
      'first segment sealed to deleted': ms(firstMs),
    },
  };
}

/** Watches a count of bytes until the returned function is called, which says how long it stood still, ms. */
function longestSilence(count: () => Promise<number>): () => Promise<number> {
  let longestMs = 0;
  let over = false;
  const watching = (async () => {
    let [bytes, sinceMs] = [await count(), nowMs()];
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      const now = await count();
      longestMs = Math.max(longestMs, nowMs() - sinceMs);
      if (now !== bytes) [bytes, sinceMs] = [now, nowMs()];
    }
  })();
  // Heard at the end, also when the run fails before.
  watching.catch(() => {});
  return async () => {
    over = true;
    await watching;
    return longestMs;
  };
}
