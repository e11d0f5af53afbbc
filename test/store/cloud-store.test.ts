import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { openCloudStore, readCloudStore } from '../../src/store/open-cloud-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom, seqs, temporaryDir } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { chain, cloudStoreSuite } from '../suites/cloud-store.ts';

const common = { bytesMax: 2 ** 24, consumers: ['forecaster'] };

async function memory(more: object = {}) {
  let kv = new MemoryKv();
  const files = new MemoryFiles();
  const clock = createVirtualClock();
  const options = { ...common, clock, random: seededRandom('cloud'), ...more };
  const store = await createCloudStore(kv, files, options);
  return {
    store,
    kv,
    files,
    clock,
    reopen: async () => {
      kv = new MemoryKv(kv.crash());
      const again = await createCloudStore(kv, files, options);
      await again.resume();
      return again;
    },
  };
}

async function begin(store: Awaited<ReturnType<typeof memory>>['store']): Promise<number> {
  const admission = await store.admit('shed', 'ab'.repeat(16), 0, []);
  return admission.admitted ? admission.token : 0;
}

cloudStoreSuite(test, 'memory', () => memory());

cloudStoreSuite(test, 'lmdb', async (t) => {
  const dir = await temporaryDir(t);
  const options = { ...common, dir, clock: systemClock, random: seededRandom('cloud'), headroomBytes: 0 };
  let store = await openCloudStore(options);
  t.teardown(() => store.close());
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openCloudStore(options);
      return store;
    },
  };
});

test('while files cannot be written the bytes are kept, then the store is full, and it recovers by itself', async (t) => {
  const { store, files, clock } = await memory({ bytesMax: 600 });
  const token = await begin(store);
  const segments = chain(4);
  files.refusal = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  let stored = 0;
  for (const s of segments) {
    const error = await store.put(token, s.header, s.body).then(
      () => null,
      (e: { code: string }) => e.code,
    );
    if (error) {
      t.is(error, 'store-full');
      break;
    }
    stored++;
  }
  t.true(stored > 0 && stored < 4);
  t.is(store.status().state, 'full');
  t.true((await store.put(token, segments[0]!.header, segments[0]!.body)).known);
  await clock.advance(5_000);
  files.refusal = null;
  await clock.until(store.filed(), 120_000);
  t.is(files.disk.files.size, stored);
  t.is(store.status().state, 'open');
  await store.put(token, segments[stored]!.header, segments[stored]!.body);
});

test('bytes that an earlier process left are filed at the next opening', async (t) => {
  const { store, files, reopen } = await memory();
  const token = await begin(store);
  files.refusal = new Error('EIO');
  for (const s of chain(3)) await store.put(token, s.header, s.body);
  files.refusal = null;
  const again = await reopen();
  await again.filed();
  t.is(files.disk.files.size, 3);
  t.is(again.status().bytes, 0);
});

test('an orderly end files what is still in the store', async (t) => {
  const { store, files, kv } = await memory();
  const token = await begin(store);
  await Promise.all(chain(100).map((s) => store.put(token, s.header, s.body)));
  await store.close();
  t.is(files.disk.files.size, 100);
  t.deepEqual(
    entriesOf(kv.disk).filter(({ key }) => key[0] === 'body'),
    [],
  );
});

test('a file that an earlier store left is not overwritten', async (t) => {
  const { store, files, clock } = await memory();
  const token = await begin(store);
  const path = `data/shed/${'ab'.repeat(16)}/${Math.floor(clock.now() / 1000)}.ndjson`;
  files.disk.keepFile(path, Buffer.from('older\n'));
  const [one] = chain(1);
  await store.put(token, one!.header, one!.body);
  await store.filed();
  t.is(Buffer.from(files.disk.files.get(path)!).toString(), 'older\n');
  const [receipt] = [...store.receipts('shed', 'readings')];
  t.not(receipt!.file, path);
  t.deepEqual(seqs(await store.body(receipt!)), [1, 2]);
});

test('names go on when the clock goes back', async (t) => {
  const { store, clock } = await memory();
  const token = await begin(store);
  const files: string[] = [];
  for (const s of chain(4)) {
    files.push((await store.put(token, s.header, s.body)).receipt.file.split('/')[3]!);
    clock.jump(files.length === 3 ? 10_000 : -30_000);
  }
  const second = Number.parseInt(files[0]!, 10);
  t.deepEqual(files, [`${second}.ndjson`, `${second}-1.ndjson`, `${second}-2.ndjson`, `${second}-3.ndjson`]);
});

test('a commit that fails makes the store failed and acknowledges nothing', async (t) => {
  const { store, kv } = await memory();
  const token = await begin(store);
  const [one] = chain(1);
  kv.failNext = 'EIO';
  await t.throwsAsync(store.put(token, one!.header, one!.body), { code: 'store-failed' });
  t.is(store.status().state, 'failed');
  await store.close();
});

test('a store can be read beside its owner and when none runs; there must be one', async (t) => {
  const dir = await temporaryDir(t);
  const clock = systemClock;
  await t.throwsAsync(readCloudStore({ dir, clock }), { code: 'file-unreadable' });
  const store = await openCloudStore({ ...common, dir, clock, random: seededRandom('r'), headroomBytes: 0 });
  const token = await begin(store as never);
  for (const s of chain(2)) await store.put(token, s.header, s.body);
  await store.filed();
  await store.close();
  const reader = await readCloudStore({ dir, clock });
  t.deepEqual(reader.edges(), ['shed']);
  const receipts = [...reader.receipts('shed', 'readings')];
  t.deepEqual(seqs(await reader.body(receipts[1]!)), [3, 4]);
  const file = join(dir, receipts[0]!.file);
  t.true((await readFile(file, 'utf8')).startsWith('{"seq":1,'));
  await writeFile(file, 'damaged');
  await t.throwsAsync(reader.body(receipts[0]!), { code: 'store-corrupt' });
  await reader.close();
});

test('a segment that comes again a year later, after a restart, is known and not stored again', async (t) => {
  const { store, files, clock, reopen } = await memory();
  const token = await begin(store);
  const [one] = chain(1);
  await store.put(token, one!.header, one!.body);
  await store.filed();
  await clock.advance(366 * 86_400_000);
  const again = await reopen();
  t.true((await again.put(token, one!.header, one!.body)).known);
  await again.filed();
  t.is(files.disk.files.size, 1);
  t.is([...again.receipts('shed', 'readings')].length, 1);
});
