import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkFiled, filedBytes } from '../../bench/filed.ts';
import { lineBytes, makeLines } from '../../bench/lines.ts';

/** The lines as the store numbers them. */
const filed = (count: number) =>
  makeLines('temperature', count)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line, i) => `{"seq":${i + 1},${line.slice(1)}`);

/** A cloud's directory with those files. */
async function dataWith(t: ExecutionContext, files: Record<string, readonly string[]>): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'fogrun-filed-'));
  t.teardown(() => rm(data, { recursive: true }));
  await mkdir(join(data, 'edge/epoch'), { recursive: true });
  for (const [name, lines] of Object.entries(files))
    await writeFile(join(data, 'edge/epoch', name), lines.map((line) => `${line}\n`).join(''));
  return data;
}

test('lines are readings of a hundred bytes, each different, the same again by number', (t) => {
  for (const sensor of ['temperature', 'pressure'] as const) {
    const lines = makeLines(sensor, 2_000);
    t.is(lines.length, 2_000 * lineBytes);
    const rows = lines.toString().trimEnd().split('\n');
    t.is(new Set(rows).size, 2_000);
    t.is(JSON.parse(rows[7]!).sensor, sensor);
    t.deepEqual(makeLines(sensor, 10, 1_500), lines.subarray(1_500 * lineBytes, 1_510 * lineBytes));
  }
});

test('filed bytes are those of the numbered lines', (t) => {
  for (const count of [0, 1, 9, 10, 99, 1_000, 1_001]) {
    const bytes = count === 0 ? 0 : filed(count).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    t.is(filedBytes(count), bytes, `${count}`);
  }
});

test('readings that are complete and in order pass, however files part them', async (t) => {
  const lines = filed(30);
  const data = await dataWith(t, {
    '100.ndjson': lines.slice(0, 10),
    '100-2.ndjson': lines.slice(10, 11),
    '100-10.ndjson': lines.slice(11, 20),
    '1000.ndjson': lines.slice(20),
  });
  await t.notThrowsAsync(checkFiled(data, 'temperature', 30));
});

test('a hole, a double, a swap and a changed value are found', async (t) => {
  const lines = filed(12);
  const last = lines.at(-1)!;
  const wrong = {
    hole: [...lines.slice(0, 4), ...lines.slice(5), last],
    double: [...lines, last],
    swap: [lines[1]!, lines[0]!, ...lines.slice(2)],
    changed: lines.with(3, lines[3]!.replace(/"value":\d/, '"value":9')),
  };
  for (const [name, readings] of Object.entries(wrong)) {
    const data = await dataWith(t, { '100.ndjson': readings });
    await t.throwsAsync(checkFiled(data, 'temperature', 12), { message: /expected \{"seq"/ }, name);
  }
});
