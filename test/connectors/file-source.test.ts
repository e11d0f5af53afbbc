import { appendFile, rename, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { lines, range, startSource, temporaryDir } from './file-source-fixtures.ts';

test('lines that are there are read, and those that are written later follow', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const source = await startSource({ path });
  await source.until(() => source.state() === 'tailing');
  t.deepEqual(await source.values(), [1, 2]);
  await appendFile(path, lines(3));
  await source.advance(250);
  t.deepEqual(await source.values(), [1, 2, 3]);
  t.deepEqual(source.states(), ['opening', 'tailing'], 'a file that grows a little is no news');
  await source.stop();
  t.is(source.files.isOpen, 0);
  t.is(source.clock.pending, 0);
});

test('a reading is taken as it stands, and any other value as one of the file', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const reading = { device: 'd', sensor: 's', time: 'then', value: 1.5 };
  await writeFile(path, `${JSON.stringify(reading)}\r\n\r\n7\r\n`);
  const source = await startSource({ path, sensor: 'count', unit: 'rpm' });
  await source.until(() => source.state() === 'tailing');
  const time = '2026-01-01T00:00:00.000Z';
  t.deepEqual(await source.readings(), [
    { seq: 1, ...reading },
    { seq: 2, device: 'a.log', sensor: 'count', time, value: 7, unit: 'rpm' },
  ]);
  await source.stop();
});

test('an unfinished last line waits for its newline, and is taken once', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n2');
  const source = await startSource({ path });
  await source.advance(10_000);
  t.deepEqual(await source.values(), [1]);
  await appendFile(path, '3');
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1]);
  await appendFile(path, '\n4\n');
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1, 23, 4]);
  await source.stop();
});

test('a rotated file is read to its end, also what is still written to it, before the new one', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const source = await startSource({ path, 'rotation-grace': '5s' });
  await source.advance(1_000);
  await rename(path, `${path}.1`);
  await writeFile(path, lines(5));
  await appendFile(`${path}.1`, lines(2));
  await source.advance(4_000);
  await appendFile(`${path}.1`, lines(3));
  await source.advance(4_000);
  t.deepEqual(await source.values(), range(1, 3));
  await appendFile(`${path}.1`, '4');
  await source.advance(20_000);
  t.deepEqual(await source.values(), range(1, 5), 'no newline comes after the last line of a rotated file');
  t.deepEqual(source.states(), ['opening', 'tailing']);
  await source.stop();
  t.is(source.files.isOpen, 0);
});

test('files that are rotated faster than they are finished are all read, in order', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const source = await startSource({ path, 'rotation-grace': '5s' });
  for (let n = 1; n <= 20; n++) {
    await writeFile(path, lines(2 * n - 1, 2 * n));
    await source.advance(250);
    await rename(path, `${path}.${n}`);
  }
  await source.advance(60_000);
  t.deepEqual(await source.values(), range(1, 40));
  t.is(source.state(), 'waitingForFile');
  t.is(source.files.isOpen, 1, 'the last one may still be written to');
  await source.stop();
  t.is(source.files.isOpen, 0);
});

test('files that are rotated while the store takes nothing are all read afterwards', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, `${'9'.repeat(100)}\n`.repeat(100_000));
  const source = await startSource({ path });
  source.hold(true);
  await source.advance(1_000);
  t.is(source.state(), 'reading');
  for (let n = 1; n <= 5; n++) {
    await rename(path, `${path}.${n}`);
    await writeFile(path, lines(n));
    await source.advance(1_000);
  }
  source.hold(false);
  await source.advance(60_000);
  const values = await source.values();
  t.is(values.length, 100_005);
  t.deepEqual(values.slice(-5), range(1, 5));
  await source.stop();
});

test('a truncated file is read from its start again, and people are told what was lost', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(1, 500)));
  const source = await startSource({ path });
  await source.advance(1_000);
  await truncate(path, 0);
  await source.advance(1_000);
  await appendFile(path, lines(501));
  await source.advance(1_000);
  t.deepEqual(await source.values(), range(1, 501));
  t.is(source.notes().length, 1);
  t.regex(source.notes()[0]!, /a\.log was truncated or written anew: it is read from its start again$/);
  await source.stop();
});

test('a file that was truncated and has grown past the old place again is noticed by what stands before it', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(1_000, 1_009)));
  const source = await startSource({ path });
  await source.advance(1_000);
  await writeFile(path, lines(...range(2_000, 2_019)));
  await source.advance(1_000);
  t.deepEqual(await source.values(), [...range(1_000, 1_009), ...range(2_000, 2_019)]);
  await writeFile(path, lines(...range(3_000, 3_019)));
  await source.advance(1_000);
  t.deepEqual((await source.values()).slice(30), range(3_000, 3_019), 'also when it is as long as before');
  t.is(source.notes().length, 2);
  await source.stop();
});

test('a truncation tells how much at least was never read', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, `1\n${' '.repeat(2_048)}`);
  const source = await startSource({ path });
  await source.advance(1_000);
  await writeFile(path, '');
  await source.advance(1_000);
  t.regex(source.notes()[0]!, /at least 2KiB that were never read/);
  await source.stop();
});

test('a file that is not there is waited for in a state that says so, and read from its start', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  const source = await startSource({ path, from: 'end' });
  await source.until(() => source.state() === 'waitingForFile');
  await source.advance(60_000);
  t.deepEqual(source.states(), ['opening', 'waitingForFile']);
  t.deepEqual(source.notes(), [`nothing is at ${path}: waiting for it`]);
  await writeFile(path, lines(1));
  await source.advance(250);
  t.is(source.state(), 'tailing');
  t.deepEqual(await source.values(), [1]);
  await source.stop();
});

test('a deleted file is let go of, and the next one is read', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const source = await startSource({ path });
  await source.advance(1_000);
  await unlink(path);
  await source.advance(4_000);
  t.is(source.state(), 'tailing');
  await source.advance(4_000);
  t.is(source.state(), 'waitingForFile');
  t.is(source.files.isOpen, 0);
  await writeFile(path, lines(2));
  await source.advance(1_000);
  t.deepEqual(await source.values(), [1, 2]);
  t.is(source.state(), 'tailing');
  await source.stop();
});

test('a symbolic link is followed, also to where it leads later', async (t) => {
  const dir = await temporaryDir(t);
  const path = join(dir, 'current');
  await writeFile(join(dir, 'monday'), lines(1));
  await writeFile(join(dir, 'tuesday'), lines(3));
  await symlink('monday', path);
  const source = await startSource({ path });
  await source.advance(1_000);
  await symlink('tuesday', `${path}.new`);
  await rename(`${path}.new`, path);
  await appendFile(join(dir, 'monday'), lines(2));
  await source.advance(10_000);
  t.deepEqual(await source.values(), [1, 2, 3]);
  await source.stop();
});

test('from the end, only what is written later is read, and no line that had begun before', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n2\n3');
  const source = await startSource({ path, from: 'end' });
  await source.advance(1_000);
  await appendFile(path, '4\n5\n');
  await source.advance(1_000);
  t.deepEqual(await source.values(), [5]);
  t.deepEqual(source.notes(), []);
  await source.stop();
});

test('read once, a file ends with its last line, finished or not, and the source is done', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n2');
  const source = await startSource({ path, mode: 'once' });
  source.hold(true);
  await source.advance(60_000);
  t.is(source.state(), 'reading', 'not done before everything is accepted');
  source.hold(false);
  await source.until(() => source.state() === 'done');
  t.deepEqual(await source.values(), [1, 2]);
  t.is(source.files.isOpen, 0);
  t.is(source.clock.pending, 0);
});

test('an empty file is read once too', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '');
  const source = await startSource({ path, mode: 'once' });
  await source.until(() => source.state() === 'done');
  t.deepEqual(await source.values(), []);
});

test('no more than a few megabytes wait for the store', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, `"${'x'.repeat(997)}"\n`.repeat(20_000));
  const source = await startSource({ path });
  let read = 0;
  source.files.before = (operation) => {
    if (operation === 'read') read += 1;
  };
  source.hold(true);
  await source.advance(10_000);
  t.true(read * 256 * 1_024 < 6 * 2 ** 20, `${read} reads`);
  source.hold(false);
  await source.advance(10_000);
  t.is((await source.values()).length, 20_000);
  await source.stop();
});

test('short values that grow by wrapping make batches of bounded size', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, '1\n'.repeat(60_000));
  const source = await startSource({ path });
  await source.advance(1_000);
  t.is((await source.values()).length, 60_000);
  t.true(Math.max(...source.batches.map((batch) => batch.lines.length)) <= 2 ** 20);
  await source.stop();
});
