import test from 'ava';
import { readText, repositoryFiles } from './tree.ts';

/** Faults, attacks, what is between actors, what else is promised: so many promises each, numbered from 1. */
const numbered = { fault: 30, attack: 23, between: 4, further: 7, upgrade: 4 } as const;

interface Row {
  readonly id: string;
  readonly promise: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
  /** Why nothing holds it. */
  readonly notThere: string;
}

/** The rows of the page's tables: `| fault 1 | promise | tests |`, a test being `file` › title. */
function rowsOf(page: string): Row[] {
  return page.split('\n').flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const [, id = '', promise = '', held = ''] = cells;
    if (!(id.split(' ')[0]! in numbered)) return [];
    const parts = held.split('<br>').map((part) => part.trim());
    const tests = parts.flatMap((part) => {
      const found = /^`(test\/[^`]+)` › (.+)$/.exec(part);
      return found ? [{ file: found[1]!, title: found[2]! }] : [];
    });
    const notThere = parts.filter((part) => part.startsWith('not there yet: ')).join(' ');
    return [{ id, promise, tests, notThere }];
  });
}

/** Titles as the page writes them: what a template puts in is `…`. */
function titlesIn(source: string): Set<string> {
  const titles = new Set<string>();
  const call =
    /\btest(?:\.serial)?\(\s*(?:title\(\s*)?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
  for (const [, single, double, template] of source.matchAll(call)) {
    const text = single ?? double ?? template!.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…');
    titles.add(text.replace(/\\(.)/g, '$1'));
  }
  return titles;
}

const rows = rowsOf(readText('docs/guarantees.md'));

test('docs/guarantees.md states each fault, each attack and all else that is promised once', (t) => {
  const expected = Object.entries(numbered).flatMap(([what, count]) =>
    Array.from({ length: count }, (_, i) => `${what} ${i + 1}`),
  );
  t.deepEqual(
    rows.map(({ id }) => id),
    expected,
  );
  for (const { id, promise } of rows) t.regex(promise, /^[A-Z`].*\.$/, `${id} is a sentence`);
});

test('each promise names a test that holds it, or says what is not there yet', (t) => {
  const bare = rows.filter(({ tests, notThere }) => tests.length === 0 && notThere === '');
  t.deepEqual(
    bare.map(({ id }) => id),
    [],
  );
});

test('every test that docs/guarantees.md names exists under that title', (t) => {
  const files = new Set(repositoryFiles());
  const wrong = rows.flatMap(({ id, tests }) =>
    tests.flatMap(({ file, title }) => {
      if (!files.has(file)) return [`${id}: there is no ${file}`];
      return titlesIn(readText(file)).has(title) ? [] : [`${id}: ${file} has no test \`${title}\``];
    }),
  );
  t.deepEqual(wrong, []);
});

test('the rule reads rows and titles of every form', (t) => {
  const page = '| fault 1 | It holds. | `test/a.test.ts` › says `x` \\| so<br>`test/b.ts` › … twice |';
  t.deepEqual(rowsOf(page), [
    {
      id: 'fault 1',
      promise: 'It holds.',
      tests: [
        { file: 'test/a.test.ts', title: 'says `x` \\| so' },
        { file: 'test/b.ts', title: '… twice' },
      ],
      notThere: '',
    },
  ]);
  t.is(rowsOf('| attack 2 | x | not there yet: nothing |')[0]!.notThere, 'not there yet: nothing');
  const source = [
    "test('a', async",
    'test.serial(\n  "it\'s b", async',
    ['test(`c $', "{x ? 'd' : e} f`"].join(''),
    "test(title('g')",
    "test('it\\'s h',",
  ].join('\n');
  t.deepEqual([...titlesIn(source)], ['a', "it's b", 'c … f', 'g', "it's h"]);
});
