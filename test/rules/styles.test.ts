import test from 'ava';
import { chartCss } from '../../src/inspect/drawing/chart-style.ts';
import { readText, repositoryFiles } from './tree.ts';

const folderOf = (path: string) => path.split('/').at(-2)!;

/** Classes that rules begin with, which is what they put their looks on. */
function classesOf(css: string): Set<string> {
  const plain = css.replaceAll(/\/\*.*?\*\//gs, '');
  const selectors = [...plain.matchAll(/(?<=^|[{}])([^{}@]+)\{/g)].flatMap(([, list]) => list!.split(','));
  return new Set(selectors.flatMap((selector) => /^\.([\w-]+)/.exec(selector.trim())?.[1] ?? []));
}

/** Classes that more than one owner begins rules with, each with these owners. */
function shared(sheets: readonly (readonly [owner: string, css: string])[]): string[] {
  const owners = new Map<string, Set<string>>();
  for (const [owner, css] of sheets) {
    for (const name of classesOf(css)) owners.set(name, (owners.get(name) ?? new Set()).add(owner));
  }
  return [...owners].filter(([, of]) => of.size > 1).map(([name, of]) => `.${name}: ${[...of].join(', ')}`);
}

test('a class of the page belongs to one view: a view that is opened changes nothing in another', (t) => {
  const sheets = repositoryFiles()
    .filter((path) => path.startsWith('src/console/page/') && path.endsWith('.css'))
    .map((path) => [folderOf(path), readText(path)] as const);
  t.true(sheets.length > 8);
  t.deepEqual(shared([...sheets, ['drawings', chartCss]]), []);
  t.deepEqual(
    shared([
      ['a', '/* x */ .one {\n}\n@media x {\n .two, .three:hover { }\n}'],
      ['b', '.three{}'],
    ]),
    ['.three: a, b'],
  );
});
