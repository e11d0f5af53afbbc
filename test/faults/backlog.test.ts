import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type Fogrun, freePort, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';
import { faultsIn, filedUpTo, sendLoad, withAcks } from '../helpers/load.ts';
import { waitedMs } from '../helpers/waited.ts';

const edgeId = 'edge-under-test';

async function machines(t: ExecutionContext, max: string) {
  const env = await world(t, { INGEST_PORT: String(await freePort()), ROTATE_EVERY: '1s' });
  const file = await withAcks(env.FOGRUN_STATE!, (text) => text.replace('max: 2GiB', `max: ${max}`));
  return {
    env,
    startEdge: () => startFogrun(t, [file, '--log', 'json'], env),
    startCloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
  };
}

const memoryMiB = async ({ child }: Fogrun) =>
  Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;

/** Sends numbered lines as fast as they are taken; resolves when all are accepted. */
async function flood(port: number, count: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  const text = 'x'.repeat(60);
  const accepted = new Promise<void>((resolve, reject) => {
    let rest = '';
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      const lines = (rest + bytes).split('\n');
      rest = lines.pop()!;
      if (lines.some((line) => JSON.parse(line).line === count)) resolve();
    });
  });
  for (let from = 1; from <= count; from += 1_000) {
    let lines = '';
    for (let value = from; value < from + 1_000 && value <= count; value++)
      lines += `{"device":"d","sensor":"${text}","value":${value}}\n`;
    if (!socket.write(lines)) await once(socket, 'drain');
  }
  await accepted;
  socket.end();
}

test('an edge that was killed over a large backlog sends again within a second, in bounded memory, oldest first', async (t) => {
  t.timeout(120_000);
  const count = 600_000;
  const { env, startEdge, startCloud } = await machines(t, '2GiB');
  const cloud = startCloud();
  await cloud.line(moved('receiver', 'serving.listening'));
  await cloud.end();
  const edge = startEdge();
  await edge.line(moved('lines', 'serving.listening'));
  await flood(Number(env.INGEST_PORT), count);
  await edge.end('SIGKILL');

  const again = startCloud();
  await again.line(moved('receiver', 'serving.listening'));
  const restarted = startEdge();
  const opened = await restarted.line(moved('store', 'open'));
  const sent = await restarted.line(segment('sent'));
  t.is(sent.segment, 1, 'the oldest first');
  const tookMs = Date.parse(sent.time) - Date.parse(opened.time);
  const othersMs = await waitedMs(restarted);
  const [readings] = await filedUpTo(env.FOGRUN_STATE!, edgeId, count);
  const peakMiB = await memoryMiB(restarted);
  t.log(
    `${count} readings waited; the first segment went after ${tookMs} ms, with ${Math.round(othersMs)} ms of waiting for a processor; ${Math.round(peakMiB)} MiB at most`,
  );
  t.true(tookMs - othersMs < 1_000);
  t.true(peakMiB < 400);
  t.deepEqual(faultsIn(readings!, count), []);
  t.is((await restarted.end()).code, 0, restarted.stderr());
  t.is((await again.end()).code, 0, again.stderr());
});

test('an edge whose store filled up while its cloud was away, and that was killed over it, reconnects, drains and takes again', async (t) => {
  const { env, startEdge, startCloud } = await machines(t, '4MiB');
  const edge = startEdge();
  const load = sendLoad(t, Number(env.INGEST_PORT), 30_000);
  t.regex((await edge.line(moved('store', 'full'))).cause, /holds .* of 4MiB/);
  await edge.end('SIGKILL');
  const restarted = startEdge();
  await restarted.line(moved('store', 'full'));
  const told = load.told();
  const cloud = startCloud();
  await restarted.line(segment('deleted'));
  await restarted.line(moved('store', 'open'), restarted.lines.findIndex(moved('store', 'full')));
  await load.stop();
  t.true(load.told() > told, 'it takes again');
  const epochs = await filedUpTo(env.FOGRUN_STATE!, edgeId, load.told());
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.is((await restarted.end()).code, 0, restarted.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});

test('an edge with a backlog that goes on taking catches up at three times the rate of what comes in, oldest first, in order', async (t) => {
  const { env, startEdge, startCloud } = await machines(t, '2GiB');
  const edge = startEdge();
  await edge.line(moved('lines', 'serving.listening'));
  const outageFromMs = performance.now();
  const load = sendLoad(t, Number(env.INGEST_PORT), 2_000);
  await edge.line((line) => segment('sealed')(line) && line.segment === 8);
  const outageMs = performance.now() - outageFromMs;
  const cloud = startCloud();
  const greeted = await edge.line(segment('sent'));
  t.is(greeted.segment, 1);
  const caughtUp = await edge.line(moved('uploader', 'idle'), edge.lines.indexOf(greeted));
  const tookMs = Date.parse(caughtUp.time) - Date.parse(greeted.time);
  t.log(`${Math.round(outageMs)} ms of readings and all that came meanwhile went within ${tookMs} ms`);
  // What came in during the outage goes in half of it, while as much again comes in: three times the rate.
  t.true(tookMs < outageMs / 2);
  const order = edge.lines.filter(segment('sent')).map((line) => line.segment);
  t.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  await load.stop();
  const epochs = await filedUpTo(env.FOGRUN_STATE!, edgeId, load.told());
  t.deepEqual(faultsIn(epochs.flat(), load.told(), load.starts), []);
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
});
