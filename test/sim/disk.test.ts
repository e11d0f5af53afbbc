import test from 'ava';
import type { Kv } from '../../src/contract/kv.ts';
import { SimDisk } from '../../src/sim/disk.ts';
import { SimFiles } from '../../src/sim/files.ts';
import { SimKv } from '../../src/sim/kv.ts';
import { processClock } from '../../src/sim/process-clock.ts';
import { createVirtualClock } from '../../src/sim/virtual-clock.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { filesSuite } from '../suites/files.ts';
import { kvSuite } from '../suites/kv.ts';

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

/** A disk, and a process on it whose clock runs by itself. */
function machine(seed = 'disk') {
  const clock = createVirtualClock();
  const disk = new SimDisk({ clock, random: seededRandom(seed) });
  const boot = () => {
    const own = processClock(clock);
    return { own, kv: new SimKv(disk, { clock: own }), files: new SimFiles(disk, own) };
  };
  return { clock, disk, boot };
}

const put = (kv: Kv, key: string, value: string | Uint8Array) =>
  kv.transaction((writer) => writer.put([key], Buffer.from(value)));

/** A clock that never stands still, for suites that know of none. */
function running(t: { teardown(fn: () => unknown): void }) {
  const { clock, disk, boot } = machine();
  let over = false;
  t.teardown(() => {
    over = true;
  });
  const go = async () => {
    while (!over) {
      if (!(await clock.step())) await clock.flush();
    }
  };
  void go();
  return { disk, boot };
}

kvSuite(test, 'simulated', async (t) => {
  const { boot } = running(t);
  let { kv } = boot();
  return {
    kv,
    reopen: async () => {
      await kv.close();
      ({ kv } = boot());
      return kv;
    },
  };
});

filesSuite(test, 'simulated', async (t) => running(t).boot().files);

test('nothing is acknowledged before it is synced, and a power cut takes only what was not', async (t) => {
  for (const written of [false, true]) {
    const { clock, disk, boot } = machine();
    const { kv } = boot();
    await clock.until(put(kv, 'a', '1'));
    disk.syncMs = () => 500;
    let acknowledged = false;
    void put(kv, 'b', '2').then(() => {
      acknowledged = true;
    });
    await clock.advance(499);
    t.false(acknowledged);
    t.is(kv.get(['b']), undefined);
    disk.powerCut(written);
    await clock.advance(10_000);
    t.false(acknowledged);
    const after = boot().kv;
    t.is(text(after.get(['a'])), '1');
    t.is(text(after.get(['b'])), written ? '2' : undefined);
    t.is(clock.pending, 0);
  }
});

test('a disk that lies loses what it acknowledged to a power cut, and to nothing else', async (t) => {
  const { clock, disk, boot } = machine();
  disk.writesBackAfterMs = 5_000;
  const { kv, files } = boot();
  await clock.until(put(kv, 'old', '1'));
  await clock.until(files.write('old', Buffer.from('1')));
  await clock.advance(6_000);
  await clock.until(put(kv, 'new', '2'));
  await clock.until(put(kv, 'old', '3'));
  await clock.until(files.write('old', Buffer.from('3')));
  await clock.until(files.write('new', Buffer.from('2')));
  disk.crash();
  t.is(text(boot().kv.get(['new'])), '2');
  disk.powerCut();
  const after = boot();
  t.is(text(after.kv.get(['old'])), '1');
  t.is(after.kv.get(['new']), undefined);
  t.is(text(await after.files.read('old')), '1');
  t.is(await after.files.read('new'), undefined);
});

test('a full disk fails the commit that grows and every later one; deleting still works', async (t) => {
  const { clock, disk, boot } = machine();
  const { kv, files } = boot();
  await clock.until(put(kv, 'a', Buffer.alloc(10_000)));
  disk.fill(1_000);
  t.is(await files.freeBytes(), 1_000);
  await clock.until(kv.transaction((writer) => writer.remove(['a'])));
  t.true((await files.freeBytes()) > 10_000);
  await clock.until(put(kv, 'a', Buffer.alloc(9_000)));
  await t.throwsAsync(clock.until(files.write('f', Buffer.alloc(9_000))), { code: 'ENOSPC' });
  await t.throwsAsync(clock.until(put(kv, 'b', Buffer.alloc(9_000))), {
    code: 'store-failed',
    message: /ENOSPC/,
  });
  await t.throwsAsync(put(kv, 'c', ''), { code: 'store-failed' });
  disk.fill(2 ** 20);
  await t.throwsAsync(put(kv, 'c', ''), { code: 'store-failed' });
  disk.crash();
  const again = boot();
  await clock.until(put(again.kv, 'b', Buffer.alloc(9_000)));
  t.is(again.kv.get(['a'])?.length, 9_000);
});

test('a disk error fails the store for good; what was acknowledged before is there after reopening', async (t) => {
  const { clock, disk, boot } = machine();
  const { kv, files } = boot();
  await clock.until(put(kv, 'a', '1'));
  disk.failure = 'EIO';
  const waiting = put(kv, 'b', '2');
  await t.throwsAsync(clock.until(waiting), { code: 'store-failed', message: /EIO/ });
  await t.throwsAsync(clock.until(files.write('f', Buffer.from('x'))), { code: 'EIO' });
  t.throws(() => kv.get(['a']), { code: 'store-failed' });
  disk.failure = null;
  disk.crash();
  t.is(text(boot().kv.get(['a'])), '1');
});

test('a commit that the disk does not answer fails at its deadline', async (t) => {
  const { clock, disk, boot } = machine();
  const { kv } = boot();
  disk.syncMs = () => Number.POSITIVE_INFINITY;
  await t.throwsAsync(clock.until(put(kv, 'a', '1')), { code: 'store-failed', message: /30000 ms/ });
  t.is(clock.monotonic(), 30_000);
});

test('a file being written when the power goes is whole, or a part of it stands beside its place', async (t) => {
  for (const written of [false, true]) {
    const { clock, disk, boot } = machine();
    const { files } = boot();
    await clock.until(files.write('data/1', Buffer.from('old')));
    void files.write('data/1', Buffer.from('new contents'));
    void files.write('data/2', Buffer.from('another'));
    disk.powerCut(written);
    await clock.advance(1_000);
    const after = boot().files;
    t.is(text(await after.read('data/1')), written ? 'new contents' : 'old');
    t.is(text(await after.read('data/2')), written ? 'another' : undefined);
    const beside = [...disk.files.keys()].filter((path) => path.endsWith('.tmp'));
    t.is(beside.length, written ? 0 : 2);
    for (const path of beside) t.true(path.startsWith('data/.'));
  }
});

test('a damaged value or file differs in one bit, and only it', async (t) => {
  const { clock, disk, boot } = machine();
  const { kv, files } = boot();
  for (const key of ['meta', 'batch']) await clock.until(put(kv, key, 'abcdef'));
  await clock.until(files.write('data/1', Buffer.from('abcdef')));
  t.is(disk.corruptValue(['nothing']), undefined);
  t.deepEqual(disk.corruptValue(['batch']), ['batch']);
  t.is(disk.corruptFile(), 'data/1');
  const bits = (bytes: Uint8Array) =>
    [...bytes]
      .map((byte, i) => (byte ^ 'abcdef'.charCodeAt(i)).toString(2).replaceAll('0', '').length)
      .reduce((a, b) => a + b);
  t.is(bits(kv.get(['batch'])!), 1);
  t.is(bits(kv.get(['meta'])!), 0);
  t.is(bits((await files.read('data/1'))!), 1);
});

test('a copy and its original go their own ways; a disk can be restored and wiped once its process is gone', async (t) => {
  const { clock, disk, boot } = machine();
  const first = boot();
  await clock.until(put(first.kv, 'a', '1'));
  await clock.until(first.files.write('f', Buffer.from('1')));
  const copy = disk.clone();
  await clock.until(put(first.kv, 'a', '2'));
  await clock.until(first.files.write('f', Buffer.from('22')));
  const other = new SimKv(copy, { clock });
  t.is(text(other.get(['a'])), '1');
  t.is(text(copy.files.get('f')), '1');
  t.throws(() => disk.restore(copy), { message: /in use/ });
  disk.crash();
  disk.restore(copy);
  t.is(text(boot().kv.get(['a'])), '1');
  t.is(disk.usedBytes, copy.usedBytes);
  disk.wipeStore();
  t.is(boot().kv.get(['a']), undefined);
  t.is(text(disk.files.get('f')), '1');
  disk.wipe();
  t.is(disk.usedBytes, 0);
  t.is(text(copy.files.get('f')), '1');
});

test('what is called while a commit is under way waits for the next', async (t) => {
  const { clock, disk, boot } = machine();
  const { kv } = boot();
  disk.syncMs = () => 100;
  const ends: number[] = [];
  const note = () => ends.push(clock.monotonic());
  const calls = [put(kv, 'a', '1').then(note), put(kv, 'b', '1').then(note)];
  await clock.advance(90);
  calls.push(put(kv, 'c', '1').then(note), put(kv, 'd', '1').then(note));
  await clock.until(Promise.all(calls));
  t.deepEqual(ends, [100, 100, 200, 200]);
  t.is(kv.commits, 2);
});

test('a store of a hundred thousand entries takes as many commits within seconds', async (t) => {
  const clock = createVirtualClock({ promisesOnly: true });
  const disk = new SimDisk({ clock, random: seededRandom('large') });
  const kv = new SimKv(disk, { clock });
  const value = Buffer.alloc(100);
  await clock.until(
    kv.transaction((writer) => {
      for (let i = 0; i < 100_000; i++) writer.put(['batch', 'readings', i], value);
    }),
  );
  const startedMs = performance.now();
  const run = async () => {
    for (let i = 0; i < 20_000; i++) {
      await kv.transaction((writer) => {
        writer.put(['batch', 'readings', 100_000 + i], value);
        writer.put(['stream', 'readings'], value);
        if (i % 15 === 0) writer.removeRange(['batch', 'readings', i], ['batch', 'readings', i + 15]);
      });
    }
  };
  await clock.until(run());
  const left = [...kv.range({ from: ['batch'], to: ['batch~'] })].length;
  t.is(left, 120_000 - Math.ceil(20_000 / 15) * 15);
  t.is(disk.usedBytes, (left + 1) * 164);
  t.true(performance.now() - startedMs < 10_000);
  t.log(`${Math.round(performance.now() - startedMs)} ms`);
});
