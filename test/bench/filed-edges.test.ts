import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkFiledEdges } from '../../bench/filed-edges.ts';

/** A cloud's directory in which each edge has readings with those numbers, in two files. */
async function dataWith(t: ExecutionContext, edges: Record<string, readonly number[]>): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'fogrun-filed-edges-'));
  t.teardown(() => rm(data, { recursive: true }));
  for (const [edge, seqs] of Object.entries(edges)) {
    const directory = join(data, edge, 'epoch');
    await mkdir(directory, { recursive: true });
    const text = (part: readonly number[]) => part.map((seq) => `{"seq":${seq},"value":1}\n`).join('');
    await writeFile(join(directory, '100.ndjson'), text(seqs.slice(0, 3)));
    await writeFile(join(directory, '101.ndjson'), text(seqs.slice(3)));
  }
  return data;
}

test('edges whose readings are numbered from one on without a gap pass', async (t) => {
  const data = await dataWith(t, { a: [1, 2, 3, 4, 5], b: [1, 2, 3, 4, 5] });
  await t.notThrowsAsync(checkFiledEdges(data, 2, 5));
});

test('a gap, a double and a reading too many are found, with the edge', async (t) => {
  const wrong = {
    gap: [1, 2, 3, 5, 6],
    double: [1, 2, 2, 3, 4],
    'too many': [1, 2, 3, 4, 5, 6],
  };
  for (const [name, seqs] of Object.entries(wrong)) {
    const data = await dataWith(t, { b: seqs });
    await t.throwsAsync(checkFiledEdges(data, 1, 5), { message: /^b: / }, name);
  }
});
