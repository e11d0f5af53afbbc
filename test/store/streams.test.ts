import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { createVerifyFiles } from '../../src/store/verify-files.ts';
import { Chain, storedCloud, threeSegments } from '../helpers/stored-cloud.ts';

const epoch = 'ab'.repeat(16);
const home = `shed/${epoch}`;
const states = (stream = 'states') => new Chain(epoch, 'shed', stream).readings(2).lost(3).readings(1);

test('files of readings stand in the folder of their epoch, those of another stream one folder deeper', async (t) => {
  const cloud = await storedCloud(t, threeSegments().lost(2), states());
  t.true(cloud.files.slice(0, 3).every((file) => file.startsWith(`data/${home}/1`)));
  t.true(cloud.files[3]!.startsWith(`gaps/${home}/1`));
  t.true(cloud.files[4]!.startsWith(`data/${home}/states/`));
  t.true(cloud.files[5]!.startsWith(`gaps/${home}/states/`));
  t.true(cloud.files[6]!.startsWith(`data/${home}/states/`));
  const flat = (await readdir(join(cloud.dir, 'data', home))).filter((name) => name.endsWith('.ndjson'));
  t.is(flat.length, 3);
  const certificate = await cloud.verify();
  t.true(certificate.complete);
  t.deepEqual(certificate.remarks, []);
  const store = await cloud.open();
  for (const stream of ['readings', 'states']) {
    for (const receipt of store.receipts('shed', stream)) {
      t.is((await store.body(receipt)).length, receipt.header.bytes);
    }
  }
  await store.close();
});

test('no name that an edge gives a stream takes the place of a file of readings', async (t) => {
  const second = Math.floor(Date.now() / 1000);
  const taken = Array.from({ length: 20 }, (_, i) => `${second + i}.ndjson`);
  const others = ['README', '1.JSON', '1.json', 'x.d', 'x.json', 'x.json.d'];
  const hostile = [...taken, ...others].map((stream) => new Chain(epoch, 'shed', stream).readings(1));
  const cloud = await storedCloud(
    t,
    ...hostile,
    new Chain(epoch).readings(1).readings(2).lost(1).readings(3),
  );
  const { complete, remarks, notFiled } = await cloud.verify();
  t.true(complete);
  t.deepEqual([remarks, notFiled], [[], 0]);
  const folders = new Set((await readdir(join(cloud.dir, 'data', home))).map((name) => name.toLowerCase()));
  for (const name of taken) t.true(folders.has(`${name}.d`));
});

test('what lies in the folder of a stream and is in no receipt is remarked, also a copy of what belongs elsewhere', async (t) => {
  const cloud = await storedCloud(t, threeSegments(), states());
  const at = (...parts: string[]) => join(cloud.dir, 'data', home, ...parts);
  await writeFile(at('states', '7.ndjson'), '{"seq":4,"value":1}\n');
  await mkdir(at('states', 'more'));
  await mkdir(at('readings'));
  const name = (i: number) => cloud.files[i]!.split('/').at(-1)!;
  await copyFile(cloud.path(0), at('states', name(0)));
  await copyFile(cloud.path(3), at(name(3)));
  const { complete, remarks } = await cloud.verify();
  t.true(complete);
  t.deepEqual(
    remarks.map(({ kind, path }) => [kind, path?.replace(`data/${home}/`, '')]).sort(),
    [
      ['foreign-directory', 'readings'],
      ['foreign-directory', 'states/more'],
      ['foreign-file', name(3)],
      ['foreign-file', 'states/7.ndjson'],
      ['foreign-file', `states/${name(0)}`],
    ].sort(),
  );
  t.deepEqual((await cloud.verify({ stream: 'states' })).remarks, []);
});

test('a file of a stream that is gone or changed is found under its name', async (t) => {
  const cloud = await storedCloud(t, threeSegments(), states());
  await rm(cloud.path(5));
  const { flaws } = await cloud.verify();
  t.deepEqual(
    flaws.map(({ kind, file, stream }) => [kind, file, stream]),
    [['file-missing', cloud.files[5], 'states']],
  );
});

test('receipts of streams whose files were put beside those of readings stay readable', async (t) => {
  const cloud = await storedCloud(t, threeSegments(), states());
  const flat = cloud.files.map((file) => file.replace('/states/', '/'));
  for (const [i, file] of flat.entries()) await rename(cloud.path(i), join(cloud.dir, file));
  await rm(dirname(cloud.path(3)), { recursive: true });
  await rm(dirname(cloud.path(4)), { recursive: true });
  await cloud.records((kv) =>
    kv.transaction((writer) => {
      for (const sequence of [1, 2, 3]) {
        const key = ['receipt', 'shed', epoch, 'states', sequence];
        const record = JSON.parse(Buffer.from(writer.get(key)!).toString());
        writer.put(key, Buffer.from(JSON.stringify({ ...record, file: flat[2 + sequence] })));
      }
    }),
  );
  const { complete, remarks } = await cloud.verify();
  t.true(complete);
  t.deepEqual(remarks, []);
  const found = await createVerifyFiles(cloud.dir).read(flat[3]!, 1_000);
  t.true(found !== null && 'bytes' in found);
});
