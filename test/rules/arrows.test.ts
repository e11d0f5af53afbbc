import test from 'ava';
import { importsOf, readText, repositoryFiles } from './tree.ts';

/** Lowest first; what shares a rank does not know each other. */
const ranks: readonly (readonly string[])[] = [
  ['src/domain'],
  ['src/contract'],
  ['machines', 'src/pipeline', 'src/store', 'src/link', 'src/devices', 'src/connectors', 'src/inspect'],
  ['src/runtime'],
  ['src/sim', 'src/console', 'src/terminal'],
  ['src/cli', 'src/index.ts'],
];
const packagesOf: Readonly<Record<string, RegExp>> = {
  'src/domain': /^node:/,
  machines: /^(?:xstate|zod)$/,
};

const areaOf = (path: string) =>
  ranks.flat().find((area) => path === area || path.startsWith(`${area}/`)) ?? null;
const rankOf = (area: string) => ranks.findIndex((areas) => areas.includes(area));

/** What is wrong with the imports of one file. */
function wrongArrows(path: string, text: string): string[] {
  const area = areaOf(path);
  if (area === null) return [`${path} lies in no known area`];
  return importsOf(path, text).flatMap(({ target, ours, typeOnly }) => {
    if (!ours) {
      const allowed = packagesOf[area];
      return allowed && !allowed.test(target) ? [`${path} imports the package ${target}`] : [];
    }
    const to = areaOf(target);
    if (to === null) return [`${path} imports ${target}, which lies in no known area`];
    if (to === area || rankOf(to) < rankOf(area)) return [];
    // The types of a kind are what its effects are written against.
    if (rankOf(to) === rankOf(area) && to === 'machines' && typeOnly) return [];
    return [`${path} imports ${target}`];
  });
}

test('every import points down the layers', (t) => {
  const sources = repositoryFiles().filter((path) => /^(?:src|machines)\/.*\.[cm]?tsx?$/.test(path));
  t.true(sources.length > 10);
  t.deepEqual(
    sources.flatMap((path) => wrongArrows(path, readText(path))),
    [],
  );
});

test('benchmarks stand outside: they know words and the protocol, and run fogrun as a program', (t) => {
  const known = /^(?:(?:bench|src\/domain|src\/contract|src\/link)\/|src\/runtime\/clock\.ts$)/;
  const wrong = (path: string, text: string) =>
    importsOf(path, text).flatMap(({ target, ours }) =>
      (ours ? known : /^node:/).test(target) ? [] : [`${path} imports ${target}`],
    );
  const sources = repositoryFiles().filter((path) => /^bench\/.*\.ts$/.test(path));
  t.true(sources.length > 10);
  t.deepEqual(
    sources.flatMap((path) => wrong(path, readText(path))),
    [],
  );
  t.is(wrong('bench/a.ts', "import { x } from '../src/store/x.ts';\nimport { y } from 'zod';").length, 2);
});

test('node-ipc has one door', (t) => {
  const users = repositoryFiles()
    .filter((path) => /^(?:src|machines|bench|test)\/.*\.ts$/.test(path) && !path.startsWith('test/rules/'))
    .filter((path) => importsOf(path, readText(path)).some(({ target }) => target.startsWith('node-ipc')));
  t.deepEqual(
    users.filter((path) => !/^src\/runtime\/ipc(?:-\w+)*\.ts$/.test(path)),
    [],
  );
  t.true(users.length > 0);
});

test('the rule sees wrong arrows of every form', (t) => {
  const wrong: [string, string][] = [
    ['src/domain/a.ts', "import { x } from '../contract/x.ts';"],
    ['src/domain/a.ts', "import type { x } from '../contract/x.ts';"],
    ['src/domain/a.ts', "import { z } from 'zod';"],
    ['src/contract/a.ts', "export * from '../store/x.ts';"],
    ['src/store/a.ts', "import {\n  a,\n  type B,\n} from '../link/x.ts';"],
    ['src/store/a.ts', "import { x } from '../../machines/x.ts';"],
    ['src/store/a.ts', "import '../runtime/x.ts';"],
    ['src/store/a.ts', "const x = await import('../cli/x.ts');"],
    ['src/store/a.ts', "import { x } from '../elsewhere/x.ts';"],
    ['machines/a.ts', "import type { x } from '../src/store/x.ts';"],
    ['machines/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/sim/a.ts', "import { x } from '../console/x.ts';"],
    ['src/terminal/a.ts', "import { x } from '../console/x.ts';"],
    ['src/elsewhere/a.ts', ''],
  ];
  for (const [path, text] of wrong) t.is(wrongArrows(path, text).length, 1, `${path}: ${text}`);
});

test('the rule lets right arrows be', (t) => {
  const right: [string, string][] = [
    ['src/domain/a.ts', "import { x } from './b.ts';\nimport { createHash } from 'node:crypto';"],
    ['src/store/a.ts', "import type { x } from '../../machines/x.ts';\nimport { y } from '../domain/y.ts';"],
    ['machines/a.ts', "import { x } from '../src/contract/x.ts';\nimport { setup } from 'xstate';"],
    ['src/cli/a.ts', "import { x } from '../sim/x.ts';\nimport { y } from '../../machines/index.ts';"],
    ['src/index.ts', "export { x } from '../machines/index.ts';\nexport type { y } from './runtime/y.ts';"],
  ];
  for (const [path, text] of right) t.deepEqual(wrongArrows(path, text), []);
});
