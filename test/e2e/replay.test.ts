import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { filedReadings, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

test('recorded weather is replayed through kills, each row stored once, and its tendency is told', async (t) => {
  const env = await world(t, {
    CSV_FILE: shipped('replay.csv'),
    REPLAY_SPEED: '6000',
    ROTATE_EVERY: '150ms',
  });
  startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const begin = () => startFogrun(t, [shipped('replay.yaml'), '--log', 'json'], env);
  for (let kills = 0; kills < 2; kills++) {
    const edge = begin();
    await edge.line(segment('acknowledged'));
    await edge.end('SIGKILL');
  }
  const last = begin();
  const done = await last.line(moved('history', 'done'));
  t.truthy(done);
  const told = await last.line(({ type, tendency }) => type === 'forecast' && typeof tendency === 'number');
  t.is(told.sensor, 'pressure');
  const filed = async () =>
    [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()].flat() as {
      seq: number;
      time: string;
      sensor: string;
    }[];
  for (const until = performance.now() + 20_000; (await filed()).length < 435; await sleep(50)) {
    if (performance.now() > until) break;
  }
  t.is((await last.end()).code, 0);
  const all = await filed();
  t.deepEqual(
    all.map(({ seq }) => seq),
    Array.from({ length: 435 }, (_, i) => i + 1),
  );
  t.is(new Set(all.map(({ time, sensor }) => `${time} ${sensor}`)).size, 435);
});
