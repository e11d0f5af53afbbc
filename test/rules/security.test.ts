import test from 'ava';
import { readText, repositoryFiles } from './tree.ts';

test('SECURITY.md names tests that exist', (t) => {
  const files = new Set(repositoryFiles());
  const named = [...readText('SECURITY.md').matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(
    ([, file]) => file!,
  );
  t.true(named.length > 10);
  t.deepEqual(
    named.filter((file) => !files.has(file)),
    [],
  );
});
