/** Takes root, iproute2 and nftables, for hosts of its own; says so where they are missing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo, withHeartbeat, writeLoad } from '../helpers/load.ts';
import { canRun } from '../helpers/needs.ts';
import { type TwoHosts, twoHosts, twoHostsTools } from '../helpers/two-hosts.ts';
import { waitedMs } from '../helpers/waited.ts';

const edgeId = 'edge-under-test';
const heartbeatMs = 500;
/** Three heartbeats, and what a busy machine takes to say so. */
const silenceMs = 3 * heartbeatMs + 1_000;

/** Edge and cloud on hosts of their own; the edge follows a log that grows. */
async function machines(t: ExecutionContext, perSecond = 2_000) {
  const hosts = twoHosts(t);
  const env = await world(t, {
    CLOUD_BIND: hosts.cloudHost,
    CLOUD_HOST: hosts.cloudHost,
    FOGRUN_INSECURE: 'true',
  });
  const log = join(await temporaryDirectory(t), 'log.ndjson');
  await writeFile(log, '');
  const cloudFile = await withHeartbeat(env.FOGRUN_STATE!, `${heartbeatMs}ms`);
  const edgeEnv = { ...env, LOG_FILE: log };
  const startEdge = () => startFogrun(t, [shipped('logfile.yaml'), '--log', 'json'], edgeEnv, hosts.on.edge);
  const cloud = startFogrun(t, [cloudFile, '--log', 'json'], env, hosts.on.cloud);
  await cloud.line(moved('receiver', 'serving.listening'));
  const edge = startEdge();
  const load = writeLoad(t, log, perSecond);
  await edge.line(segment('deleted'));
  return { hosts, env, cloud, edge, load, startEdge };
}

/** Everything that was written is in the cloud, once, in order. */
async function arrived(t: ExecutionContext, state: string, last: number): Promise<void> {
  const epochs = await filedUpTo(state, edgeId, last);
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, last), []);
  t.is(epochs[0]!.length, last);
}

const linkLost = (line: LogLine) => moved('uploader', 'waitingToRetry')(line);
const isSessionsEnd = (line: LogLine) =>
  line.type === 'transition' && line.actor.startsWith('receiver') && /silent/.test(`${line.code}`);
const sealedUpTo = ({ lines }: Fogrun) => lines.findLast(segment('sealed'))!.segment as number;

const breaks: readonly (readonly [string, (hosts: TwoHosts) => void])[] = [
  ['a black hole', (hosts) => hosts.blackHole()],
  ['a cable pulled at the far end', (hosts) => hosts.pull()],
];
for (const [what, breakIt] of breaks) {
  test(`${what} is noticed by both sides within three heartbeats, and afterwards the backlog drains with nothing new to send`, async (t) => {
    if (!canRun(t, ...twoHostsTools)) return;
    const { hosts, env, cloud, edge, load } = await machines(t);
    const from = edge.lines.length;
    const brokenMs = Date.now();
    breakIt(hosts);
    const lost = await edge.line(linkLost, from);
    t.is(lost.code, 'link-silent');
    const ended = await cloud.line(isSessionsEnd);
    const [edgeMs, cloudMs] = [lost, ended].map(({ time }) => Date.parse(time) - brokenMs) as [
      number,
      number,
    ];
    t.log(`noticed after ${edgeMs} and ${cloudMs} ms`);
    t.true(edgeMs < silenceMs && cloudMs < silenceMs);
    const backlog = sealedUpTo(edge) + 5;
    await edge.line((line) => segment('sealed')(line) && line.segment >= backlog, from);
    await load.stop();
    // Everything that is there is sealed; nothing new comes that could set the sending off.
    await wait(500);
    const newest = sealedUpTo(edge);
    hosts.mend();
    await edge.line((line) => segment('deleted')(line) && line.segment >= newest, from);
    await arrived(t, env.FOGRUN_STATE!, load.sent());
    t.is((await edge.end()).code, 0, edge.stderr());
    t.is((await cloud.end()).code, 0, cloud.stderr());
  });
}

test('resets are a lost link at once, tried again with growing waits, and the backlog drains when they end', async (t) => {
  if (!canRun(t, ...twoHostsTools)) return;
  const { hosts, env, cloud, edge, load } = await machines(t);
  const from = edge.lines.length;
  const waitedBefore = await waitedMs(edge);
  const brokenMs = Date.now();
  hosts.reset();
  const lost = await edge.line(linkLost, from);
  t.true(Date.parse(lost.time) - brokenMs - ((await waitedMs(edge)) - waitedBefore) < 1_000);
  t.regex(lost.code, /^link-(?:lost|unreachable)$/);
  const third = await edge.line((line) => linkLost(line) && line.attempt >= 3, from);
  t.truthy(third.retryInMs);
  await load.stop();
  hosts.mend();
  await arrived(t, env.FOGRUN_STATE!, load.sent());
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('a link that carries less than comes in stays up, delivers in order, and catches up when it is wider', async (t) => {
  if (!canRun(t, ...twoHostsTools)) return;
  const { hosts, env, cloud, edge, load } = await machines(t, 20_000);
  const from = edge.lines.length;
  hosts.slow(1_000_000);
  // More comes in than goes out from the first moment on: what is deleted now went through the narrow link.
  await edge.line(() => edge.lines.slice(from).filter(segment('deleted')).length >= 3);
  await wait(3_000);
  const waiting = load.sent();
  await load.stop();
  t.false(edge.lines.slice(from).some(linkLost), 'heartbeats and answers come through');
  const slowly = edge.lines.slice(from).filter(segment('deleted'));
  hosts.mend();
  await arrived(t, env.FOGRUN_STATE!, load.sent());
  t.log(
    `${waiting} lines written meanwhile, ${slowly.reduce((sum, { readings }) => sum + readings, 0)} deleted`,
  );
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('an edge that dies behind a black hole leaves no session in the cloud, and its next start goes on', async (t) => {
  if (!canRun(t, ...twoHostsTools)) return;
  const { hosts, env, cloud, edge, load, startEdge } = await machines(t);
  hosts.blackHole();
  await edge.end('SIGKILL');
  t.is((await cloud.line(isSessionsEnd)).code, 'link-silent');
  const again = startEdge();
  await again.line(segment('sealed'));
  hosts.mend();
  await again.line(segment('deleted'));
  await load.stop();
  await arrived(t, env.FOGRUN_STATE!, load.sent());
  t.is((await again.end()).code, 0, again.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});
