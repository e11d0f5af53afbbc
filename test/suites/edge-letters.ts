/** What an edge store does with segments that the cloud refuses, whatever lies under it. */
import type { TestFn } from 'ava';
import type { EdgeStore } from '../../src/contract/store.ts';
import { acknowledgeAll, batch, seqs } from '../helpers/store-fixtures.ts';
import type { EdgeFactory } from './edge-store.ts';

const c = 'uploader';
const r = 'readings';
const policy = { refusalsMax: 3, bytesMax: 2 ** 20 };

async function fill(store: EdgeStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.append([batch(2)]);
    await store.seal(r);
  }
}

const greet = (store: EdgeStore, mark: number, token = 1) =>
  store.rememberCloud(c, { cloudEpoch: 'ab', token }, new Map([[r, mark]]));

const refuse = (store: EdgeStore, sequence: number, some = policy) =>
  store.letters.refused(store.header(r, sequence)!, 'line 1 is wrong', some);

async function gapAt(store: EdgeStore, sequence: number) {
  return JSON.parse(Buffer.from(await store.body(store.header(r, sequence)!)).toString());
}

export function edgeLettersSuite(test: TestFn, name: string, factory: EdgeFactory): void {
  test(`${name}: refusals of one segment are counted across reopening, and the last makes a dead letter and a gap`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 3);
    const body = await store.body(store.header(r, 2)!);
    t.like(await refuse(store, 2), { refusals: 1, letter: null });
    const again = await reopen();
    t.like(await refuse(again, 2), { refusals: 2, letter: null });
    t.deepEqual(again.letters.list(), []);
    const { refusals, letter } = await refuse(again, 2);
    t.is(refusals, 3);
    t.like(letter, {
      ...{ id: 1, reason: 'refused', text: 'line 1 is wrong', stream: r, sequence: 2 },
      ...{ fromSeq: 3, toSeq: 4, count: 2, bytes: body.length, refusals: 3, settled: false },
    });
    await t.throwsAsync(again.body(again.header(r, 2)!), { code: 'segment-discarded' });
    const last = await reopen();
    t.deepEqual(last.letters.list(), [letter]);
    t.deepEqual(last.letters.totals(), { letters: 1, readings: 2, bytes: body.length });
    t.deepEqual(Buffer.from(await last.letters.body(1)), Buffer.from(body));
    await greet(last, 1);
    t.like(last.header(r, 2), { type: 'gap', fromSeq: 3, count: 2 });
    t.like(await gapAt(last, 2), { gap: 'refused', fromSeq: 3, toSeq: 4, count: 2 });
    t.regex((await gapAt(last, 2)).text, /refused these 3 times; .* dead letter 1: line 1 is wrong/);
    t.deepEqual(seqs(await last.body(last.header(r, 3)!)), [5, 6]);
    t.true(last.letters.list()[0]!.settled);
  });

  test(`${name}: a refusal of another segment begins its own count`, async (t) => {
    const { store } = await factory(t);
    await fill(store, 2);
    await refuse(store, 1);
    await refuse(store, 1);
    t.is((await refuse(store, 2)).refusals, 1);
    t.is((await refuse(store, 1)).refusals, 1);
  });

  test(`${name}: requeued, the readings come once more under new numbers, in one commit with the end of the letter`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 2);
    await store.append([batch(1)]);
    const before = Buffer.from(await store.body(store.header(r, 1)!)).toString();
    for (let i = 0; i < 3; i++) await refuse(store, 1);
    await t.throwsAsync(store.letters.requeue([1]), {
      code: 'letter-held',
      message: /meets the cloud again/,
    });
    await greet(store, 0);
    await t.throwsAsync(store.letters.requeue([1, 7]), {
      code: 'letter-unknown',
      message: /no dead letter 7: there is 1/,
    });
    t.deepEqual(await store.letters.requeue([1]), { letters: 1, readings: 2 });
    t.deepEqual(store.letters.list(), []);
    const again = await reopen();
    // What was open is sealed first; what was requeued is a segment of its own.
    t.deepEqual(seqs(await again.body(again.header(r, 3)!)), [5]);
    const body = Buffer.from(await again.body(again.header(r, 4)!));
    t.is(body.toString(), before.replace('"seq":1,', '"seq":6,').replace('"seq":2,', '"seq":7,'));
    await t.throwsAsync(again.letters.requeue([1]), { code: 'letter-unknown', message: /there are none/ });
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  });

  test(`${name}: what the cloud turns out to have leaves no letter behind, so that nothing is stored twice`, async (t) => {
    const { store } = await factory(t);
    await fill(store, 2);
    const { hash } = store.header(r, 1)!;
    for (let i = 0; i < 3; i++) await refuse(store, 1);
    await greet(store, 1);
    t.false(store.letters.list()[0]!.settled);
    await store.acknowledge(c, r, 1, hash);
    t.deepEqual(store.letters.list(), []);
    await acknowledgeAll(store, c);
    t.is(store.status().bytes, 0);
  });

  test(`${name}: without room for a dead letter the segment stays where it is`, async (t) => {
    const { store } = await factory(t);
    await fill(store, 2);
    const { bytes } = store.header(r, 1)!;
    const small = { refusalsMax: 1, bytesMax: bytes + 10 };
    t.like(await refuse(store, 1, small), { isFull: false, letter: { id: 1 } });
    t.like(await refuse(store, 2, small), { refusals: 1, isFull: true, letter: null });
    t.deepEqual(seqs(await store.body(store.header(r, 2)!)), [3, 4]);
    await store.letters.discard([1]);
    t.like(await refuse(store, 2, small), { refusals: 2, isFull: false, letter: { id: 2 } });
  });

  test(`${name}: dead letters count against the quota until they are gone, and discarded they are gone for good`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 1);
    for (let i = 0; i < 3; i++) await refuse(store, 1);
    await greet(store, 0);
    await acknowledgeAll(store, c);
    t.true(store.status().bytes >= store.letters.totals().bytes && store.letters.totals().bytes > 0);
    await t.throwsAsync(store.letters.discard([2]), { code: 'letter-unknown' });
    t.deepEqual(await store.letters.discard([1, 1]), { letters: 1, readings: 2 });
    const again = await reopen();
    t.is(again.status().bytes, 0);
    await fill(again, 1);
    for (let i = 0; i < 3; i++) await refuse(again, 2);
    t.deepEqual(
      again.letters.list().map(({ id }) => id),
      [2],
    );
  });

  test(`${name}: a gap, and a store that two cursors read, get no dead letter`, async (t) => {
    const { store } = await factory(t);
    await store.addGap(r, { gap: 'missed', count: 1, text: 'Away.' });
    t.like(await refuse(store, 1, { ...policy, refusalsMax: 1 }), { refusals: 0, letter: null });
    const { store: shared } = await factory(t, { cursors: [c, 'other'] });
    await fill(shared, 1);
    t.like(await refuse(shared, 1, { ...policy, refusalsMax: 1 }), { refusals: 0, letter: null });
    t.deepEqual(seqs(await shared.body(shared.header(r, 1)!)), [1, 2]);
  });
}
