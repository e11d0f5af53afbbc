import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { csvSource } from '../../machines/csv-source.ts';
import { csvSourceEffects } from '../../src/connectors/csv-source-effects.ts';
import type { FileSourceEnv } from '../../src/connectors/file-visits.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { range, type Source, type SourceOptions, startSource, temporaryDir } from './file-source-fixtures.ts';

const values = [{ column: 'v', sensor: 's', unit: 'u' }];
const source = {
  kind: csvSource as ActorKind,
  effects: (env: FileSourceEnv) => ({ ...csvSourceEffects(env) }),
};
const startCsv = (config: { path: string } & Record<string, unknown>, options: SourceOptions = {}) =>
  startSource({ values, ...config }, { ...options, source });

async function fileOf(t: ExecutionContext, text: string): Promise<string> {
  const path = join(await temporaryDir(t), 'history.csv');
  await writeFile(path, text);
  return path;
}

const rows = (from: number, to: number) =>
  range(from, to)
    .map((n) => `${n}\n`)
    .join('');
const minutes = (...rows: [string, number][]) =>
  `time,v\n${rows.map(([time, value]) => `2026-01-01T00:${time}Z,${value}\n`).join('')}`;
const replay = { time: { column: 'time' } };

test('a file is read once, every row in order, and then it is done', async (t) => {
  const path = await fileOf(t, `\ufeffv\n${rows(1, 5_000)}`);
  const read = await startCsv({ path });
  await read.until(() => read.state() === 'done');
  t.deepEqual(read.states(), ['opening', 'reading', 'done']);
  t.deepEqual(await read.values(), range(1, 5_000));
  t.like((await read.readings())[0], { seq: 1, device: 'history.csv', sensor: 's', unit: 'u' });
  t.regex(
    read.notes().at(-1)!,
    /read to its end: 5000 readings; the pipeline goes on to upload until it is stopped$/,
  );
  t.is(read.files.isOpen, 0);
});

test('one reading and one row are counted as people do', async (t) => {
  const path = await fileOf(t, 'v\n1\nx\n');
  const read = await startCsv({ path });
  await read.until(() => read.state() === 'done');
  t.regex(read.notes().at(-1)!, /: 1 reading, 1 row refused; /);
});

test('wrong rows are refused by the number of their line, and cost no other', async (t) => {
  const path = await fileOf(t, 'v\n1\nx\n"2\n3"\n4,5\n6\n"7');
  const read = await startCsv({ path });
  await read.until(() => read.state() === 'done');
  t.deepEqual(await read.values(), [1, 6]);
  t.deepEqual(
    read
      .notes()
      .slice(0, 4)
      .map((note) => note.replace(/ of .*? was/, ' was')),
    [
      'line 3 was refused: has `x` in column v, which is not a number',
      'line 4 was refused: has `2\\n3` in column v, which is not a number',
      'line 6 was refused: has 2 fields instead of 1',
      'line 8 was refused: has a quote that is never closed',
    ],
  );
  t.regex(read.notes().at(-1)!, /: 2 readings, 4 rows refused; /);
});

test('a replay keeps the distances of the recorded times, so many times as fast', async (t) => {
  const path = await fileOf(t, minutes(['00:00', 1], ['00:10', 2], ['01:00', 3]));
  const read = await startCsv({ path, ...replay, speed: 10 });
  await read.advance(999);
  t.deepEqual(await read.values(), [1]);
  await read.advance(1);
  t.deepEqual(await read.values(), [1, 2]);
  await read.advance(4_999);
  t.deepEqual(await read.values(), [1, 2]);
  await read.advance(1);
  t.deepEqual(
    (await read.readings()).map(({ time, value }) => [time, value]),
    [
      ['2026-01-01T00:00:00.000Z', 1],
      ['2026-01-01T00:00:10.000Z', 2],
      ['2026-01-01T00:01:00.000Z', 3],
    ],
  );
  t.is(read.state(), 'done');
});

test('a replay can stamp each reading with the moment, and begin again at the end', async (t) => {
  const path = await fileOf(t, minutes(['00:00', 1], ['00:10', 2]));
  const read = await startCsv({ path, ...replay, speed: 10, stamp: 'now', repeat: true });
  const start = read.clock.now();
  await read.advance(4_000);
  t.deepEqual(
    (await read.readings()).map(({ time, value }) => [Date.parse(time as string) - start, value]),
    [
      [0, 1],
      [1_000, 2],
      [2_000, 1],
      [3_000, 2],
      [4_000, 1],
    ],
  );
  await read.stop();
  t.is(read.clock.pending, 0);
});

test('rows that go back in time do not wait, and a pause is not made up for by a hurry', async (t) => {
  const path = await fileOf(t, minutes(['01:00', 1], ['00:00', 2], ['01:10', 3]));
  const read = await startCsv({ path, ...replay, speed: 10 });
  await read.settle();
  t.deepEqual(await read.values(), [1, 2]);
  await read.send('PAUSE');
  t.is(read.state(), 'paused');
  await read.advance(60_000);
  t.deepEqual(await read.values(), [1, 2]);
  await read.send('RESUME');
  await read.until(() => read.state() === 'done');
  t.deepEqual(await read.values(), [1, 2, 3]);
});

test('a file that is not there is waited for with a countdown', async (t) => {
  const path = join(await temporaryDir(t), 'late.csv');
  const read = await startCsv({ path });
  await read.settle();
  t.like(read.last(), { to: 'waitingToRetry', attempt: 1, retryInMs: 1_000 });
  t.is(read.last().cause!.code, 'file-unreadable');
  await writeFile(path, 'v\n1\n');
  await read.until(() => read.state() === 'done');
  t.deepEqual(await read.values(), [1]);
});

test('a column that is missing is told with those that are there', async (t) => {
  const path = await fileOf(t, 'time,pressure\n1,2\n');
  const read = await startCsv({ path });
  await read.settle();
  t.is(read.last().cause!.code, 'csv-columns');
  t.regex(read.last().cause!.message, /has no column `v`; it has `time` and `pressure`$/);
  await read.stop();
});

test('another file at the path is read from its start, and said to be another', async (t) => {
  const path = await fileOf(t, `v\n${rows(1, 10)}`);
  const first = await startCsv({ path });
  await first.until(() => first.state() === 'done');
  const disk = await first.kill();
  await writeFile(path, `v\n${rows(21, 40)}`);
  const second = await startCsv({ path }, { disk });
  await second.until(() => second.state() === 'done');
  t.deepEqual(await second.values(), [...range(1, 10), ...range(21, 40)]);
  t.regex(second.notes()[0]!, /another file than before/);
});

test('a replay that was stopped between two rounds begins again as it would have', async (t) => {
  const path = await fileOf(t, minutes(['00:00', 1], ['00:10', 2]));
  const config = { path, ...replay, speed: 10, stamp: 'now', repeat: true };
  const first = await startCsv(config);
  await first.advance(1_500);
  t.deepEqual(await first.values(), [1, 2]);
  const disk = await first.kill();
  const second = await startCsv(config, { disk });
  await second.advance(1_500);
  t.is(second.state(), 'reading');
  t.deepEqual(await second.values(), [1, 2, 1, 2]);
  await second.stop();
});

test('a file that is truncated while it is replayed, and restored, costs no row and doubles none', async (t) => {
  const text = minutes(['00:00', 1], ['00:10', 2], ['00:20', 3], ['00:30', 4]);
  const path = await fileOf(t, text);
  const first = await startCsv({ path, ...replay, speed: 10 });
  await first.advance(500);
  await truncate(path);
  await first.advance(1_000);
  const disk = await first.kill();
  await writeFile(path, text);
  const second = await startCsv({ path, ...replay, speed: 10 }, { disk });
  await second.until(() => second.state() === 'done');
  t.deepEqual(await second.values(), [1, 2, 3, 4]);
});

test('no row is put together of two files when another is written over the one that is read', async (t) => {
  const many = (first: number) => `v\n${rows(first, first + 120_000)}`;
  const path = await fileOf(t, many(100_000));
  const read = await startCsv({ path });
  read.hold(true);
  await read.advance(1_000);
  await writeFile(path, many(1_000_000));
  read.hold(false);
  await read.until(() => read.last().attempt === 1 || read.state() === 'done');
  t.regex(read.last().cause!.message, /was changed while it was read/);
  await read.until(() => read.state() === 'done');
  const found = (await read.values()) as number[];
  const second = found.indexOf(1_000_000);
  t.deepEqual(found.slice(0, second), range(100_000, 100_000 + second - 1));
  t.deepEqual(found.slice(second), range(1_000_000, 1_120_000));
});

test('what was added since is read after a restart, and nothing twice', async (t) => {
  const path = await fileOf(t, `v\n${rows(1, 10)}`);
  const first = await startCsv({ path });
  await first.until(() => first.state() === 'done');
  const disk = await first.kill();
  await appendFile(path, rows(11, 12));
  const second = await startCsv({ path }, { disk });
  await second.until(() => second.state() === 'done');
  t.deepEqual(await second.values(), range(1, 12));
});

test('a full store holds reading back', async (t) => {
  const path = await fileOf(t, `v\n${rows(1, 200_000)}`);
  const read = await startCsv({ path });
  read.hold(true);
  await read.advance(4_000);
  t.is(read.state(), 'reading');
  t.true(read.batches.length <= 1);
  read.hold(false);
  await read.until(() => read.state() === 'done');
  t.is((await read.values()).length, 200_000);
});

test('however often the process is killed, each row is accepted exactly once and in order', async (t) => {
  const path = await fileOf(
    t,
    minutes(...range(1, 50).map((n): [string, number] => [`${String(n).padStart(2, '0')}:00`, n])),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 900 }), { maxLength: 8 }), async (lives) => {
      let life: Source = await startCsv({ path, ...replay, speed: 1_000 });
      for (const ms of lives) {
        await life.advance(ms);
        const disk = await life.kill();
        life = await startCsv({ path, ...replay, speed: 1_000 }, { disk });
      }
      await life.until(() => life.state() === 'done');
      t.deepEqual(await life.values(), range(1, 50));
    }),
    { numRuns: 30 },
  );
});
