import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { filedReadings, moved, shipped, startFogrun, world } from '../helpers/fogrun.ts';

const edge = 'edge-under-test';
const valueIn = (reading: object) => (reading as { value?: unknown }).value;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `{"device":"d","sensor":"n","value":${from + i}}\n`).join(
    '',
  );

test('a log that grows, is rotated, and whose reader is killed is in the cloud once, in order', async (t) => {
  const env = await world(t);
  const path = join(env.FOGRUN_STATE!, 'a.log');
  env.LOG_FILE = path;
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const command = [shipped('logfile.yaml'), '--log', 'json'];
  const first = startFogrun(t, command, env);
  await first.line(moved('log', 'waitingForFile'));
  await writeFile(path, lines(1, 10_000));
  await first.line(moved('log', 'tailing'));
  await appendFile(path, lines(10_001, 20_000));
  await first.end('SIGKILL');
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, lines(20_001, 20_010));
  await writeFile(path, lines(20_011, 30_000));

  const second = startFogrun(t, command, { ...env, LOG_MODE: 'once' });
  await second.line(moved('log', 'done'));
  const values = async () =>
    [...(await filedReadings(env.FOGRUN_STATE!, edge)).values()].flat().map((reading) => valueIn(reading));
  // Whichever segment is the last one: it is filed when all of them are. Before the first there is no directory.
  const filed = async () => (await values().catch(() => [])).length;
  for (const until = performance.now() + 20_000; (await filed()) < 30_000; await sleep(50)) {
    if (performance.now() > until) break;
  }
  t.is((await second.end()).code, 0);
  t.is((await cloud.end()).code, 0);
  t.deepEqual(
    await values(),
    Array.from({ length: 30_000 }, (_, i) => i + 1),
  );
});
