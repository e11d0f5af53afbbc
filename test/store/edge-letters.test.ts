import test from 'ava';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { checkSegment } from '../../src/store/segment-check.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { acknowledgeAll, batch, seededRandom, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const r = 'readings';
const roomy = 2 ** 20;

/** A store with one segment of three values of two readings each, in memory only on the disk. */
async function begin() {
  const options = {
    ...{ edge: 'shed', cursors: ['uploader'], bytesMax: 2 ** 30, cacheBytes: 0 },
    ...{ clock: createVirtualClock(), random: seededRandom('letters') },
  };
  const kv = new MemoryKv();
  const store = await createEdgeStore(kv, options);
  for (let i = 0; i < 3; i++) await store.append([batch(2)]);
  const valueAt = (fromSeq: number) =>
    entriesOf(kv.disk).find(({ key }) => key[0] === 'batch' && key[2] === fromSeq)!.value;
  const flip = (fromSeq: number) => {
    valueAt(fromSeq)[40]! ^= 1;
  };
  const drop = (what: string, fromSeq?: number) =>
    kv.transaction((writer) => {
      for (const { key } of entriesOf(kv.disk)) {
        if (key[0] === what && (fromSeq === undefined || key[2] === fromSeq)) writer.remove(key);
      }
    });
  const settle = (token = 1) => store.rememberCloud('uploader', { cloudEpoch: 'ab', token }, new Map());
  const reopen = () => createEdgeStore(new MemoryKv(kv.crash()), options);
  return { kv, store, options, flip, drop, valueAt, settle, reopen };
}

type Begun = Awaited<ReturnType<typeof begin>>;

/** Type, seqs and, of gaps, reason of everything that is sealed, each as the cloud would check it. */
async function sealedOf({ store }: Pick<Begun, 'store'>) {
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

test('of a segment with one damaged value the sound readings go on in order, and a gap stands for the others', async (t) => {
  const begun = await begin();
  const { store, flip, valueAt, settle } = begun;
  const header = (await store.seal(r))!;
  await store.append([batch(1)]);
  await store.seal(r);
  flip(3);
  const damaged = Buffer.from(valueAt(3));
  await t.throwsAsync(store.body(header), { code: 'segment-corrupt' });
  const outcome = await store.letters.quarantine(header, roomy);
  t.like(outcome, {
    salvaged: 4,
    lost: 2,
    letter: { id: 1, reason: 'corrupt', fromSeq: 3, toSeq: 4, count: 2 },
  });
  t.like(store.backlog('uploader'), { segments: 2, readings: 5 });
  await t.throwsAsync(store.body(header), { code: 'segment-discarded' });
  await settle();
  t.deepEqual(await sealedOf(begun), [
    ['readings', 1, 2],
    ['corrupt', 3, 4],
    ['readings', 5, 6],
    ['readings', 7, 7],
  ]);
  t.deepEqual(Buffer.from(await store.letters.body(1)), damaged);
  await t.throwsAsync(store.letters.requeue([1]), { code: 'letter-held', message: /is damaged/ });
  await acknowledgeAll(store, 'uploader');
  await store.letters.discard([1]);
  t.is(store.status().bytes, 0);
});

test('a segment that is sound after all, or that was given up already, is left alone', async (t) => {
  const { store, flip } = await begin();
  const header = (await store.seal(r))!;
  t.is(await store.letters.quarantine(header, roomy), null);
  flip(1);
  await store.letters.quarantine(header, roomy);
  t.is(await store.letters.quarantine(header, roomy), null);
  t.is(store.letters.list().length, 1);
});

test('a value that is gone, and one that stands in for another, are damage as well', async (t) => {
  const begun = await begin();
  const { store, drop, kv, settle } = begun;
  const header = (await store.seal(r))!;
  await drop('batch', 1);
  await kv.transaction((writer) => writer.put(['batch', r, 4], Buffer.from('{"seq":4,"value":1}\n')));
  t.like(await store.letters.quarantine(header, roomy), { salvaged: 2, lost: 4 });
  await settle();
  t.deepEqual(await sealedOf(begun), [
    ['corrupt', 1, 4],
    ['readings', 5, 6],
  ]);
});

test('what an older fogrun wrote has no checks of its own: a damaged segment becomes a gap as a whole, and is kept whole for people', async (t) => {
  const begun = await begin();
  const { store, flip, drop, settle } = begun;
  const header = (await store.seal(r))!;
  await drop('sum');
  t.deepEqual(seqs(await store.body(header)), [1, 2, 3, 4, 5, 6]);
  flip(3);
  t.like(await store.letters.quarantine(header, roomy), { salvaged: 0, lost: 6 });
  t.is((await store.letters.body(1)).length, header.bytes);
  await settle();
  t.deepEqual(await sealedOf(begun), [['corrupt', 1, 6]]);
});

test('without room for it a damaged value is not kept, and its dead letter still tells what was lost', async (t) => {
  const { store, flip } = await begin();
  const header = (await store.seal(r))!;
  flip(5);
  t.like(await store.letters.quarantine(header, 10), {
    salvaged: 4,
    lost: 2,
    letter: { bytes: 0, count: 2 },
  });
});

test('a gap whose text is damaged keeps its place', async (t) => {
  const begun = await begin();
  const { store, kv, settle } = begun;
  const gap = await store.addGap(r, { gap: 'missed', count: 3, text: 'Away.' });
  await kv.transaction((writer) => {
    // As an older fogrun wrote it, whose headers have no check.
    const { check: _, ...head } = JSON.parse(Buffer.from(writer.get(['head', r, 2])!).toString());
    writer.put(['head', r, 2], Buffer.from(JSON.stringify({ ...head, gap: head.gap.replace('3', '4') })));
  });
  t.like(await store.letters.quarantine(gap, roomy), { lost: 0, letter: null });
  await settle();
  t.deepEqual(await sealedOf(begun), [
    ['readings', 1, 6],
    ['corrupt', 7, 6],
  ]);
});

test('damage in what is not sealed yet is found when the store is opened: the rest goes on, nothing is presented as good', async (t) => {
  const { flip, reopen } = await begin();
  flip(3);
  const store = await reopen();
  t.like(store.damage, { code: 'segment-corrupt' });
  t.regex(store.damage!.message, /of 6 readings of readings .* 2 came back damaged.*dead letter 1.*4 go on/);
  t.deepEqual(await sealedOf({ store }), [
    ['readings', 1, 2],
    ['corrupt', 3, 4],
    ['readings', 5, 6],
  ]);
  await store.append([batch(1)]);
  t.deepEqual(seqs(await store.body((await store.seal(r))!)), [7]);
  await acknowledgeAll(store, 'uploader');
  await store.letters.discard([1]);
  t.is(store.status().bytes, 0);
});

test('an open segment of an older fogrun that is shorter than it was becomes a gap as a whole', async (t) => {
  const { drop, reopen } = await begin();
  await drop('sum');
  await drop('batch', 3);
  const store = await reopen();
  t.is(store.damage?.code, 'segment-corrupt');
  t.deepEqual(await sealedOf({ store }), [['corrupt', 1, 6]]);
});

for (const [what, damage] of [
  ['is no JSON', (text: string) => text.replace('{', '[')],
  ['says another count', (text: string) => text.replace('"count":6', '"count":4')],
  ['has another hash', (text: string) => text.replace(/"hash":"./, '"hash":"x')],
  ['charges another sum', (text: string) => text.replace(/"totalCharged":\d/, '"totalCharged":9')],
] as const) {
  for (const when of ['at once', 'when the store is opened']) {
    test(`a header that ${what} is made good ${when}: its readings go on under their numbers`, async (t) => {
      const begun = await begin();
      const { kv, settle, reopen } = begun;
      let { store } = begun;
      for (let i = 0; i < 2; i++) {
        await store.seal(r);
        for (let n = 0; n < 3; n++) await store.append([batch(2)]);
      }
      await store.seal(r);
      const bytes = store.status().bytes;
      await kv.transaction((writer) => {
        const text = Buffer.from(writer.get(['head', r, 2])!).toString();
        t.not(damage(text), text);
        writer.put(['head', r, 2], Buffer.from(damage(text)));
      });
      const message =
        /header of segment 2 of readings was damaged on the disk: 6 readings of it go on, 0 are lost/;
      if (when === 'at once') t.regex((await store.letters.mend())!, message);
      else {
        const opened = await reopen();
        t.regex(opened.damage!.message, message);
        store = opened;
      }
      t.is(await store.letters.mend(), null);
      await store.rememberCloud('uploader', { cloudEpoch: 'ab', token: 1 }, new Map());
      if (when === 'at once') await settle();
      t.deepEqual(await sealedOf({ store }), [
        ['readings', 1, 6],
        ['readings', 7, 12],
        ['readings', 13, 18],
      ]);
      t.is(store.status().bytes, bytes);
      await acknowledgeAll(store, 'uploader');
      t.is(store.status().bytes, 0);
    });
  }
}
