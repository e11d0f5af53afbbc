import {
  appendFile,
  copyFile,
  open,
  rename,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { unreadable } from '../../src/connectors/source-files.ts';
import { lines, range, type Source, startSource, temporaryDir } from './file-source-fixtures.ts';

/** More than is read while the store takes nothing. */
const plenty = '0\n'.repeat(80_000);
/** The clock of a file system ticks every few milliseconds. */
const tick = () => sleep(10);

/** Moves the file and all older ones up, as logrotate does, and begins another. */
async function rotate(path: string, older: number, text: string): Promise<void> {
  for (let n = older; n >= 1; n--) await rename(`${path}.${n}`, `${path}.${n + 1}`);
  await rename(path, `${path}.1`);
  await tick();
  await writeFile(path, text);
}

/** What comes after `plenty`. */
async function rest(source: Source): Promise<unknown[]> {
  return (await source.values()).filter((value) => value !== 0);
}

test('files that were rotated while the store was full are found again after a kill, in order', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const first = await startSource({ path });
  await first.advance(1_000);
  first.hold(true);
  await appendFile(path, lines(2));
  await first.advance(1_000);
  await rotate(path, 0, lines(3));
  await first.advance(1_000);
  await rotate(path, 1, lines(4));
  await first.advance(1_000);
  await rotate(path, 2, lines(5));
  const second = await startSource({ path }, { disk: await first.kill() });
  await second.advance(60_000);
  t.deepEqual(await second.values(), range(1, 5));
  t.deepEqual(second.notes(), [
    `2 more files rotated away from ${path} while nobody looked: read in their turn`,
  ]);
  await second.stop();
});

test('of files beside it only those are taken for rotated that are named alike and were written later', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(`${path}.3`, lines(91));
  await tick();
  await writeFile(path, lines(1));
  const first = await startSource({ path });
  await first.advance(1_000);
  const disk = await first.kill();
  await appendFile(path, lines(2));
  await rotate(path, 0, lines(3));
  await tick();
  await copyFile(`${path}.1`, `${path}.4`);
  const past = new Date(Date.now() - 60_000);
  await utimes(`${path}.4`, past, past);
  for (const name of [`${path}.old`, `${path}.1.gz`, `${path}2.1`, join(path, '..', 'b.log.1')]) {
    await writeFile(name, lines(92));
  }
  const second = await startSource({ path }, { disk });
  await second.advance(20_000);
  t.deepEqual(await second.values(), [1, 2, 3]);
  t.deepEqual(second.notes(), []);
  await second.stop();
});

test('files that wait for their turn are found again after PAUSE and after trouble, whatever they are called', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, plenty);
  const source = await startSource({ path });
  source.hold(true);
  await source.advance(1_000);
  for (let n = 1; n <= 3; n++) {
    await rename(path, `${path}.${'x'.repeat(n)}`);
    await writeFile(path, lines(n));
    await source.advance(1_000);
  }
  await source.send('PAUSE');
  await unlink(`${path}.xx`);
  await source.send('RESUME');
  source.hold(false);
  source.files.before = (operation, at) => {
    if (operation === 'read') throw unreadable(at, Object.assign(new Error('as told'), { code: 'EIO' }));
  };
  await source.until(() => source.state() === 'waitingToRetry');
  source.files.before = () => {};
  await source.advance(60_000);
  t.deepEqual(await rest(source), [2, 3]);
  t.deepEqual(source.notes(), [
    `1 more file rotated away from ${path} waited to be read and cannot be found: their lines are lost`,
  ]);
  await source.stop();
  t.is(source.files.isOpen, 0);
});

test('more rotated files than may wait are told of', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, plenty);
  const source = await startSource({ path });
  source.hold(true);
  await source.advance(1_000);
  for (let n = 1; n <= 66; n++) {
    await rename(path, `${path}.${n}`);
    await writeFile(path, lines(n));
    await source.advance(500);
  }
  t.is(source.notes().length, 2, 'one for each file that cannot wait');
  t.regex(
    source.notes()[0]!,
    /^64 files rotated away from .*a\.log wait to be read: the one there now is lost/,
  );
  t.is(source.files.isOpen, 65);
  source.hold(false);
  await source.advance(60_000);
  t.deepEqual(await rest(source), [...range(1, 64), 66]);
  await source.stop();
});

test('a file with another inode that holds what was read goes on where reading stopped', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const first = await startSource({ path });
  await first.advance(1_000);
  const disk = await first.kill();
  await copyFile(path, `${path}.copy`);
  await rename(`${path}.copy`, path);
  await appendFile(path, lines(3));
  const second = await startSource({ path }, { disk });
  await second.advance(1_000);
  t.deepEqual(await second.values(), [1, 2, 3]);
  t.deepEqual(second.notes(), [`${path} is another file now that holds what was read: line 3 comes next`]);
  await second.stop();
});

test('a link that leads back to a file that was read goes on in it, also after a restart', async (t) => {
  const dir = await temporaryDir(t);
  const path = join(dir, 'current');
  const lead = async (to: string) => {
    await symlink(to, `${path}.new`);
    await rename(`${path}.new`, path);
  };
  await writeFile(join(dir, 'A'), lines(1));
  await writeFile(join(dir, 'B'), lines(2));
  await lead('A');
  const first = await startSource({ path });
  await first.advance(1_000);
  await lead('B');
  await first.advance(20_000);
  await appendFile(join(dir, 'A'), lines(3));
  await lead('A');
  await first.advance(20_000);
  t.deepEqual(await first.values(), [1, 2, 3]);
  const second = await startSource({ path }, { disk: await first.kill() });
  await second.advance(1_000);
  await appendFile(join(dir, 'B'), lines(4));
  await lead('B');
  await second.advance(20_000);
  t.deepEqual(await second.values(), range(1, 4));
  t.deepEqual(second.notes(), []);
  await second.stop();
});

test('a rotation that is undone reads nothing twice and loses nothing', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n3');
  const source = await startSource({ path });
  await source.advance(1_000);
  await rename(path, `${path}.1`);
  await writeFile(path, lines(2));
  await source.advance(1_000);
  await rename(`${path}.1`, path);
  await source.advance(2_000);
  await appendFile(path, '4\n');
  await source.advance(20_000);
  t.deepEqual(await source.values(), [1, 2, 34]);
  t.deepEqual(source.notes(), []);
  await source.stop();
  t.is(source.files.isOpen, 0);
});

test('a byte order mark at the start of a file is passed over', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '\ufeff1\n2\n');
  const first = await startSource({ path });
  await first.advance(1_000);
  await appendFile(path, lines(3));
  const second = await startSource({ path }, { disk: await first.kill() });
  await second.advance(1_000);
  t.deepEqual(await second.values(), [1, 2, 3]);
  t.deepEqual(second.notes(), []);
  await second.stop();
});

test('zero bytes that a writer leaves who does not append are passed over after a truncation, and told of', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const writer = await open(path, 'w');
  t.teardown(() => writer.close());
  await writer.write(plenty);
  const source = await startSource({ path, 'read-max': '4KiB' });
  await source.advance(5_000);
  await truncate(path, 0);
  await source.advance(1_000);
  await writer.write(lines(1));
  await source.advance(10_000);
  await writer.write(lines(2));
  await source.advance(1_000);
  t.deepEqual(await rest(source), [1, 2]);
  t.is(source.notes().length, 2);
  t.regex(source.notes()[1]!, /a\.log begins with zero bytes, which are passed over/);
  await source.stop();
});

test('room that a file was given before it is written to is waited for', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const writer = await open(path, 'w');
  t.teardown(() => writer.close());
  await writer.truncate(10_000);
  const source = await startSource({ path, 'read-max': '4KiB' });
  await source.advance(5_000);
  await writer.write(lines(...range(100_001, 102_000)), 0);
  await source.advance(5_000);
  t.deepEqual(await source.values(), range(100_001, 102_000));
  t.deepEqual(source.notes(), []);
  await source.stop();
});

test('a file that is open while the store is full from the start is being read, not opened', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, plenty);
  const source = await startSource({ path, 'read-max': '4MiB' });
  source.hold(true);
  await source.advance(120_000);
  t.is(source.state(), 'reading');
  t.deepEqual(source.states(), ['opening', 'reading']);
  source.hold(false);
  await source.advance(1_000);
  t.is(source.state(), 'tailing');
  await source.stop();
});
