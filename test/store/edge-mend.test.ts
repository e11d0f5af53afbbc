import test from 'ava';
import type { EdgeStore } from '../../src/contract/store.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { checkSegment } from '../../src/store/segment-check.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { acknowledgeAll, batch, seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const c = 'uploader';
const r = 'readings';

/** A store with so many segments of two readings each. */
async function begin(count: number, more: object = {}) {
  const options = {
    ...{ edge: 'shed', cursors: [c], bytesMax: 2 ** 30, cacheBytes: 0, ...more },
    ...{ clock: createVirtualClock(), random: seededRandom('mend') },
  };
  const kv = new MemoryKv();
  const store = await createEdgeStore(kv, options);
  for (let i = 0; i < count; i++) await store.append([batch(2)], 1);
  return { kv, store, reopen: () => createEdgeStore(new MemoryKv(kv.crash()), options) };
}

/** Changes the headers behind the store's back. */
function spoil(kv: MemoryKv, sequences: readonly number[], to: (text: string) => string = () => 'noise') {
  for (const entry of entriesOf(kv.disk)) {
    if (entry.key[0] !== 'head' || !sequences.includes(Number(entry.key[2]))) continue;
    Object.assign(entry, { value: Buffer.from(to(Buffer.from(entry.value).toString())) });
  }
}

const greet = (store: EdgeStore, mark: number, token = 1) =>
  store.rememberCloud(c, { cloudEpoch: 'ab', token }, new Map([[r, mark]]));

async function sealedOf(store: EdgeStore) {
  const found: unknown[] = [];
  for (const { sequence } of store.held(r)) {
    const header = store.header(r, sequence)!;
    const body = await store.body(header);
    checkSegment(header, body);
    const { gap } = header.type === 'gap' ? JSON.parse(Buffer.from(body).toString()) : {};
    found.push([gap ?? 'readings', header.fromSeq, header.fromSeq + header.count - 1]);
  }
  return found;
}

const eight = [
  ['readings', 1, 2],
  ['readings', 3, 4],
  ['readings', 5, 6],
  ['readings', 7, 8],
];

test('headers that are damaged side by side are made good: the readings of all of them go on', async (t) => {
  const { kv, store } = await begin(4);
  const bytes = store.status().bytes;
  spoil(kv, [2, 3]);
  t.regex((await store.letters.mend())!, /4 readings of it go on, 0 are lost/);
  t.is(store.status().lost.corrupt ?? 0, 0);
  await greet(store, 0);
  t.deepEqual(await sealedOf(store), [eight[0], ['readings', 3, 6], eight[3]]);
  t.true(store.status().bytes < bytes);
  await acknowledgeAll(store, c);
  t.is(store.status().bytes, 0);
});

test('where two damaged headers still agree about what lies between them each stays a segment of its own', async (t) => {
  const { kv, store } = await begin(4);
  spoil(kv, [2, 3], (text) => text.replace(/"bodyHash":"./, '"bodyHash":"0').replace(/,"check.*"/, ''));
  await store.letters.mend();
  await greet(store, 0);
  t.deepEqual(await sealedOf(store), eight);
});

test('an acknowledgement of one of several whose headers were damaged together changes nothing', async (t) => {
  const { kv, store } = await begin(4);
  await greet(store, 0);
  const hashes = [2, 3].map((sequence) => [sequence, store.header(r, sequence)!.hash] as const);
  spoil(kv, [2, 3, 4]);
  await store.letters.mend();
  for (const [sequence, hash] of hashes) t.deepEqual(await store.acknowledge(c, r, sequence, hash), []);
  t.is(store.head(c, r).acknowledged, 0);
});

test('a damaged header beside what was given up is made good, and the sums count what was given up once', async (t) => {
  for (const sequences of [[1], [2], [3], [1, 2], [2, 3], [1, 2, 3]]) {
    const { kv, store, reopen } = await begin(4);
    await store.discard(r, 2, 2, 'why');
    spoil(kv, sequences);
    const again = await reopen();
    const { bytes } = again.status();
    t.is(again.damage?.code, 'segment-corrupt', `${sequences}`);
    t.deepEqual(again.status().lost, { discarded: 2 });
    t.like(again.backlog(c), { readings: 6 });
    await greet(again, 0);
    const all = (await sealedOf(again)) as [string, number, number][];
    t.deepEqual(
      all.filter(([what]) => what !== 'readings').map(([, ...seqs]) => seqs),
      [[3, 4]],
    );
    t.true(bytes > 0);
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  }
});

test('damaged headers of and beside a run of dropped segments are made good', async (t) => {
  for (const which of [0, 1]) {
    const { kv, store, reopen } = await begin(60, { bytesMax: 20_000, whenFull: 'drop-oldest' });
    const { dropped } = store.status().lost;
    spoil(kv, [store.held(r)[which]!.sequence]);
    const again = await reopen();
    t.deepEqual(again.status().lost, { dropped });
    await greet(again, 0);
    const all = (await sealedOf(again)) as [string, number, number][];
    t.deepEqual(all[0]!.slice(1), [1, dropped]);
    t.is(all.at(-1)![2], 120);
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  }
});

for (const [what, act] of [
  ['a greeting', (store: EdgeStore) => greet(store, 0)],
  ['a fork', (store: EdgeStore) => store.fork(c, 'Copied.')],
  ['a retention', (store: EdgeStore) => store.policies.retain(c, { bytesMax: 100 })],
  ['an acknowledgement', (store: EdgeStore) => store.acknowledge(c, r, 4, store.header(r, 4)!.hash)],
] as const) {
  test(`${what} that meets a damaged header makes it good and goes on; people are told`, async (t) => {
    const { kv, store } = await begin(4);
    await store.discard(r, 1, 1, 'why');
    const told: string[] = [];
    store.subscribe((event) => event.type === 'damaged' && told.push(event.problem.message));
    spoil(kv, [3], (text) => text.replace('"fromSeq"', '"fromSep"'));
    await act(store);
    t.is(told.length, 1);
    t.regex(
      told[0]!,
      /header of segment 3 of readings was damaged on the disk: 2 readings of it go on, 0 are lost/,
    );
    t.is(store.status().state, 'open');
  });
}

test('a number in a header that is another one is found by the check of the header', async (t) => {
  const { kv, store } = await begin(4);
  const bytes = store.status().bytes;
  spoil(kv, [2], (text) => text.replace(/"totalCharged":(\d)/, (_, n) => `"totalCharged":${9 - Number(n)}`));
  t.throws(() => store.header(r, 2), { code: 'store-corrupt' });
  await store.letters.mend();
  await greet(store, 0);
  t.deepEqual(await sealedOf(store), eight);
  t.is(store.status().bytes, bytes);
});
