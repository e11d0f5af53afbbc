import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { openEdgeStore } from '../../src/store/open-edge-store.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom, seqs, temporaryDir } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { edgeDiscardSuite } from '../suites/edge-discard.ts';
import { edgeLettersSuite } from '../suites/edge-letters.ts';
import { type EdgeFactory, edgeStoreSuite } from '../suites/edge-store.ts';

const cursors = ['uploader'];
const common = { edge: '', bytesMax: 2 ** 24, cursors };

const inMemory: EdgeFactory = async (_, options) => {
  let kv = new MemoryKv();
  const all = { ...common, ...options, clock: createVirtualClock(), random: seededRandom('edge') };
  const store = await createEdgeStore(kv, all);
  return {
    store,
    reopen: () => {
      kv = new MemoryKv(kv.crash());
      return createEdgeStore(kv, all);
    },
  };
};

const inLmdb: EdgeFactory = async (t, options) => {
  const dir = await temporaryDir(t);
  const all = {
    ...common,
    ...options,
    dir,
    clock: systemClock,
    random: seededRandom('edge'),
    headroomBytes: 0,
  };
  let store = await openEdgeStore(all);
  t.teardown(() => store.close());
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openEdgeStore(all);
      return store;
    },
  };
};

edgeStoreSuite(test, 'memory', inMemory);
edgeStoreSuite(test, 'lmdb', inLmdb);
edgeDiscardSuite(test, 'memory', inMemory);
edgeDiscardSuite(test, 'lmdb', inLmdb);
edgeLettersSuite(test, 'memory', inMemory);
edgeLettersSuite(test, 'lmdb', inLmdb);

function fresh(more: object = {}) {
  const kv = new MemoryKv();
  const clock = createVirtualClock();
  const options = { ...common, clock, random: seededRandom('x'), ...more };
  return { kv, clock, options, open: () => createEdgeStore(kv, options) };
}

test('nothing shows before it is on the disk', async (t) => {
  const { kv, open } = fresh();
  const store = await open();
  kv.held = true;
  let accepted = false;
  const append = store.append([batch(2)]).then(() => {
    accepted = true;
  });
  const seal = store.seal('readings');
  await new Promise((resolve) => setImmediate(resolve));
  t.false(accepted);
  t.is(store.openSegment('readings').count, 0);
  t.is(store.head('uploader', 'readings').sealed, 0);
  kv.release();
  await append;
  await seal;
  t.is(store.head('uploader', 'readings').sealed, 1);
});

test('appends made while a commit is in flight share the next one', async (t) => {
  const { kv, open } = fresh();
  const store = await open();
  const before = kv.commits;
  await Promise.all(Array.from({ length: 100 }, () => store.append([batch(1)])));
  t.true(kv.commits - before <= 2);
});

test('a commit that fails makes the store failed for good, and says so', async (t) => {
  const { kv, open } = fresh();
  const store = await open();
  const causes: (string | undefined)[] = [];
  store.subscribe((e) => e.type === 'state' && causes.push(`${e.to} ${e.cause?.code}`));
  const room = store.room(2 ** 30, new AbortController().signal);
  kv.failNext = 'EIO';
  await t.throwsAsync(store.append([batch(1)]), { code: 'store-failed', message: /EIO/ });
  await room;
  t.deepEqual(causes, ['failed store-failed']);
  t.is(store.status().state, 'failed');
  await t.throwsAsync(store.append([batch(1)]), { code: 'store-failed' });
  await t.throwsAsync(store.seal('readings'), { code: 'store-failed' });
  await t.throwsAsync(store.acknowledge('uploader', 'readings', 1, new Uint8Array(32)), {
    code: 'store-failed',
  });
});

test('a disk that runs short makes the store full, and it opens by itself when space returns', async (t) => {
  let free = 1_000_000;
  const { clock, open } = fresh({ freeBytes: async () => free, headroomBytes: 500_000 });
  const store = await open();
  await store.checkDisk();
  await store.append([batch(1)]);
  free = 400_000;
  await clock.advance(1_001);
  await store.append([batch(1)]).catch(() => {});
  await clock.flush();
  await t.throwsAsync(store.append([batch(1)]), { code: 'store-full', message: /disk/ });
  await store.addGap('readings', { gap: 'missed', count: 1, text: 'Full.' });
  const room = store.room(100, new AbortController().signal);
  free = 1_000_000;
  await clock.until(room, 5_000);
  t.is(store.status().state, 'open');
  await store.append([batch(1)]);
  await store.close();
  await clock.advance(2_000);
  t.is(clock.pending, 0);
});

test('an edge id is made once and kept; another one is refused by name', async (t) => {
  const { kv, open, options } = fresh();
  const store = await open();
  t.regex(store.edge, /^edge-[0-9a-f]{8}$/);
  t.is((await open()).edge, store.edge);
  const other = createEdgeStore(kv, { ...options, edge: 'shed' });
  await t.throwsAsync(other, { code: 'pipeline-invalid', message: new RegExp(store.edge) });
  await t.throwsAsync(createEdgeStore(kv, { ...options, edge: '../x' }), { code: 'pipeline-invalid' });
});

test('a store of a newer version is left alone', async (t) => {
  const { kv, open } = fresh();
  await kv.transaction((w) => w.put(['meta'], Buffer.from('{"format":99,"role":"edge"}')));
  await t.throwsAsync(open(), { code: 'store-version' });
});

test('a damaged body is told by its hash; its neighbours can be read', async (t) => {
  const { kv, open } = fresh({ cacheBytes: 0 });
  const store = await open();
  for (let i = 0; i < 2; i++) {
    await store.append([batch(1)]);
    await store.seal('readings');
  }
  await kv.transaction((w) => w.put(['batch', 'readings', 1], Buffer.from('x')));
  await t.throwsAsync(store.body(store.header('readings', 1)!), { code: 'segment-corrupt' });
  t.deepEqual(seqs(await store.body(store.header('readings', 2)!)), [2]);
});

test('a cursor that joins late begins where the store still holds something', async (t) => {
  const { kv, open, options } = fresh();
  const store = await open();
  for (let i = 0; i < 2; i++) {
    await store.append([batch(1)]);
    await store.seal('readings');
  }
  await store.acknowledge('uploader', 'readings', 1, store.header('readings', 1)!.hash);
  const again = await createEdgeStore(kv, { ...options, cursors: ['uploader', 'second'] });
  t.like(again.head('second', 'readings'), { acknowledged: 1, sealed: 2 });
  t.like(again.backlog('second'), { segments: 1, readings: 1 });
});

test('an acknowledgement moves the cursor and deletes in one transaction: a crash leaves both or neither', async (t) => {
  for (const written of [true, false]) {
    const { kv, options, open } = fresh();
    const store = await open();
    await store.append([batch(2)]);
    await store.seal('readings');
    const header = store.header('readings', 1)!;
    const { commits } = kv;
    await store.acknowledge('uploader', 'readings', 1, header.hash);
    t.is(kv.commits, commits + 1);
    await store.append([batch(2)]);
    await store.seal('readings');
    void store.acknowledge('uploader', 'readings', 2, store.header('readings', 2)!.hash);
    kv.die(written);
    const again = await createEdgeStore(new MemoryKv(kv.disk), options);
    t.is(again.head('uploader', 'readings').acknowledged === 2, again.header('readings', 2) === undefined);
  }
});
