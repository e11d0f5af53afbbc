import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

const edge = [shipped('edge.yaml'), '--log', 'json'];

test('a store full of noise is noticed within three starts, moved aside, and the edge goes on under its name', async (t) => {
  const env = await world(t, { EDGE_ID: '' });
  const first = startFogrun(t, edge, env);
  await first.line((line) => segment('sealed')(line) && line.segment === 5);
  await first.end();
  const home = join(env.FOGRUN_STATE!, 'edge');
  const file = join(home, 'lmdb', 'data.mdb');
  const { edge: name } = JSON.parse(await readFile(join(home, 'edge.json'), 'utf8'));
  const bytes = await readFile(file);
  // The two heads stay as they are: only what they point at is gone.
  for (let at = 2 * 4_096; at < bytes.length; at++) bytes[at] = (at * 2_654_435_761) >>> 13;
  await writeFile(file, bytes);

  for (const words of [['list'], ['export'], ['discard', '--from', '2', '--to', '2', '--yes']]) {
    const asked = startFogrun(t, ['segments', words[0]!, 'edge', ...words.slice(1)], env);
    t.like(await asked.ended, { code: 3, signal: null });
    t.regex(asked.stderr(), /store-corrupt/);
  }

  let noticed = false;
  for (let start = 0; start < 3 && !noticed; start++) {
    const again = startFogrun(t, edge, env);
    const alarm = again.line((line) => line.type === 'problem' && line.code === 'store-corrupt');
    noticed = await alarm.then(
      () => true,
      () => false,
    );
    if (!noticed) continue;
    await again.line(segment('sealed'));
    t.is((await again.end()).code, 0);
  }
  t.true(noticed);
  t.is(JSON.parse(await readFile(join(home, 'edge.json'), 'utf8')).edge, name);
  t.true((await readdir(home)).some((entry) => entry.startsWith('lmdb.corrupt-')));
});

test('a state directory that is removed under a running edge ends it with exit code 3', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, edge, env);
  await fogrun.line(segment('sealed'));
  await rm(join(env.FOGRUN_STATE!, 'edge'), { recursive: true });
  const failed = await fogrun.line(moved('store', 'failed'));
  t.is(failed.code, 'store-failed');
  t.true(failed.cause.includes(join(env.FOGRUN_STATE!, 'edge')), failed.cause);
  t.is((await fogrun.ended).code, 3);
});
