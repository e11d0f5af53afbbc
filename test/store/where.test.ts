import { unlink } from 'node:fs/promises';
import test from 'ava';
import { whereInEdge } from '../../src/contract/where.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { whereInCloud } from '../../src/store/cloud-where.ts';
import type { EdgeStoreOptions } from '../../src/store/edge-options.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { openLmdbKv } from '../../src/store/lmdb-kv.ts';
import { dataDir } from '../../src/store/open-dir.ts';
import { createVerifyFiles } from '../../src/store/verify-files.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom } from '../helpers/store-fixtures.ts';
import { Chain, storedCloud } from '../helpers/stored-cloud.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const stream = 'readings';

async function edgeStore(options: Partial<EdgeStoreOptions> = {}) {
  return createEdgeStore(new MemoryKv(), {
    clock: createVirtualClock(),
    random: seededRandom('edge'),
    edge: 'shed',
    cursors: ['uploader'],
    bytesMax: 2 ** 24,
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    ...options,
  });
}

test('at the edge a reading is in the open segment, in a sealed one, given up, acknowledged, or was never taken', async (t) => {
  const store = await edgeStore();
  for (let i = 0; i < 5; i++) {
    await store.append([batch(10)]);
    await store.seal(stream);
    await store.addGap(stream, { gap: 'missed', count: 3, text: 'away' });
  }
  await store.append([batch(4)]);
  const third = store.header(stream, 3)!;
  await store.acknowledge('uploader', stream, 3, third.hash);
  await store.discard(stream, 7, 7, 'too hot');
  const of = (seq: number) => whereInEdge(store, stream, seq);
  for (const seq of [1, 10, 20]) t.like(await of(seq), { state: 'acknowledged', segment: null });
  for (const seq of [21, 30]) {
    t.like(await of(seq), { state: 'sealed', segment: { sequence: 5, fromSeq: 21, toSeq: 30 } });
  }
  t.like(await of(35), { state: 'discarded', segment: { sequence: 7 } });
  for (const seq of [41, 50]) t.like(await of(seq), { state: 'sealed', segment: { sequence: 9 } });
  for (const seq of [51, 54]) {
    t.like(await of(seq), { state: 'open', segment: { sequence: 11, fromSeq: 51, toSeq: 54, hash: null } });
  }
  t.like(await of(55), { state: 'never', nextSeq: 55 });
  t.like(await whereInEdge(store, 'states', 1), { state: 'never', nextSeq: 1 });
});

test('at the edge a gap stands for what became one', async (t) => {
  const store = await edgeStore();
  await store.append([batch(10)]);
  await store.seal(stream);
  await store.append([batch(10)]);
  await store.seal(stream);
  await store.discard(stream, 1, 1, 'too hot');
  await store.fork('uploader', 'copied');
  t.like(await whereInEdge(store, stream, 7), { state: 'gap', gap: { gap: 'discarded', count: 10 } });
  t.like(await whereInEdge(store, stream, 12), { state: 'sealed', segment: { fromSeq: 11 } });
});

test('at the edge every reading is found behind those that were dropped, though one header stands for them all', async (t) => {
  const store = await edgeStore({ bytesMax: 40_000, whenFull: 'drop-oldest' });
  for (let i = 0; i < 300; i++) {
    await store.append([batch(10)], 1);
    await store.seal(stream);
    if (i % 7 === 0) await store.addGap(stream, { gap: 'missed', count: 3, text: 'away' });
  }
  const { dropped } = store.status().lost;
  t.true(dropped! > 1_000);
  for (let seq = 1; seq <= 3_000; seq++) {
    const { state, segment } = await whereInEdge(store, stream, seq);
    t.is(state, seq <= dropped! ? 'discarded' : 'sealed', `seq ${seq}`);
    t.true(segment!.fromSeq <= seq && seq <= segment!.toSeq);
  }
});

async function inCloud(dir: string, seq: number) {
  const kv = await openLmdbKv({ path: dataDir(dir), readOnly: true, clock: systemClock });
  try {
    return await whereInCloud(kv, createVerifyFiles(dir), { edge: 'shed', stream, seq });
  } finally {
    await kv.close();
  }
}

test('in the cloud a reading is told by file, line and bytes, a gap by its reason, the rest as not here', async (t) => {
  const chain = new Chain().readings(3).gap({ gap: 'missed', count: 9, text: 'away' }).lost(4).readings(5);
  const cloud = await storedCloud(t, chain);
  for (const [seq, file, line] of [
    [1, 0, 1],
    [3, 0, 3],
    [8, 3, 1],
    [12, 3, 5],
  ] as const) {
    const { places } = await inCloud(cloud.dir, seq);
    t.is(places.length, 1);
    const place = places[0]!;
    t.like(place, { state: 'stored', file: cloud.files[file], line, isFiled: true });
    const body = Buffer.from(chain.segments[file]!.body);
    t.is(body.toString('utf8', place.offset!, place.offset! + place.bytes!), `${place.text}\n`);
    t.true(place.text!.startsWith(`{"seq":${seq},`));
  }
  for (const seq of [4, 7]) {
    const { places } = await inCloud(cloud.dir, seq);
    t.like(places[0], { state: 'gap', gap: { gap: 'discarded', text: 'too hot' }, file: cloud.files[2] });
  }
  t.deepEqual(await inCloud(cloud.dir, 13), { edge: 'shed', stream, seq: 13, places: [], lastSeq: 12 });
  await unlink(cloud.path(3));
  t.like((await inCloud(cloud.dir, 9)).places[0], { state: 'damaged', line: null, file: cloud.files[3] });
});

test('in the cloud each epoch that knows of the reading has its say', async (t) => {
  const first = new Chain('ab'.repeat(16)).readings(3);
  const second = new Chain('cd'.repeat(16)).lost(3, 'epoch', 'restored').readings(2);
  const cloud = await storedCloud(t, first, second);
  const { places } = await inCloud(cloud.dir, 2);
  t.deepEqual(
    places.map(({ epoch, state }) => [epoch.slice(0, 2), state]),
    [
      ['ab', 'stored'],
      ['cd', 'gap'],
    ],
  );
});
