import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { builtInKinds, kinds } from '../../machines/index.ts';
import { plainMarkdown } from '../../src/cli/plain-markdown.ts';
import { catalogue, errorsReference, kindReference, referenceFiles } from '../../src/cli/reference.ts';
import { errorCodes } from '../../src/contract/errors.ts';
import { shipped, startFogrun } from '../helpers/fogrun.ts';

const home = join(shipped('..'), 'docs', 'reference');

test('docs/reference is what `npm run docs` would write', async (t) => {
  const files = referenceFiles();
  t.deepEqual((await readdir(home)).sort(), [...files.keys()].sort());
  for (const [name, text] of files) t.is(await readFile(join(home, name), 'utf8'), text, `${name} is stale`);
});

test('every file in machines/ that defines a kind is in the catalogue', async (t) => {
  const folder = join(shipped('..'), 'machines');
  const names: string[] = [];
  for (const file of await readdir(folder)) {
    const text = await readFile(join(folder, file), 'utf8');
    if (/\bdefineKind\b/.test(text)) names.push(file.replace(/\.ts$/, ''));
  }
  t.deepEqual(names.sort(), builtInKinds.map(({ name }) => name as string).sort());
});

test('`fogrun kinds` lists every kind, and explains one from the same source as the reference', async (t) => {
  const list = startFogrun(t, ['kinds']);
  t.is((await list.ended).code, 0);
  for (const name of kinds.keys()) t.true(list.lines.some((line) => `${line.text}`.startsWith(name)));
  const one = startFogrun(t, ['kinds', 'uploader']);
  await one.ended;
  const text = one.lines.map((line) => line.text).join('\n');
  t.is(`${text}\n`, kindReference(kinds.get('uploader')!));
  const none = startFogrun(t, ['kinds', 'upload']);
  t.is((await none.ended).code, 2);
  t.regex(none.stderr(), /did you mean `uploader`\?/);
});

test('on a terminal the reference is lines that can be read, with everything that the Markdown says', (t) => {
  for (const kind of kinds.values()) {
    const markdown = kindReference(kind);
    const plain = plainMarkdown(markdown, 80);
    t.notRegex(plain, /^\||^#|`/m, kind.name);
    const words = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
    const told = new Set(words(plain));
    const headers = new Set([
      'field',
      'type',
      'default',
      'meaning',
      'state',
      'reacts',
      'form',
      'effect',
      'what',
      'yaml',
    ]);
    const lost = words(markdown).filter((word) => !told.has(word) && !headers.has(word));
    t.deepEqual(lost, [], kind.name);
  }
  const text = plainMarkdown(
    '# a\n\nB c d.\n\n| field | type | default | meaning |\n|---|---|---|---|\n| `x.y` | text |  | One two. |\n| `z` | number | `5` | three four five |\n',
    16,
  );
  t.is(
    text,
    'a\n\nB c d.\n\n  x.y  (text)\n      One two.\n  z  (number, default 5)\n      three four\n      five\n',
  );
});

test('the reference names every setting, every state and every error', (t) => {
  const text = kindReference(kinds.get('uploader')!);
  for (const word of [
    '`cloud.host`',
    '`retry.every`',
    '`ack-timeout`',
    '`waitingToRetry`',
    '`forked`',
    '`link`',
  ]) {
    t.true(text.includes(word), word);
  }
  for (const name of kinds.keys()) t.true(catalogue().includes(`[${name}]`));
  for (const code of Object.keys(errorCodes)) t.true(errorsReference().includes(`\`${code}\``));
});

test('the schema for editors says long choices once, and every reference leads to them', async (t) => {
  const schema = JSON.parse(referenceFiles().get('pipeline.schema.json')!) as { $defs: object };
  const references = new Set<string>();
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      if (key === '$ref') references.add(part as string);
      visit(part);
    }
  };
  visit(schema);
  t.true(references.size > 0);
  t.deepEqual(
    [...references].sort(),
    Object.keys(schema.$defs)
      .map((name) => `#/$defs/${name}`)
      .sort(),
  );
});
