import { createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Fogrun, freePort, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo, sendLoad, withAcks } from '../helpers/load.ts';

/** Of the promise of 5 s, and what a busy machine takes to end a process besides. */
const endMsMax = 6_000;

async function machines(t: ExecutionContext) {
  const env = await world(t, { INGEST_PORT: String(await freePort()) });
  const file = await withAcks(env.FOGRUN_STATE!);
  return {
    env,
    load: sendLoad(t, Number(env.INGEST_PORT), 5_000),
    startEdge: () => startFogrun(t, [file, '--log', 'json'], env),
    startCloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
  };
}

async function endsInTime(t: ExecutionContext, fogrun: Fogrun, what: string): Promise<void> {
  const fromMs = performance.now();
  const { code } = await fogrun.end('SIGTERM');
  const tookMs = performance.now() - fromMs;
  t.log(`${what}: ${Math.round(tookMs)} ms`);
  t.true(tookMs < endMsMax, what);
  t.is(code, 0, fogrun.stderr());
}

test('told to end in the middle of a flood, edge and cloud end in order within 5 s, and nothing they took is lost or repeated', async (t) => {
  const { env, load, startEdge, startCloud } = await machines(t);
  let cloud = startCloud();
  let edge = startEdge();
  await edge.line(segment('deleted'));
  for (const round of [1, 2, 3]) {
    await endsInTime(t, edge, `edge, round ${round}`);
    edge = startEdge();
    await edge.line(segment('deleted'));
    await endsInTime(t, cloud, `cloud, round ${round}`);
    cloud = startCloud();
  }
  await load.stop();
  const epochs = await filedUpTo(env.FOGRUN_STATE!, 'edge-under-test', load.told());
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  await edge.end();
  await cloud.end();
});

test('told to end under a flood while its cloud takes bytes and says nothing, an edge ends within 5 s and keeps what it accepted', async (t) => {
  const { env, load, startEdge, startCloud } = await machines(t);
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).resume());
  });
  await new Promise<void>((resolve) => mute.listen(Number(env.CLOUD_PORT), '127.0.0.1', resolve));
  const edge = startEdge();
  await edge.line(segment('sealed'));
  await wait(1_000);
  await endsInTime(t, edge, 'edge');
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));

  const cloud = startCloud();
  const again = startEdge();
  await load.stop();
  const epochs = await filedUpTo(env.FOGRUN_STATE!, 'edge-under-test', load.told());
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  await again.end();
  await cloud.end();
});
