import test from 'ava';
import type { StoreEvent } from '../../src/contract/store.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { chain, headOf } from '../suites/cloud-store.ts';

const epoch = 'ab'.repeat(16);
const stream = 'readings';

/** A cloud whose files cannot be written, so that three segments wait in its store; `reopen` lets it file them. */
async function begin() {
  const kv = new MemoryKv();
  const files = new MemoryFiles();
  const options = {
    ...{ bytesMax: 2 ** 24, consumers: ['forecaster'], clock: createVirtualClock() },
    random: seededRandom('damage'),
  };
  const store = await createCloudStore(kv, files, options);
  const segments = chain(3);
  const admission = await store.admit('shed', epoch, 0, [headOf(segments, 3, 0)]);
  const token = admission.admitted ? admission.token : 0;
  files.refusal = new Error('no space');
  for (const { header, body } of segments) await store.put(token, header, body);
  const told: string[] = [];
  const reopen = async () => {
    files.refusal = null;
    const again = await createCloudStore(new MemoryKv(kv.crash()), files, options);
    await again.resume();
    // Whoever listens late hears of it all the same.
    await again.filed();
    again.subscribe((event: StoreEvent) => {
      if (event.type === 'damaged') told.push(event.problem.message);
    });
    return again;
  };
  const flip = (what: string, sequence: number) => {
    const hit = entriesOf(kv.disk).find(({ key }) => key[0] === what && key.at(-1) === sequence)!;
    hit.value[20]! ^= 0x81;
  };
  return { files, segments, token, told, reopen, flip };
}

test('a body that is damaged before it becomes a file is put aside with an alarm; the others are filed', async (t) => {
  const { files, told, reopen, flip } = await begin();
  flip('body', 2);
  const store = await reopen();
  t.is(told.length, 1);
  t.regex(
    told[0]!,
    /segment 2 of stream readings of edge shed came back damaged .* in damaged\/shed\/(ab)+\/readings-2/,
  );
  t.deepEqual(
    [...files.disk.files.keys()].map((path) => path.split('/')[0]),
    ['data', 'damaged', 'data'],
  );
  const receipts = [...store.receipts('shed', stream)];
  t.deepEqual(seqs(await store.body(receipts[0]!)), [1, 2]);
  await t.throwsAsync(store.body(receipts[1]!), {
    code: 'store-corrupt',
    message: /damaged\/.*does not match its hash/,
  });
  t.deepEqual(seqs(await store.body(receipts[2]!)), [5, 6]);
  t.is(store.status().bytes, 0);
});

test('a damaged receipt costs its segment only: the others are filed, listed and read, and its edge is greeted', async (t) => {
  const { segments, token, told, reopen, flip } = await begin();
  flip('receipt', 2);
  const store = await reopen();
  t.regex(told.join(), /the receipt of segment 2 .* is damaged or gone; what is there is in damaged\//);
  const damaged: number[] = [];
  const receipts = [...store.receipts('shed', stream, ({ sequence }) => void damaged.push(sequence))];
  t.deepEqual(damaged, [2]);
  t.deepEqual(
    receipts.map(({ header }) => header.sequence),
    [1, 3],
  );
  t.deepEqual(seqs(await store.body(receipts[1]!)), [5, 6]);
  t.deepEqual(
    [...store.unfinished('forecaster')].map(({ header }) => header.sequence),
    [1, 3],
  );
  for (const acknowledged of [2, 3]) {
    t.true((await store.admit('shed', epoch, token, [headOf(segments, 3, acknowledged)])).admitted);
  }
});

test('a damaged receipt is no way in for another history', async (t) => {
  const { segments, token, reopen, flip } = await begin();
  flip('receipt', 3);
  const store = await reopen();
  const others = segments.map(({ header, body }) => ({
    header: { ...header, hash: new Uint8Array(32) },
    body,
  }));
  t.false((await store.admit('shed', epoch, token, [headOf(others, 3, 3)])).admitted);
});
