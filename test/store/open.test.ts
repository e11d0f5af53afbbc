import { randomFillSync } from 'node:crypto';
import { access, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openLmdbKv } from '../../src/store/lmdb-kv.ts';
import { openCloudStore } from '../../src/store/open-cloud-store.ts';
import { openEdgeStore } from '../../src/store/open-edge-store.ts';
import { batch, seededRandom, temporaryDir } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { chain } from '../suites/cloud-store.ts';

const common = {
  edge: 'shed',
  cursors: ['uploader'],
  clock: systemClock,
  bytesMax: 2 ** 24,
  headroomBytes: 0,
};

async function filled(dir: string): Promise<string> {
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('a') });
  for (let i = 0; i < 20; i++) {
    await store.append([batch(500)]);
    await store.seal('readings');
  }
  await store.close();
  return store.epoch;
}

const damages: Record<string, (file: string) => Promise<void>> = {
  foreign: (file) => writeFile(file, Buffer.alloc(40_960, 65)),
  'shorter than a page': (file) => writeFile(file, 'short'),
  'cut in the middle': (file) => truncate(file, 200_704),
  'cut after its first pages': (file) => truncate(file, 8_192),
  'filled with noise, which ended the process before': async (file) => {
    const bytes = await readFile(file);
    await writeFile(file, randomFillSync(bytes, 8_192));
    await writeFile(join(file, '..', '..', 'start.json'), '');
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`a data file ${what} is moved aside, and a fresh epoch starts with an alarm`, async (t) => {
    const dir = await temporaryDir(t);
    const epoch = await filled(dir);
    await damage(join(dir, 'lmdb', 'data.mdb'));
    const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
    t.like(store.recovered, { code: 'store-corrupt' });
    t.not(store.epoch, epoch);
    // The cloud hears of it as well, first of all.
    const gap = JSON.parse(Buffer.from(await store.body(store.header('readings', 1)!)).toString());
    t.like(gap, { gap: 'corrupt', count: 0 });
    t.regex(
      gap.text,
      /^A fresh store began: .* moved to .*lmdb\.corrupt-\d+ with all that was not acknowledged/,
    );
    await store.append([batch(1)]);
    t.is(store.openSegment('readings').count, 1);
    await store.close();
    const aside = (await readdir(dir)).find((name) => /^lmdb\.corrupt-\d+$/.test(name));
    await t.notThrowsAsync(access(join(dir, aside!, 'data.mdb')));
  });
}

test("a cloud's corrupt store is moved aside with an alarm; a fresh epoch takes edges, and the files stay", async (t) => {
  const dir = await temporaryDir(t);
  const options = { dir, clock: systemClock, bytesMax: 2 ** 24, consumers: [], headroomBytes: 0 };
  const store = await openCloudStore({ ...options, random: seededRandom('a') });
  const [one] = chain(1);
  const { edge, epoch } = one!.header;
  const admission = await store.admit(edge, epoch, 0, []);
  const { receipt } = await store.put(admission.admitted ? admission.token : 0, one!.header, one!.body);
  await store.filed();
  await store.close();
  await writeFile(join(dir, 'lmdb', 'data.mdb'), Buffer.alloc(40_960, 65));
  const again = await openCloudStore({ ...options, random: seededRandom('b') });
  t.like(again.recovered, { code: 'store-corrupt' });
  t.regex(again.recovered!.message, /moved to .*lmdb\.corrupt-\d+.*fresh store begins there, in a new epoch/);
  t.not(again.epoch, store.epoch);
  t.deepEqual(await readFile(join(dir, receipt.file)), Buffer.from(one!.body));
  // An edge that this cloud acknowledged before is told that it does not continue; a new epoch is taken.
  const { hash } = one!.header;
  const head = { stream: 'readings', sealed: 1, sealedHash: hash, acknowledged: 1, acknowledgedHash: hash };
  t.false((await again.admit(edge, epoch, 1, [head])).admitted);
  t.true((await again.admit(edge, 'cd'.repeat(16), 0, [])).admitted);
  await again.close();
});

test('a store that is well is not reported as recovered, and is locked while open', async (t) => {
  const dir = await temporaryDir(t);
  const epoch = await filled(dir);
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
  t.is(store.recovered, undefined);
  t.is(store.epoch, epoch);
  await t.throwsAsync(openEdgeStore({ ...common, dir, random: seededRandom('c') }), { code: 'store-locked' });
  await store.close();
});

test('a store whose owner died while opening it is read through once, and kept when it is whole', async (t) => {
  const dir = await temporaryDir(t);
  const epoch = await filled(dir);
  await writeFile(join(dir, 'start.json'), '');
  const store = await openEdgeStore({ ...common, dir, random: seededRandom('b') });
  t.is(store.recovered, undefined);
  t.is(store.epoch, epoch);
  t.deepEqual((await readdir(dir)).sort(), ['edge.json', 'lmdb', 'owner.json', 'start.json']);
  await store.close();
});

test('an edge store is not opened as a cloud store, and stays where it is', async (t) => {
  const dir = await temporaryDir(t);
  await filled(dir);
  const opening = openCloudStore({ ...common, dir, consumers: [], random: seededRandom('b') });
  await t.throwsAsync(opening, { code: 'pipeline-invalid' });
  t.deepEqual((await readdir(dir)).sort(), ['edge.json', 'lmdb']);
});

test('a store with read-only files beside it is readable; a directory that is a file is unwritable', async (t) => {
  const dir = await temporaryDir(t);
  await filled(dir);
  const kv = await openLmdbKv({ path: join(dir, 'lmdb'), readOnly: true, clock: systemClock });
  t.truthy(kv.get(['meta']));
  await t.throwsAsync(
    kv.transaction((w) => w.put(['x'], Buffer.of(1))),
    { code: 'store-failed' },
  );
  await kv.close();
  await writeFile(join(dir, 'file'), '');
  await t.throwsAsync(openLmdbKv({ path: join(dir, 'file'), clock: systemClock }), {
    code: 'store-unwritable',
  });
  const missing = openLmdbKv({ path: join(dir, 'none'), readOnly: true, clock: systemClock });
  await t.throwsAsync(missing, { code: 'file-unreadable' });
  t.false((await readdir(dir)).includes('none'));
});

test('a commit that does not settle within its deadline fails the store', async (t) => {
  const dir = await temporaryDir(t);
  const clock = createVirtualClock();
  const kv = await openLmdbKv({ path: join(dir, 'lmdb'), clock, commitDeadlineMs: 50 });
  const commit = kv.transaction((w) => {
    w.put(['a'], Buffer.of(1));
    // Time passes while the disk has not answered yet.
    void clock.advance(51);
  });
  await t.throwsAsync(
    Promise.resolve().then(async () => {
      const entry = kv.transaction((w) => w.put(['b'], Buffer.of(1)));
      await Promise.all([commit, entry]);
    }),
    { code: 'store-failed' },
  );
  await kv.close();
});

test('nothing in the store waits for the disk synchronously once it is open', async (t) => {
  const folder = join(process.cwd(), 'src', 'store');
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    t.is(/\b\w+Sync\(/.exec(text)?.[0], undefined, name);
  }
});
