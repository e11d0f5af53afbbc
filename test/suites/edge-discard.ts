/** What discarding segments must do, whatever lies under the edge store. */
import type { TestFn } from 'ava';
import type { EdgeStore } from '../../src/contract/store.ts';
import { chainHash, noHash } from '../../src/domain/segment.ts';
import { acknowledgeAll, batch, seqs } from '../helpers/store-fixtures.ts';
import type { EdgeFactory } from './edge-store.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const c = 'uploader';
const r = 'readings';

/** `count` segments of two readings each, and one reading in the open one. */
async function fill(store: EdgeStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.append([batch(2)]);
    await store.seal(r);
  }
  await store.append([batch(1)]);
}

const greet = (store: EdgeStore, mark: number, token = 1) =>
  store.rememberCloud(c, { cloudEpoch: 'ab', token }, new Map([[r, mark]]));

async function gapAt(store: EdgeStore, sequence: number) {
  return JSON.parse(Buffer.from(await store.body(store.header(r, sequence)!)).toString());
}

function assertChain(t: { is(a: unknown, b: unknown): unknown }, store: EdgeStore, from = 1): void {
  const { sealed, sealedHash, acknowledgedHash } = store.head(c, r);
  let previous = from === 1 ? noHash : acknowledgedHash;
  for (let sequence = from; sequence <= sealed; sequence++) {
    const header = store.header(r, sequence)!;
    t.is(hex(header.previousHash), hex(previous));
    t.is(hex(header.hash), hex(chainHash(header)));
    previous = header.hash;
  }
  t.is(hex(sealedHash), hex(previous));
}

export function edgeDiscardSuite(test: TestFn, name: string, factory: EdgeFactory): void {
  test(`${name}: what is discarded gives its bytes back at once and cannot be had any more`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 4);
    const before = { bytes: store.status().bytes, backlog: store.backlog(c) };
    const { bytes, hash } = store.header(r, 2)!;
    t.deepEqual(await store.discard(r, 2, 3, 'broken'), { segments: 2, readings: 4, bytes: 2 * bytes });
    t.true(store.status().bytes <= before.bytes - 2 * bytes);
    await t.throwsAsync(store.body(store.header(r, 2)!), { code: 'segment-discarded' });
    const now = await reopen();
    t.true(now.status().bytes <= before.bytes - 2 * bytes);
    t.like(now.backlog(c), { segments: 4, readings: 4, bytes: before.backlog.bytes - 2 * bytes });
    t.deepEqual(
      now.held(r).map(({ sequence, discarded }) => [sequence, discarded]),
      [
        [1, false],
        [2, true],
        [3, true],
        [4, false],
      ],
    );
    // Until a greeting the cloud may have it, under this very hash.
    t.is(hex(now.header(r, 2)!.hash), hex(hash));
    await t.throwsAsync(now.body(now.header(r, 2)!), { code: 'segment-discarded' });
    t.deepEqual(seqs(await now.body(now.header(r, 4)!)), [7, 8]);
    t.deepEqual(await now.discard(r, 1, 3, ''), { segments: 1, readings: 2, bytes });
    t.deepEqual(await now.discard(r, 1, 3, ''), { segments: 0, readings: 0, bytes: 0 });
  });

  test(`${name}: a greeting makes gaps of what the cloud has not, and chains anew what follows`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 5);
    const kept = store.header(r, 1)!;
    await store.discard(r, 2, 2, 'The sensor was in the sun.');
    await store.discard(r, 4, 5, '');
    await greet(store, 0);
    const again = await reopen();
    t.is(hex(again.header(r, 1)!.hash), hex(kept.hash));
    t.like(again.header(r, 2), { type: 'gap', fromSeq: 3, count: 2 });
    t.deepEqual(await gapAt(again, 2), {
      gap: 'discarded',
      fromSeq: 3,
      toSeq: 4,
      count: 2,
      text: 'The sensor was in the sun.',
    });
    t.deepEqual(seqs(await again.body(again.header(r, 3)!)), [5, 6]);
    t.like(await gapAt(again, 5), { gap: 'discarded', fromSeq: 9, toSeq: 10, text: 'Discarded by hand.' });
    t.true(again.held(r).every(({ discarded }) => !discarded));
    await again.seal(r);
    t.deepEqual(seqs(await again.body(again.header(r, 6)!)), [11]);
    assertChain(t, again);
    t.like(again.backlog(c), { segments: 6, readings: 5 });
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  });

  test(`${name}: what the cloud had stored meanwhile is acknowledged as it was, and is no gap`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 4);
    const hashes = store.held(r).map(({ sequence }) => store.header(r, sequence)!.hash);
    await store.discard(r, 2, 3, '');
    await greet(store, 2);
    t.like(store.header(r, 2), { type: 'readings' });
    t.is(hex(store.header(r, 2)!.hash), hex(hashes[1]!));
    t.like(store.header(r, 3), { type: 'gap', fromSeq: 5, count: 2 });
    const again = await reopen();
    const gone = await again.acknowledge(c, r, 2, hashes[1]!);
    t.deepEqual(
      gone.map(({ sequence, type }) => [sequence, type]),
      [
        [1, 'readings'],
        [2, 'readings'],
      ],
    );
    assertChain(t, again, 3);
    t.deepEqual(seqs(await again.body(again.header(r, 4)!)), [7, 8]);
    await again.seal(r);
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  });

  test(`${name}: readings that nobody meant are not discarded, whatever the sequences name by now`, async (t) => {
    const { store } = await factory(t);
    await fill(store, 5);
    await store.acknowledge(c, r, 2, store.header(r, 2)!.hash);
    const meant = { from: 7, to: 8 };
    t.like(store.header(r, 4), { fromSeq: 7, count: 2 });
    // One gap stands for both that were acknowledged, so segment 4 is another one from here on.
    await store.fork(c, 'Another cloud.');
    t.like(store.header(r, 4), { fromSeq: 9, count: 2 });
    const before = store.status();
    await t.throwsAsync(store.discard(r, 4, 4, '', meant), {
      code: 'control-refused',
      message: /other readings/,
    });
    await t.throwsAsync(store.discard(r, 3, 4, '', meant), { code: 'control-refused' });
    await t.throwsAsync(store.discard(r, 2, 3, '', meant), { code: 'control-refused' });
    await t.throwsAsync(store.discard(r, 3, 3, '', { from: 1, to: 0 }), { code: 'control-refused' });
    t.deepEqual(store.status(), before);
    t.true(store.held(r).every(({ discarded }) => !discarded));
    t.like(await store.discard(r, 3, 3, '', meant), { segments: 1, readings: 2 });
  });

  test(`${name}: a fork carries what was discarded on as gaps`, async (t) => {
    const { store, reopen } = await factory(t);
    await fill(store, 4);
    await store.acknowledge(c, r, 1, store.header(r, 1)!.hash);
    await store.discard(r, 2, 3, 'broken');
    await store.fork(c, 'Another cloud.');
    const again = await reopen();
    t.like(await gapAt(again, 1), { gap: 'epoch', fromSeq: 1, toSeq: 2 });
    t.like(await gapAt(again, 2), { gap: 'discarded', fromSeq: 3, toSeq: 4, text: 'broken' });
    t.like(await gapAt(again, 3), { gap: 'discarded', fromSeq: 5, toSeq: 6, text: 'broken' });
    t.deepEqual(seqs(await again.body(again.header(r, 4)!)), [7, 8]);
    await again.seal(r);
    assertChain(t, again);
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  });

  test(`${name}: gaps in a range stay what they are, and what was acknowledged meanwhile is passed over`, async (t) => {
    const { store } = await factory(t);
    await fill(store, 1);
    await store.addGap(r, { gap: 'missed', count: 3, text: 'Away.' });
    await fill(store, 1);
    await store.acknowledge(c, r, 1, store.header(r, 1)!.hash);
    t.like(await store.discard(r, 1, 4, ''), { segments: 2, readings: 3 });
    await greet(store, 1);
    t.like(await gapAt(store, 3), { gap: 'missed', count: 3 });
    t.deepEqual(
      store.held(r).map(({ sequence, type, fromSeq }) => [sequence, type, fromSeq]),
      [
        [2, 'gap', 3],
        [3, 'gap', 4],
        [4, 'gap', 4],
      ],
    );
  });

  test(`${name}: a discard that cannot be is refused in words and changes nothing`, async (t) => {
    const { store } = await factory(t);
    await t.throwsAsync(store.discard('states', 1, 1, ''), { code: 'control-unknown', message: /is empty/ });
    await fill(store, 3);
    await store.acknowledge(c, r, 1, store.header(r, 1)!.hash);
    const before = store.status().bytes;
    const refusals = [
      [2, 4, /not sealed yet; the store holds 2 to 3/],
      [1, 1, /acknowledged already/],
      [3, 2, /no range/],
      [0, 2, /no range/],
      [Number.NaN, 2, /no range/],
    ] as const;
    for (const [from, to, message] of refusals) {
      await t.throwsAsync(store.discard(r, from, to, ''), { code: 'control-unknown', message });
    }
    await t.throwsAsync(store.discard('sates', 2, 2, ''), { message: /it has `readings`/ });
    t.is(store.status().bytes, before);
    t.true(store.held(r).every(({ discarded }) => !discarded));
    const two = await factory(t, { cursors: [c, 'other'] });
    await fill(two.store, 1);
    await t.throwsAsync(two.store.discard(r, 1, 1, ''), { code: 'control-refused' });
  });

  test(`${name}: discarding makes room in a full store`, async (t) => {
    const { store } = await factory(t, { bytesMax: 30_000 });
    for (;;) {
      const taken = await store.append([batch(10)], 1).then(
        () => true,
        () => false,
      );
      if (!taken) break;
    }
    t.is(store.status().state, 'full');
    const room = store.room(1_000, AbortSignal.timeout(30_000));
    await store.discard(r, 1, store.head(c, r).sealed, '');
    await room;
    t.is(store.status().state, 'open');
    await store.append([batch(10)]);
  });
}
