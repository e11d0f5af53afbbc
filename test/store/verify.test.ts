import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { certificateText } from '../../src/cli/verify-text.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { toHex } from '../../src/store/text.ts';
import { verifyCloud } from '../../src/store/verify.ts';
import type { VerifyFiles } from '../../src/store/verify-files.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { Chain, flawAfter, storedCloud, threeSegments as three } from '../helpers/stored-cloud.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

test('a whole cloud gets a certificate: from seq to seq, gaps, last hash, and a digest that stays the same', async (t) => {
  const chain = three().lost(5).gap({ gap: 'missed', count: 7, text: 'away' }).readings(2);
  const cloud = await storedCloud(t, chain);
  const certificate = await cloud.verify();
  t.like(certificate, { complete: true, notFiled: 0, flawsLeftOut: 0 });
  t.deepEqual(certificate.remarks, []);
  const [proof] = certificate.edges[0]!.epochs[0]!.streams;
  t.like(proof, { stream: 'readings', fromSeq: 1, toSeq: 17, segments: 6, readings: 12, lastSequence: 6 });
  t.is(proof!.lastHash, toHex(chain.segments.at(-1)!.header.hash));
  t.like(proof!.gaps[0], { reason: 'discarded', fromSeq: 11, toSeq: 15, count: 5, text: 'too hot' });
  t.like(proof!.gaps[1], { reason: 'missed', fromSeq: null, count: 7, text: 'away' });
  t.is((await cloud.verify()).digest, certificate.digest);
  const other = await storedCloud(t, three());
  t.not((await other.verify()).digest, certificate.digest);
  const text = certificateText(certificate, '2026-01-01T00:00:00.000Z');
  t.regex(text, /^ {2}seq 1 to 17: 12 readings, 2 gaps$/m);
  t.regex(text, /^COMPLETE: 12 readings of 1 edge, each once; 12 stand in gaps$/m);
});

test('a foreign file, a foreign directory and what was left unfinished are remarked and do not count', async (t) => {
  const cloud = await storedCloud(t, three());
  const home = dirname(cloud.path(0));
  await writeFile(join(home, '7.ndjson'), '{"seq":4,"value":1}\n');
  await writeFile(join(home, '.12-0.tmp'), '');
  await mkdir(join(home, 'more'));
  await mkdir(join(cloud.dir, 'data', 'garage', 'x'), { recursive: true });
  await mkdir(join(cloud.dir, 'data', 'shed', 'cd'.repeat(16)), { recursive: true });
  const { complete, remarks } = await cloud.verify();
  t.true(complete);
  t.deepEqual(remarks.map(({ kind, path }) => `${kind} ${path?.split('/').at(-1)}`).sort(), [
    'foreign-directory cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',
    'foreign-directory garage',
    'foreign-directory more',
    'foreign-file 7.ndjson',
    'unfinished-file .12-0.tmp',
  ]);
  t.regex(remarks.find(({ kind }) => kind === 'foreign-file')!.message, /begins with seq 4/);
});

const key = (sequence: number) => ['receipt', 'shed', 'ab'.repeat(16), 'readings', sequence];
const markKey = ['mark', 'shed', 'ab'.repeat(16), 'readings'];

test('a missing receipt is found in the middle and at the end, with the readings it was for', async (t) => {
  for (const [sequence, fromSeq, toSeq] of [
    [1, 1, 3],
    [2, 4, 7],
    [3, 8, 10],
  ] as const) {
    const { flaw, remarks, cloud } = await flawAfter(t, ({ records }) =>
      records((kv) => kv.transaction((writer) => writer.remove(key(sequence)))),
    );
    t.like(flaw, { kind: 'receipt-missing', sequence, fromSeq, toSeq });
    t.deepEqual(
      remarks.map(({ path }) => path),
      [cloud.files[sequence - 1]],
    );
  }
});

/** Changes a record that is JSON. */
const changeRecord =
  (at: readonly (string | number)[], change: object) => (cloud: Awaited<ReturnType<typeof storedCloud>>) =>
    cloud.records((kv) =>
      kv.transaction((writer) => {
        const record = JSON.parse(Buffer.from(writer.get(at)!).toString());
        writer.put(at, Buffer.from(JSON.stringify({ ...record, ...change })));
      }),
    );

test('a receipt that was changed or cannot be read is found', async (t) => {
  for (const change of [
    { fromSeq: 5 },
    { count: 9 },
    { hash: '00'.repeat(32) },
    { bodyHash: '11'.repeat(32) },
  ]) {
    const { flaw } = await flawAfter(t, changeRecord(key(2), change));
    t.like(flaw, { kind: 'receipt-changed', sequence: 2 });
  }
  const { flaw } = await flawAfter(t, ({ records }) =>
    records((kv) => kv.transaction((writer) => writer.put(key(2), Buffer.from('{"type":"rea')))),
  );
  t.like(flaw, { kind: 'receipt-changed', sequence: 2 });
});

test('a mark that was changed, set back, or taken away is found', async (t) => {
  const changes = [{ seq: 11 }, { hash: '00'.repeat(32) }];
  for (const change of changes) {
    const { flaw } = await flawAfter(t, changeRecord(markKey, change));
    t.is(flaw.kind, 'mark-wrong');
  }
  const back = three().segments[1]!.header;
  const { flaw } = await flawAfter(t, changeRecord(markKey, { sequence: 2, seq: 7, hash: toHex(back.hash) }));
  t.like(flaw, { kind: 'mark-wrong', sequence: 3 });
  const gone = await flawAfter(t, ({ records }) =>
    records((kv) => kv.transaction((writer) => writer.remove(markKey))),
  );
  t.is(gone.flaw.kind, 'mark-wrong');
});

test('a segment exchanged for another history is a broken chain, seq that overlap or are left out are told', async (t) => {
  // Each receipt is right by itself; only what came before shows it.
  const cases = [
    { other: new Chain().readings(2).readings(1).readings(4).segments[2]!, kinds: ['chain-broken'] },
    {
      other: new Chain().readings(2).readings(4).segments[1]!,
      kinds: ['chain-broken', 'seq-twice', 'chain-broken', 'seq-missing'],
    },
  ];
  for (const { other, kinds } of cases) {
    const cloud = await storedCloud(t, three());
    const { header, body } = other;
    const receipt = {
      ...header,
      storedAtMs: 1,
      file: cloud.files[1],
      ...Object.fromEntries(
        ['bodyHash', 'previousHash', 'hash'].map((name) => [name, toHex(header[name as 'hash'])]),
      ),
    };
    if (header.sequence === 2) {
      await cloud.records((kv) =>
        kv.transaction((writer) => writer.put(key(2), Buffer.from(JSON.stringify(receipt)))),
      );
      await writeFile(cloud.path(1), body);
      const { flaws } = await cloud.verify();
      t.deepEqual(
        flaws.map(({ kind }) => kind),
        kinds as never,
      );
    } else {
      // Another third segment in place of ours.
      const third = { ...receipt, file: cloud.files[2] };
      await cloud.records((kv) =>
        kv.transaction((writer) => writer.put(key(3), Buffer.from(JSON.stringify(third)))),
      );
      await writeFile(cloud.path(2), body);
      const { flaws } = await cloud.verify();
      t.true(flaws.some(({ kind }) => kind === 'chain-broken'));
    }
  }
});

test('bytes that wait in the store are looked at too, right and wrong', async (t) => {
  const chain = three();
  const bodyKey = ['body', ...key(2).slice(1)];
  const cloud = await storedCloud(t, chain);
  const { body } = chain.segments[1]!;
  await unlink(cloud.path(1));
  await cloud.records((kv) => kv.transaction((writer) => writer.put(bodyKey, body)));
  t.like(await cloud.verify(), { complete: true, notFiled: 1 });
  const changed = Buffer.from(body);
  changed[30]! ^= 4;
  await cloud.records((kv) => kv.transaction((writer) => writer.put(bodyKey, changed)));
  const { flaws } = await cloud.verify();
  t.is(flaws.length, 1);
  t.like(flaws[0], { kind: 'body-changed', sequence: 2, line: 1 });
  t.regex(flaws[0]!.message, /waits in the cloud's store to become/);
});

test('epochs continue one another: what a gap `epoch` stands for is here, or is told as not here', async (t) => {
  const first = new Chain('ab'.repeat(16)).readings(3).readings(4);
  const whole = await storedCloud(
    t,
    first,
    new Chain('cd'.repeat(16)).lost(7, 'epoch', 'restored').readings(2),
  );
  const { complete, edges, remarks } = await whole.verify();
  t.true(complete);
  t.deepEqual(
    edges[0]!.epochs.map(({ epoch }) => epoch.slice(0, 2)),
    ['ab', 'cd'],
  );
  t.deepEqual(edges[0]!.epochs[1]!.streams[0]!.gaps[0]!.notHere, []);
  t.deepEqual(remarks, []);

  const lost = await storedCloud(
    t,
    first,
    new Chain('cd'.repeat(16)).lost(9, 'epoch', 'restored').readings(2),
  );
  const less = await lost.verify();
  t.true(less.complete);
  t.deepEqual(less.edges[0]!.epochs[1]!.streams[0]!.gaps[0]!.notHere, [{ from: 8, to: 9 }]);
  t.regex(certificateText(less, ''), /\(not here: seq 8 to 9\)/);
  t.regex(certificateText(less, ''), /^COMPLETE: 9 readings of 1 edge, each once; 2 stand in gaps$/m);

  const twice = await storedCloud(
    t,
    first,
    new Chain('cd'.repeat(16)).lost(5, 'epoch', 'copied').readings(4),
  );
  t.deepEqual(
    (await twice.verify()).remarks.map(({ kind, message }) => [kind, /seq 6 to 7/.test(message)]),
    [['seq-in-two-epochs', true]],
  );
});

test('edges and streams are verified apart from one another', async (t) => {
  const cloud = await storedCloud(t, three(), new Chain('cd'.repeat(16), 'garage', 'states').readings(1));
  await unlink(cloud.path(0));
  t.false((await cloud.verify()).complete);
  t.true((await cloud.verify({ edge: 'garage' })).complete);
  t.true((await cloud.verify({ stream: 'states' })).complete);
  t.deepEqual(
    (await cloud.verify({ edge: 'garage' })).edges.map(({ edge }) => edge),
    ['garage'],
  );
});

test('what arrives while it is verified does not disturb it', async (t) => {
  const kv = new MemoryKv();
  const all = new MemoryFiles();
  const clock = createVirtualClock();
  const options = { clock, random: seededRandom('cloud'), bytesMax: 2 ** 24, consumers: [] };
  const store = await createCloudStore(kv, all, options);
  const admission = await store.admit('shed', new Chain().epoch, 0, []);
  const chain = new Chain();
  for (let i = 0; i < 40; i++) chain.readings(5);
  const put = async (from: number, to: number) => {
    for (const { header, body } of chain.segments.slice(from, to)) {
      await store.put(admission.admitted ? admission.token : 0, header, body);
    }
  };
  await put(0, 10);
  let reads = 0;
  const files: VerifyFiles = {
    async read(path) {
      // More comes with each look.
      reads += 1;
      if (reads <= 10) await put(9 + reads, 10 + reads);
      const bytes = all.disk.files.get(path);
      return bytes ? { bytes } : null;
    },
    async *list(path) {
      await put(20, 40);
      await store.filed();
      for (const name of all.disk.files.keys()) {
        if (name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes('/')) {
          yield { name: name.slice(path.length + 1), isDirectory: false };
        }
      }
    },
  };
  await store.filed();
  const { complete, remarks, edges } = await verifyCloud({ kv, files });
  t.true(complete);
  t.deepEqual(remarks, []);
  t.like(edges[0]!.epochs[0]!.streams[0], { readings: 50, toSeq: 50, lastSequence: 10 });
  const again = await verifyCloud({ kv, files });
  t.like(again, { complete: true });
  t.is(again.edges[0]!.epochs[0]!.streams[0]!.readings, 200);
});
