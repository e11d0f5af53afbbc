/** What every cloud store must do, whatever lies under it. */
import type { TestFn } from 'ava';
import type { CloudStore, StreamHead } from '../../src/contract/store.ts';
import { encodeGap } from '../../src/domain/gap.ts';
import { numberLines } from '../../src/domain/reading.ts';
import { bodyHash, chainHash, noHash, type SegmentHeader } from '../../src/domain/segment.ts';
import { batch, seqs } from '../helpers/store-fixtures.ts';

export type CloudFactory = (t: {
  teardown(fn: () => unknown): void;
}) => Promise<{ store: CloudStore; reopen(): Promise<CloudStore> }>;

interface Segment {
  readonly header: SegmentHeader;
  readonly body: Uint8Array;
}

const epoch = 'ab'.repeat(16);
const stream = 'readings';

export function sealAgain(header: SegmentHeader): SegmentHeader {
  return { ...header, hash: chainHash(header) };
}

/** A chain of segments as an edge would make it, two readings each. */
export function chain(count: number, edge = 'shed', of = epoch): Segment[] {
  const made: Segment[] = [];
  for (let sequence = 1; sequence <= count; sequence++) {
    const fromSeq = 2 * sequence - 1;
    const body = numberLines(batch(2).lines, 2, fromSeq);
    const header = sealAgain({
      edge,
      epoch: of,
      stream,
      sequence,
      type: 'readings',
      fromSeq,
      count: 2,
      bytes: body.length,
      sealedAtMs: 1_000,
      bodyHash: bodyHash(body),
      previousHash: made.at(-1)?.header.hash ?? noHash,
      hash: noHash,
    });
    made.push({ header, body });
  }
  return made;
}

export function headOf(segments: readonly Segment[], sealed: number, acknowledged: number): StreamHead {
  const hashAt = (n: number) => segments[n - 1]?.header.hash ?? noHash;
  return { stream, sealed, sealedHash: hashAt(sealed), acknowledged, acknowledgedHash: hashAt(acknowledged) };
}

async function admitted(
  store: CloudStore,
  token: number,
  heads: readonly StreamHead[],
  edge = 'shed',
  of = epoch,
) {
  const admission = await store.admit(edge, of, token, heads);
  if (!admission.admitted) throw new Error(admission.reason);
  return admission;
}

export function cloudStoreSuite(test: TestFn, name: string, factory: CloudFactory): void {
  test(`${name}: a segment is stored once, however often it comes, also after reopening`, async (t) => {
    const { store, reopen } = await factory(t);
    const segments = chain(3);
    const { token } = await admitted(store, 0, [headOf(segments, 3, 0)]);
    const puts = await Promise.all(segments.map((s) => store.put(token, s.header, s.body)));
    t.deepEqual(
      puts.map((p) => p.known),
      [false, false, false],
    );
    const resend = await store.put(token, segments[1]!.header, segments[1]!.body);
    t.true(resend.known);
    t.deepEqual(resend.receipt, puts[1]!.receipt);
    const again = await reopen();
    t.true((await again.put(token, segments[0]!.header, segments[0]!.body)).known);
    t.deepEqual(
      [...again.receipts('shed', stream)].map((r) => r.header.sequence),
      [1, 2, 3],
    );
    t.like(again.mark('shed', epoch, stream), { sequence: 3, seq: 6 });
    t.is(again.epoch, store.epoch);
    t.deepEqual(again.edges(), ['shed']);
  });

  test(`${name}: every segment becomes a file of its own, and can be read before and after`, async (t) => {
    const { store, reopen } = await factory(t);
    const segments = chain(5);
    const { token } = await admitted(store, 0, []);
    for (const s of segments) {
      const { receipt } = await store.put(token, s.header, s.body);
      t.deepEqual(Buffer.from(await store.body(receipt)), Buffer.from(s.body));
    }
    await store.filed();
    t.is(store.status().bytes, 0);
    const again = await reopen();
    const receipts = [...again.receipts('shed', stream)];
    t.is(new Set(receipts.map((r) => r.file)).size, 5);
    for (const [i, r] of receipts.entries()) {
      t.regex(r.file, new RegExp(`^data/shed/${epoch}/\\d+(-\\d+)?\\.ndjson$`));
      t.deepEqual(seqs(await again.body(r)), [2 * i + 1, 2 * i + 2]);
    }
  });

  test(`${name}: what does not fit its header, its place or its count is refused and changes nothing`, async (t) => {
    const { store } = await factory(t);
    const [one, two, three] = chain(3) as [Segment, Segment, Segment];
    const { token } = await admitted(store, 0, []);
    const refused = async (header: SegmentHeader, body: Uint8Array, code = 'segment-refused') => {
      await t.throwsAsync(store.put(token, header, body), { code });
    };
    const withBody = (text: string, more: Partial<SegmentHeader> = {}) => {
      const body = Buffer.from(text);
      return [
        sealAgain({ ...one.header, bytes: body.length, bodyHash: bodyHash(body), ...more }),
        body,
      ] as const;
    };
    await refused(two.header, two.body);
    await refused(sealAgain({ ...one.header, sequence: 2 ** 53 }), one.body);
    await refused(sealAgain({ ...one.header, sequence: 2 ** 53 - 2 }), one.body);
    await refused({ ...one.header, hash: two.header.hash }, one.body);
    await refused(one.header, two.body);
    await refused(one.header, one.body.subarray(1));
    await refused(sealAgain({ ...one.header, edge: '../../etc' }), one.body);
    await refused(sealAgain({ ...one.header, stream: 'a/b' }), one.body);
    await refused(...withBody('{"seq":1,"a":1}\n'));
    await refused(...withBody('{"seq":1,"a":1}\n{"seq":3,"a":1}\n'));
    await refused(...withBody('{"seq":1,"a":1}\n{"seq":2,"a":1}'));
    await refused(...withBody('{"seq":1,"a":1}\n{"seq":2,"a":1}\n{"seq":3,"a":1}\n'));
    await refused(...withBody('{"seq":1,"a":1}\n{"seq":20,"a":1}\n'));
    await refused(...withBody('', { count: 0 }));
    await refused(...withBody('{"seq":5,"a":1}\n{"seq":6,"a":1}\n', { fromSeq: 5 }));
    t.is(store.mark('shed', epoch, stream), undefined);
    await store.put(token, one.header, one.body);
    await refused(three.header, three.body);
    await refused(sealAgain({ ...one.header, sealedAtMs: 2_000 }), one.body, 'edge-forked');
    await refused(sealAgain({ ...two.header, previousHash: noHash }), two.body, 'edge-forked');
    t.is(store.mark('shed', epoch, stream)!.sequence, 1);
    await store.put(token, two.header, two.body);
  });

  test(`${name}: a gap takes its place in the sequence and its numbers in seq`, async (t) => {
    const { store } = await factory(t);
    const [one] = chain(1) as [Segment];
    const { token } = await admitted(store, 0, []);
    await store.put(token, one.header, one.body);
    const body = encodeGap({ gap: 'dropped', fromSeq: 3, toSeq: 7, count: 5, text: 'Dropped.' });
    const header = sealAgain({
      ...one.header,
      sequence: 2,
      type: 'gap',
      fromSeq: 3,
      count: 5,
      bytes: body.length,
      bodyHash: bodyHash(body),
      previousHash: one.header.hash,
    });
    const { receipt } = await store.put(token, header, body);
    t.regex(receipt.file, /^gaps\/shed\/.*\.json$/);
    t.like(store.mark('shed', epoch, stream), { sequence: 2, seq: 7 });
    t.deepEqual(
      [...store.unfinished('forecaster')].map((r) => r.header.sequence),
      [1],
    );
  });

  test(`${name}: a newer link takes over; the older one can store nothing more`, async (t) => {
    const { store } = await factory(t);
    const [one, two] = chain(2) as [Segment, Segment];
    const first = await admitted(store, 0, []);
    const second = await admitted(store, first.token, []);
    t.true(second.token > first.token);
    await t.throwsAsync(store.put(first.token, one.header, one.body), { code: 'link-superseded' });
    await store.put(second.token, one.header, one.body);
    await t.throwsAsync(store.put(first.token, two.header, two.body), { code: 'link-superseded' });
    await t.throwsAsync(store.put(second.token, chain(1, 'other')[0]!.header, one.body), {
      code: 'link-superseded',
    });
  });

  test(`${name}: a copy, a restored snapshot, a lost or another cloud is noticed at the greeting`, async (t) => {
    const { store } = await factory(t);
    const segments = chain(3);
    const { token } = await admitted(store, 0, []);
    for (const s of segments.slice(0, 2)) await store.put(token, s.header, s.body);
    const refusal = async (given: number, heads: readonly StreamHead[], of = epoch) => {
      const admission = await store.admit('shed', of, given, heads);
      return admission.admitted ? '' : admission.reason;
    };
    t.regex(await refusal(token - 1, [headOf(segments, 2, 2)]), /copy/);
    t.regex(await refusal(token, [headOf(segments, 1, 1)]), /only 1/);
    t.regex(await refusal(token, []), /does not know/);
    t.regex(await refusal(token, [headOf(segments, 3, 3)]), /lost/);
    t.regex(await refusal(token, [{ ...headOf(segments, 2, 0), sealedHash: noHash }]), /differ/);
    t.regex(await refusal(token, [{ ...headOf(segments, 3, 2), acknowledgedHash: noHash }]), /differ/);
    t.regex(await refusal(token, [{ ...headOf(segments, 3, 1), acknowledgedHash: noHash }]), /differ/);
    t.regex(await refusal(0, [headOf(segments, 3, 1)], 'cd'.repeat(16)), /never met/);
    t.regex(await refusal(0, [], 'xyz'), /epoch/);
    t.regex(await refusal(0, [headOf(segments, 1, 2)]), /claims/);
    t.is(await refusal(token, [headOf(segments, 3, 1)]), '');
  });

  test(`${name}: a token not used yet may be greeted with again`, async (t) => {
    const { store, reopen } = await factory(t);
    const first = await admitted(store, 0, []);
    t.true((await store.admit('shed', epoch, 0, [])).admitted);
    const again = await reopen();
    const later = await admitted(again, 0, []);
    t.true(later.token > first.token);
    t.deepEqual(again.edges(), []);
  });

  test(`${name}: receipts come in stream order, epochs by their first receipt`, async (t) => {
    const { store } = await factory(t);
    for (const of of ['ff'.repeat(16), '00'.repeat(16)]) {
      const { token } = await admitted(store, 0, [], 'shed', of);
      for (const s of chain(2, 'shed', of)) await store.put(token, s.header, s.body);
    }
    t.deepEqual(
      [...store.receipts('shed', stream)].map((r) => r.header.epoch.slice(0, 2) + r.header.sequence),
      ['ff1', 'ff2', '001', '002'],
    );
    t.deepEqual([...store.receipts('she', stream)], []);
  });

  test(`${name}: a consumer finds what it has not finished, and its means, after reopening`, async (t) => {
    const { store, reopen } = await factory(t);
    const segments = chain(3);
    const { token } = await admitted(store, 0, []);
    for (const s of segments) await store.put(token, s.header, s.body);
    const value = { timeMs: 5_000, mean: 1013.2, readings: 2 };
    await store.finish('forecaster', segments[1]!.header, [
      { sensor: 'pressure', value },
      { sensor: 'temperature', value: { ...value, mean: 21 } },
    ]);
    await store.finish('forecaster', segments[1]!.header, [
      { sensor: 'pressure', value: { ...value, mean: 0 } },
    ]);
    const again = await reopen();
    t.deepEqual(
      [...again.unfinished('forecaster')].map((r) => r.header.sequence),
      [1, 3],
    );
    t.deepEqual(again.means('shed', 'pressure', 0), [value]);
    t.deepEqual([...again.eachMean('shed', 'pressure', 0)], [value]);
    t.like(again.means('shed', 'temperature', 0), [{ mean: 21 }]);
    t.deepEqual(again.means('shed', 'pressure', 5_001), []);
    t.deepEqual(again.means('shed', 'humidity', 0), []);
    t.deepEqual(again.sensors('shed', 10), ['pressure', 'temperature']);
    t.deepEqual(again.sensors('shed', 1), ['pressure']);
    t.deepEqual(again.sensors('she', 10), []);
  });

  test(`${name}: a consumer that comes later finds what was stored since; one that is gone gets nothing more`, async (t) => {
    const { store } = await factory(t);
    const segments = chain(3);
    const { token } = await admitted(store, 0, []);
    const put = (n: number) => store.put(token, segments[n]!.header, segments[n]!.body);
    const left = (consumer: string) => [...store.unfinished(consumer)].map((r) => r.header.sequence);
    await put(0);
    store.setConsumers(['forecaster', 'other']);
    await put(1);
    store.setConsumers(['other']);
    await put(2);
    t.deepEqual(left('other'), [2, 3]);
    await store.finish('other', segments[1]!.header, []);
    t.deepEqual(left('other'), [3]);
    store.setConsumers(['forecaster']);
    t.deepEqual(left('forecaster'), [1, 2], 'what it had not finished waits for it');
  });

  test(`${name}: means are kept for two days`, async (t) => {
    const { store } = await factory(t);
    const segments = chain(2);
    const { token } = await admitted(store, 0, []);
    for (const s of segments) await store.put(token, s.header, s.body);
    const base = Date.UTC(2025, 11, 1);
    const at = (timeMs: number) => [{ sensor: 'pressure', value: { timeMs, mean: 1, readings: 1 } }];
    await store.finish('forecaster', segments[0]!.header, at(base));
    await store.finish('forecaster', segments[1]!.header, at(base + 2 * 86_400_000 + 1));
    t.is(store.means('shed', 'pressure', 0).length, 1);
  });
}
