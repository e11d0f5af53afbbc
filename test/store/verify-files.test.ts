import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { flawAfter, storedCloud, threeSegments as three } from '../helpers/stored-cloud.ts';

const edited = async (path: string, edit: (lines: string[]) => void) => {
  const lines = (await readFile(path, 'utf8')).split('\n');
  edit(lines);
  await writeFile(path, lines.join('\n'));
};

test('a flipped bit is found, in its file and line, with what it was before', async (t) => {
  const { flaw, cloud } = await flawAfter(t, async ({ path }) => {
    const bytes = await readFile(path(1));
    bytes[bytes.indexOf('"value":6') + 8]! ^= 1;
    await writeFile(path(1), bytes);
  });
  t.like(flaw, { kind: 'file-changed', file: cloud.files[1], line: 3, sequence: 2, fromSeq: 6, toSeq: 6 });
  t.regex(flaw.advice, /is "7" and was "6"/);
});

test('a value that was edited to another one of the same length is found in its line', async (t) => {
  const { flaw } = await flawAfter(t, ({ path }) =>
    edited(path(0), (lines) => {
      lines[1] = lines[1]!.replace('"value":2', '"value":9');
    }),
  );
  t.like(flaw, { kind: 'file-changed', line: 2, fromSeq: 2 });
});

test('several changed values are found in their file, which line it is cannot be told', async (t) => {
  const { flaw, cloud } = await flawAfter(t, ({ path }) =>
    edited(path(0), (lines) => {
      lines[0] = lines[0]!.replace('"value":1', '"value":12345');
      lines[2] = lines[2]!.replace('"value":3', '"value":4');
    }),
  );
  t.like(flaw, { kind: 'file-changed', file: cloud.files[0], line: null, fromSeq: 1, toSeq: 3 });
});

test('a missing file is found', async (t) => {
  const { flaw, cloud } = await flawAfter(t, ({ path }) => unlink(path(1)));
  t.like(flaw, { kind: 'file-missing', file: cloud.files[1], sequence: 2, fromSeq: 4, toSeq: 7 });
});

test('an inserted line is found, wherever it stands, and that the rest is right', async (t) => {
  for (const at of [0, 2, 4]) {
    const { flaw, cloud } = await flawAfter(t, ({ path }) =>
      edited(path(1), (lines) => lines.splice(at, 0, '{"seq":5,"value":99}')),
    );
    t.like(flaw, { kind: 'line-inserted', file: cloud.files[1], line: at + 1 });
    t.regex(flaw.advice, new RegExp(`^Delete line ${at + 1}: without it the file is as it was received`));
  }
});

test('a line put in twice is found', async (t) => {
  const { flaw } = await flawAfter(t, ({ path }) =>
    edited(path(1), (lines) => lines.splice(1, 0, lines[0]!)),
  );
  t.like(flaw, { kind: 'line-inserted', line: 2 });
});

test('a removed line is found, wherever it stood', async (t) => {
  for (const at of [0, 2, 3]) {
    const { flaw, cloud } = await flawAfter(t, ({ path }) => edited(path(1), (lines) => lines.splice(at, 1)));
    t.like(flaw, {
      kind: 'line-missing',
      file: cloud.files[1],
      line: at + 1,
      fromSeq: at + 4,
      toSeq: at + 4,
    });
  }
});

test('a file cut in the middle of a line is found at that line', async (t) => {
  const { flaw } = await flawAfter(t, async ({ path }) => {
    const bytes = await readFile(path(1));
    await writeFile(path(1), bytes.subarray(0, bytes.length - 5));
  });
  t.like(flaw, { kind: 'file-changed', line: 4, fromSeq: 7 });
});

test('two files that were exchanged are found, with where each belongs', async (t) => {
  const cloud = await storedCloud(t, three());
  const beside = join(cloud.dir, 'beside');
  await rename(cloud.path(0), beside);
  await rename(cloud.path(2), cloud.path(0));
  await rename(beside, cloud.path(2));
  const { complete, flaws } = await cloud.verify();
  t.false(complete);
  t.deepEqual(
    flaws.map(({ kind, file }) => [kind, file]),
    [
      ['file-exchanged', cloud.files[0]],
      ['file-exchanged', cloud.files[2]],
    ],
  );
  t.true(flaws[0]!.message.includes(`holds segment 3, which belongs into ${cloud.files[2]}`));
});

test('a damaged gap is found', async (t) => {
  const cloud = await storedCloud(t, three().lost(5).readings(1));
  await edited(cloud.path(3), (lines) => {
    lines[0] = lines[0]!.replace('too hot', 'too cold');
  });
  const { flaws } = await cloud.verify();
  t.is(flaws.length, 1);
  t.like(flaws[0], { kind: 'file-changed', file: cloud.files[3], fromSeq: 11, toSeq: 15 });
});

test('whatever byte of whatever file is changed, put in or taken out, it is found in that file', async (t) => {
  const cloud = await storedCloud(t, three().lost(5).readings(2));
  const byte = fc.integer({ min: 0, max: 255 });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(cloud.files.length - 1),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte,
      fc.constantFrom('change', 'insert', 'remove'),
      async (file, share, value, how) => {
        const path = cloud.path(file);
        const before = await readFile(path);
        const at = Math.floor(share * before.length);
        const put = how === 'remove' ? [] : [how === 'change' && before[at] === value ? value ^ 1 : value];
        const after = Buffer.concat([
          before.subarray(0, at),
          Buffer.from(put),
          before.subarray(how === 'insert' ? at : at + 1),
        ]);
        await writeFile(path, after);
        const { flaws } = await cloud.verify();
        await writeFile(path, before);
        t.deepEqual(
          flaws.map((flaw) => flaw.file),
          [cloud.files[file]],
        );
      },
    ),
    { numRuns: 60 },
  );
  t.true((await cloud.verify()).complete);
});
