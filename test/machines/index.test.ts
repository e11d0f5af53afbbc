import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { builtInKinds, kinds } from '../../machines/index.ts';

const root = new URL('../../../', import.meta.url);
/** Not kinds: the catalogue itself, and the statechart that the receiver starts for each connection. */
const others = ['index', 'cloud-session'];

test('every file in machines is in the catalogue under its own name', async (t) => {
  const files = (await readdir(new URL('machines/', root))).map((file) => file.replace(/\.ts$/, ''));
  t.deepEqual(files.filter((file) => !others.includes(file)).sort(), [...kinds.keys()].sort());
  t.is(kinds.size, builtInKinds.length);
  for (const [name, kind] of kinds) t.is(kind.name, name);
});

test('every kind is held to the suite', async (t) => {
  for (const name of kinds.keys()) {
    const source = await readFile(new URL(`test/machines/${name}.test.ts`, root), 'utf8');
    t.regex(source, /^testKind\(/m, name);
  }
});
