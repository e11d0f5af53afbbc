import { randomFillSync } from 'node:crypto';
import { access, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openEdgeStore } from '../../src/store/open-edge-store.ts';
import { batch, seededRandom, temporaryDir } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const common = { edge: '', cursors: ['uploader'], clock: systemClock, bytesMax: 2 ** 24, headroomBytes: 0 };

async function filled(dir: string): Promise<{ edge: string; epoch: string }> {
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('a') });
  for (let i = 0; i < 20; i++) {
    await store.append([batch(500)]);
    await store.seal('readings');
  }
  await store.close();
  return { edge: store.edge, epoch: store.epoch };
}

test('pages of noise are found when the store is suspect: moved aside, a fresh epoch, the same edge', async (t) => {
  const dir = await temporaryDir(t);
  const before = await filled(dir);
  const handle = await open(join(dir, 'lmdb', 'data.mdb'), 'r+');
  await handle.write(randomFillSync(Buffer.alloc(20 * 4_096)), 0, 20 * 4_096, 2 * 4_096);
  await handle.close();
  await writeFile(join(dir, 'suspect'), 'a commit failed\n');
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
  t.like(store.recovered, { code: 'store-corrupt' });
  t.regex(store.recovered!.message, /moved to .*lmdb\.corrupt-\d+ .*new epoch/);
  t.is(store.edge, before.edge);
  t.not(store.epoch, before.epoch);
  await store.close();
  t.deepEqual((await readdir(dir)).filter((name) => !name.startsWith('lmdb')).sort(), ['edge.json']);
});

test('a suspect store that is well is kept, and the mark goes', async (t) => {
  const dir = await temporaryDir(t);
  const before = await filled(dir);
  await writeFile(join(dir, 'suspect'), 'a commit failed\n');
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
  t.is(store.recovered, undefined);
  t.is(store.epoch, before.epoch);
  await store.close();
  await t.throwsAsync(access(join(dir, 'suspect')));
});

test('an empty or missing data file where a store was is an alarm, and another edge may not take its place', async (t) => {
  for (const damage of [(file: string) => truncate(file, 0), (file: string) => rm(file)]) {
    const dir = await temporaryDir(t);
    const before = await filled(dir);
    await damage(join(dir, 'lmdb', 'data.mdb'));
    const other = openEdgeStore({ ...common, dir, edge: 'barn', random: seededRandom('b') });
    await t.throwsAsync(other, { code: 'pipeline-invalid' });
    const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
    t.like(store.recovered, { code: 'store-corrupt' });
    t.is(store.edge, before.edge);
    await store.close();
  }
});

test('a directory removed while the store is idle fails it within two seconds, and no timer is left', async (t) => {
  const dir = await temporaryDir(t);
  const clock = createVirtualClock();
  const store = await openEdgeStore({ ...common, clock, dir, random: seededRandom('a') });
  await store.append([batch(1)]);
  const failed = new Promise<void>((resolve) => {
    store.subscribe((event) => event.type === 'state' && event.to === 'failed' && resolve());
  });
  await rm(dir, { recursive: true });
  await clock.advance(2_000);
  await failed;
  t.like(store.status().cause, { code: 'store-failed' });
  t.regex(store.status().cause!.message, /removed or replaced.*data\.mdb is gone/);
  await t.throwsAsync(store.append([batch(1)]), { code: 'store-failed' });
  await t.throwsAsync(store.seal('readings'), { code: 'store-failed' });
  await store.close();
  t.is(clock.pending, 0);
});
