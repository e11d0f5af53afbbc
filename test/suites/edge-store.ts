/** What every edge store must do, whatever lies under it. */
import type { TestFn } from 'ava';
import type { EdgeStore } from '../../src/contract/store.ts';
import { bodyHash, chainHash, noHash } from '../../src/domain/segment.ts';
import { acknowledgeAll, batch, seqs } from '../helpers/store-fixtures.ts';

export type EdgeFactory = (
  t: { teardown(fn: () => unknown): void },
  options?: { bytesMax?: number; cursors?: readonly string[] },
) => Promise<{ store: EdgeStore; reopen(): Promise<EdgeStore> }>;

const signal = new AbortController().signal;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const c = 'uploader';

export function edgeStoreSuite(test: TestFn, name: string, factory: EdgeFactory): void {
  test(`${name}: readings are numbered from 1 per stream, across batches and reopening`, async (t) => {
    const { store, reopen } = await factory(t);
    await Promise.all([store.append([batch(2), batch(1, 'states')]), store.append([batch(3)])]);
    t.like(store.openSegment('readings'), { count: 5 });
    const again = await reopen();
    await again.append([batch(1)]);
    t.like(again.openSegment('readings'), { count: 6 });
    const header = (await again.seal('readings'))!;
    t.deepEqual(seqs(await again.body(header)), [1, 2, 3, 4, 5, 6]);
    t.deepEqual([...again.streams()].sort(), ['readings', 'states']);
  });

  test(`${name}: segments form a chain of hashes`, async (t) => {
    const { store } = await factory(t);
    let previous = noHash;
    for (let sequence = 1; sequence <= 3; sequence++) {
      await store.append([batch(2)]);
      const header = (await store.seal('readings'))!;
      t.like(header, { edge: store.edge, epoch: store.epoch, sequence, type: 'readings', count: 2 });
      t.is(header.fromSeq, 2 * sequence - 1);
      t.is(hex(header.previousHash), hex(previous));
      t.is(hex(header.hash), hex(chainHash(header)));
      t.deepEqual(store.header('readings', sequence), header);
      previous = header.hash;
    }
    t.is(hex(store.head(c, 'readings').sealedHash), hex(previous));
    t.is(await store.seal('readings'), null);
    t.like(store.backlog(c), { segments: 3, readings: 6 });
  });

  test(`${name}: a seal takes what was appended before it was called, and nothing after`, async (t) => {
    const { store } = await factory(t);
    const before = store.append([batch(2)]);
    const sealed = store.seal('readings');
    const after = store.append([batch(3)]);
    await Promise.all([before, after]);
    t.is((await sealed)!.count, 2);
    t.is(store.openSegment('readings').count, 3);
  });

  test(`${name}: an acknowledgement deletes what every cursor has passed, and not more`, async (t) => {
    const { store, reopen } = await factory(t, { cursors: [c, 'other'] });
    for (let i = 0; i < 3; i++) {
      await store.append([batch(1)]);
      await store.seal('readings');
    }
    const second = store.header('readings', 2)!;
    const held = store.status().bytes;
    const acknowledged = await store.acknowledge(c, 'readings', 2, second.hash);
    t.deepEqual(
      acknowledged.map((h) => h.sequence),
      [1, 2],
    );
    t.is(store.status().bytes, held);
    t.truthy(store.header('readings', 1));
    t.deepEqual(await store.acknowledge(c, 'readings', 1, store.header('readings', 1)!.hash), []);
    await store.acknowledge('other', 'readings', 2, second.hash);
    t.is(store.header('readings', 2), undefined);
    t.true(store.status().bytes < held);
    await t.throwsAsync(store.body(second), { code: 'segment-corrupt' });
    const again = await reopen();
    t.deepEqual(seqs(await again.body(again.header('readings', 3)!)), [3]);
    t.like(again.head(c, 'readings'), { sealed: 3, acknowledged: 2 });
    t.is(hex(again.head(c, 'readings').acknowledgedHash), hex(second.hash));
    t.like(again.backlog(c), { segments: 1, readings: 1 });
  });

  test(`${name}: each cursor stands where it stood, also after reopening, whoever else lags behind`, async (t) => {
    const { store, reopen } = await factory(t, { cursors: [c, 'other'] });
    for (let i = 0; i < 2; i++) {
      await store.append([batch(1)]);
      await store.seal('readings');
    }
    await store.acknowledge(c, 'readings', 1, store.header('readings', 1)!.hash);
    const again = await reopen();
    t.is(again.head(c, 'readings').acknowledged, 1);
    t.is(again.head('other', 'readings').acknowledged, 0);
    t.truthy(again.header('readings', 1));
  });

  test(`${name}: an acknowledgement that quotes another hash, or what was never sealed, changes nothing`, async (t) => {
    const { store } = await factory(t);
    await store.append([batch(1)]);
    await store.seal('readings');
    const { hash } = store.header('readings', 1)!;
    for (const [sequence, quoted] of [
      [1, noHash],
      [2, hash],
      [0, hash],
      [2 ** 53, hash],
      [Number.NaN, hash],
    ] as const) {
      await t.throwsAsync(store.acknowledge(c, 'readings', sequence, quoted), { code: 'edge-forked' });
    }
    t.is(store.head(c, 'readings').acknowledged, 0);
    t.is((await store.acknowledge(c, 'readings', 1, hash)).length, 1);
    t.deepEqual(await store.acknowledge(c, 'readings', 1, hash), []);
  });

  test(`${name}: a gap seals what is open and follows as a segment of its own`, async (t) => {
    const { store } = await factory(t);
    await store.append([batch(2)]);
    const gap = await store.addGap('readings', { gap: 'missed', count: 7, text: 'The sensor was away.' });
    t.like(gap, { sequence: 2, type: 'gap', fromSeq: 3, count: 0 });
    t.deepEqual(JSON.parse(Buffer.from(await store.body(gap)).toString()), {
      gap: 'missed',
      count: 7,
      text: 'The sensor was away.',
    });
    await store.append([batch(1)]);
    t.is((await store.seal('readings'))!.fromSeq, 3);
  });

  test(`${name}: a batch that tells of missed readings puts the gap before its lines, in one commit`, async (t) => {
    const { store } = await factory(t);
    const sealed: string[] = [];
    store.subscribe((e) => e.type === 'sealed' && sealed.push(`${e.header.sequence}:${e.header.type}`));
    await store.append([batch(2)]);
    await store.append([{ ...batch(1), missed: { gap: 'missed', count: 4, text: 'Full.' } }]);
    await store.append([
      {
        stream: 'readings',
        lines: new Uint8Array(),
        count: 0,
        missed: { gap: 'missed', count: 1, text: 'Full.' },
      },
    ]);
    t.deepEqual(sealed, ['1:readings', '2:gap', '3:readings', '4:gap']);
    t.is(store.header('readings', 3)!.fromSeq, 3);
    t.is(store.openSegment('readings').count, 0);
  });

  test(`${name}: bodies are those of their headers, also when each commit begins with a gap`, async (t) => {
    const { store } = await factory(t);
    await store.append([batch(1)]);
    for (let i = 0; i < 4; i++)
      await store.append([{ ...batch(1), missed: { gap: 'missed', count: 1, text: 'Full.' } }]);
    await store.seal('readings');
    const { sealed } = store.head(c, 'readings');
    for (let n = 1; n <= sealed; n++) {
      const header = store.header('readings', n)!;
      t.is(hex(bodyHash(await store.body(header))), hex(header.bodyHash), `segment ${n}`);
    }
  });

  test(`${name}: a full store takes nothing, says so, and opens when acknowledgements freed enough`, async (t) => {
    const { store } = await factory(t, { bytesMax: 20_000 });
    const states: string[] = [];
    store.subscribe((e) => e.type === 'state' && states.push(e.to));
    let taken = 0;
    for (;;) {
      try {
        await store.append([batch(10)]);
        taken += 10;
      } catch (error) {
        t.like(error, { code: 'store-full' });
        break;
      }
    }
    t.true(store.status().bytes <= 20_000);
    t.like(store.status(), { state: 'full', cause: { code: 'store-full' } });
    t.is(store.openSegment('readings').count, taken);
    let free = false;
    const room = store.room(1_500, signal).then(() => {
      free = true;
    });
    await store.addGap('readings', { gap: 'missed', count: 1, text: 'Full.' });
    t.false(free);
    await acknowledgeAll(store, c);
    await room;
    t.deepEqual(states, ['full', 'open']);
    await store.append([batch(10)]);
    t.is(store.openSegment('readings').count, 10);
  });

  test(`${name}: another quota counts at once: a larger one opens a full store, a smaller one fills it`, async (t) => {
    const { store } = await factory(t, { bytesMax: 20_000 });
    const fill = async () => {
      try {
        for (;;) await store.append([batch(10)]);
      } catch (error) {
        t.like(error, { code: 'store-full' });
      }
    };
    await fill();
    const taken = store.openSegment('readings').count;
    const room = store.room(1_500, signal);
    store.resize(40_000);
    await room;
    t.like(store.status(), { state: 'open', bytesMax: 40_000 });
    await fill();
    t.true(store.openSegment('readings').count > 1.5 * taken);
    store.resize(80_000);
    await store.append([batch(10)]);
    const held = store.openSegment('readings').count;
    store.resize(20_000);
    await t.throwsAsync(store.append([batch(10)]), { code: 'store-full' });
    t.is(store.openSegment('readings').count, held, 'what is held stays');
  });

  test(`${name}: what can never fit is refused, and waiting for room ends when aborted`, async (t) => {
    const { store } = await factory(t, { bytesMax: 2_000 });
    await t.throwsAsync(store.append([batch(1_000)]), { code: 'store-full' });
    const aborting = new AbortController();
    const room = store.room(5_000, aborting.signal);
    aborting.abort();
    await room;
    t.pass();
  });

  test(`${name}: a batch that is not what it says is refused whole, and the store goes on`, async (t) => {
    const { store } = await factory(t);
    const wrong = { ...batch(2), count: 3 };
    await t.throwsAsync(store.append([batch(1), wrong]));
    await t.throwsAsync(store.append([{ ...batch(1), stream: '../x' }]));
    await store.append([batch(1)]);
    t.deepEqual(seqs(await store.body((await store.seal('readings'))!)), [1]);
  });

  test(`${name}: what a greeting taught is kept`, async (t) => {
    const { store, reopen } = await factory(t);
    t.deepEqual(store.cloud(c), { cloudEpoch: null, token: 0 });
    await store.rememberCloud(c, { cloudEpoch: 'ab', token: 3 });
    t.deepEqual((await reopen()).cloud(c), { cloudEpoch: 'ab', token: 3 });
  });

  test(`${name}: a fork begins a new epoch with a gap for what was acknowledged; the rest follows`, async (t) => {
    const { store, reopen } = await factory(t);
    for (let i = 0; i < 4; i++) {
      await store.append([batch(2)]);
      await store.seal('readings');
    }
    await store.acknowledge(c, 'readings', 2, store.header('readings', 2)!.hash);
    await store.rememberCloud(c, { cloudEpoch: 'ab', token: 3 });
    const bodies = await Promise.all([3, 4].map((n) => store.body(store.header('readings', n)!)));
    const before = store.epoch;
    const events: string[] = [];
    store.subscribe((e) => events.push(e.type));
    // In flight while it forks: lands in the new epoch.
    const [, appended] = [store.fork(c, 'The disk was copied.'), store.append([batch(1)])];
    await appended;
    t.true(events.includes('forked'));
    t.not(store.epoch, before);
    t.deepEqual(store.cloud(c), { cloudEpoch: null, token: 0 });
    t.like(store.head(c, 'readings'), { sealed: 3, acknowledged: 0 });
    const again = await reopen();
    await again.seal('readings');
    let previous = noHash;
    for (let n = 1; n <= 4; n++) {
      const header = again.header('readings', n)!;
      t.is(hex(header.previousHash), hex(previous));
      t.is(hex(header.hash), hex(chainHash(header)));
      previous = header.hash;
    }
    t.like(again.header('readings', 1), { type: 'gap', fromSeq: 1, count: 4, epoch: again.epoch });
    t.deepEqual(hex(await again.body(again.header('readings', 2)!)), hex(bodies[0]!));
    t.deepEqual(hex(await again.body(again.header('readings', 3)!)), hex(bodies[1]!));
    t.deepEqual(seqs(await again.body(again.header('readings', 4)!)), [9]);
    await acknowledgeAll(again, c);
    t.is(again.status().bytes, 0);
  });

  test(`${name}: a fork before anything was acknowledged needs no gap`, async (t) => {
    const { store } = await factory(t);
    await store.append([batch(2)]);
    await store.seal('readings');
    await store.fork(c, 'Another cloud.');
    t.like(store.header('readings', 1), { type: 'readings', fromSeq: 1, epoch: store.epoch });
    await store.fork(c, 'Another cloud.');
    await acknowledgeAll(store, c);
    t.is(store.status().bytes, 0);
  });
}
