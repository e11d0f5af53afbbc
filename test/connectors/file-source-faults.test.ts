import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { appendFile, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { unreadable } from '../../src/connectors/source-files.ts';
import { lines, range, startSource, temporaryDir } from './file-source-fixtures.ts';

const failing = (operation: string, code: string) => (asked: string, path: string) => {
  if (asked === operation) throw unreadable(path, Object.assign(new Error('as told'), { code }));
};

test('what is no file is refused in words, tried again, and read once it is one', async (t) => {
  const dir = await temporaryDir(t);
  const path = join(dir, 'a.log');
  await mkdir(path);
  const source = await startSource({ path });
  await source.until(() => source.state() === 'waitingToRetry');
  t.like(source.last(), { attempt: 1, cause: { code: 'file-unreadable' } });
  t.is(source.last().cause!.message, `cannot read ${path}: it is a directory, not a file`);
  await rmdir(path);
  await writeFile(path, lines(1));
  await source.advance(1_000);
  t.is(source.state(), 'tailing');
  t.deepEqual(await source.values(), [1]);
  await source.stop();

  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const other = await startSource({ path: pipe });
  await other.until(() => other.state() === 'waitingToRetry');
  t.regex(other.last().cause!.message, /it is a named pipe, not a file/);
  await other.stop();
  const device = await startSource({ path: '/dev/zero' });
  await device.until(() => device.state() === 'waitingToRetry');
  t.regex(device.last().cause!.message, /it is a device, not a file/);
  await device.stop();
});

test('a file that may not be read, or a disk that fails in the middle, is trouble with a wait that grows', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(1, 100)));
  const source = await startSource({ path });
  await source.advance(1_000);
  await appendFile(path, lines(...range(101, 200)));
  source.files.before = failing('read', 'EIO');
  await source.advance(250);
  t.like(source.last(), { to: 'waitingToRetry', attempt: 1, retryInMs: 1_000 });
  t.is(source.last().cause!.message, `cannot read ${path}: the disk failed to read it (EIO)`);
  t.is(source.files.isOpen, 0);
  await source.advance(1_000);
  t.like(source.last(), { to: 'waitingToRetry', attempt: 2, retryInMs: 2_000 });
  source.files.before = failing('open', 'EACCES');
  await source.advance(2_000);
  t.regex(source.last().cause!.message, /permission denied \(EACCES\)$/);
  source.files.before = () => {};
  await source.send('RETRY');
  await source.advance(1_000);
  t.is(source.state(), 'tailing');
  t.deepEqual(await source.values(), range(1, 200));
  await source.stop();
});

test('a bug is no trouble with the file', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const source = await startSource({ path });
  await source.advance(1_000);
  source.files.before = (operation) => {
    // The file is closed all the same: one that is left to the garbage collector ends newer versions of Node.js.
    if (operation !== 'close') throw new TypeError('a bug');
  };
  await source.advance(1_000);
  t.like(source.last(), { to: 'failed', cause: { code: 'internal', message: 'TypeError: a bug' } });
});

test('a file system that never answers is given up in time, and occupied by one question at most', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const source = await startSource({ path });
  await source.advance(1_000);
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  source.files.before = () => {
    asked += 1;
    return answer.promise;
  };
  await source.advance(10_500);
  t.is(source.state(), 'waitingToRetry');
  t.is(source.last().cause!.code, 'deadline-missed');
  await source.advance(120_000);
  t.is(asked, 1);
  source.files.before = () => {};
  answer.resolve();
  await appendFile(path, lines(2));
  await source.advance(60_000);
  t.is(source.state(), 'tailing');
  t.deepEqual(await source.values(), [1, 2]);
  t.is(source.files.isOpen, 1);
  await source.stop();
  t.is(source.files.isOpen, 0);
});

test('a file that shrinks between being looked at and being read is truncated, not garbled', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(1, 10)));
  const source = await startSource({ path });
  await source.advance(1_000);
  await appendFile(path, lines(11));
  source.files.before = (operation) => {
    if (operation !== 'read') return;
    source.files.before = () => {};
    truncateSync(path, 4);
  };
  await source.advance(1_000);
  t.deepEqual(await source.values(), [...range(1, 10), 1, 2]);
  t.is(source.notes().length, 1);
  await source.stop();
});

test('bad lines are refused by number with the reason, and the good ones around them are taken', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n{"device":\n\n2\n');
  await appendFile(path, Buffer.from([0x22, 0xff, 0x22, 0x0a]));
  await appendFile(path, '3\n');
  const source = await startSource({ path });
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1, 2, 3]);
  const [first, second, ...more] = source.notes();
  t.true(first!.startsWith(`line 2 of ${path} was refused: is not JSON`), first);
  t.true(second!.startsWith(`line 5 of ${path} was refused: is not valid UTF-8`), second);
  t.deepEqual(more, []);
  await source.stop();
});

test('a file of nothing but bad lines costs a bounded number of lines in the log', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, 'x\n'.repeat(100_000));
  const source = await startSource({ path, mode: 'once' });
  await source.until(() => source.state() === 'done');
  t.true(source.notes().length < 30, `${source.notes().length} notes`);
  t.true(source.notes().some((note) => note.startsWith('100000 lines of ')));
  t.deepEqual(await source.values(), []);
  t.is(source.clock.pending, 0);
});

test('a line that is too long is refused once and passed over, however long it is', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const config = { path, 'line-max': '1KiB', 'read-max': '4KiB' };
  await writeFile(path, `1\n"${'x'.repeat(2_000)}"\n2\n${'y'.repeat(100_000)}`);
  const source = await startSource(config);
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1, 2]);
  await appendFile(
    path,
    `${'y'.repeat(100_000)}\n3\n"${'z'.repeat(1_022)}"\r\n"${'z'.repeat(1_023)}"\r\n4\n`,
  );
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1, 2, 3, 'z'.repeat(1_022), 4]);
  t.deepEqual(
    source.notes(),
    [2, 4, 7].map((line) => `line ${line} of ${path} was refused: is longer than 1024 bytes`),
  );
  await source.stop();
});

test('PAUSE lets the file go, and RESUME reads every line once, whatever still waited for the store', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(1, 5_000)));
  const source = await startSource({ path, 'read-max': '4KiB' });
  source.hold(true);
  await source.advance(1_000);
  await source.send('PAUSE');
  t.is(source.state(), 'paused');
  t.is(source.files.isOpen, 0);
  await source.send('RESUME');
  await source.advance(4_000);
  t.is(source.state(), 'opening', 'the place is not known before the store has what was sent');
  await source.advance(1_500);
  t.like(source.last(), { to: 'waitingToRetry', cause: { code: 'deadline-missed' } });
  source.hold(false);
  await source.advance(60_000);
  t.is(source.state(), 'tailing');
  t.deepEqual(await source.values(), range(1, 5_000));
  await source.stop();
});
