import test from 'ava';
import { commentLines, readText, repositoryFiles } from './tree.ts';

const files = repositoryFiles();
const binary = /\.(?:png|jpe?g|gif|ico|webp|woff2?|gz|zst|pdf)$/i;
const texts = files.filter((path) => !binary.test(path) && path !== 'package-lock.json');
const isSource = (path: string) => /^(?:src|machines|bench|test)\/.*\.(?:[cm]?[jt]sx?|css)$/.test(path);
const hasComments = (path: string) =>
  isSource(path) || /\.(?:ya?ml|sh)$/.test(path) || path.startsWith('.ci/');

const linesMax = 320;
const banner = /([=\-*#~])\1\1/;
// Put together, so that this file keeps its own rule.
const marker = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
const machinePath = new RegExp(`(?<![\\w.~-])/(?:${['work', 'root', 'home', 'farm'].join('|')})/`);

function banners(path: string, text: string): string[] {
  return commentLines(path, text)
    .filter((comment) => banner.test(comment.text))
    .map(({ line }) => `${path}:${line}`);
}

function linesThat(fits: RegExp, path: string, text: string): string[] {
  return text.split('\n').flatMap((line, i) => (fits.test(line) ? [`${path}:${i + 1}`] : []));
}

test(`no source file is longer than ${linesMax} lines`, (t) => {
  const long = texts
    .filter(isSource)
    .filter((path) => readText(path).trimEnd().split('\n').length > linesMax);
  t.deepEqual(long, []);
});

test('comments are not painted', (t) => {
  t.deepEqual(
    texts.filter(hasComments).flatMap((path) => banners(path, readText(path))),
    [],
  );
  for (const line of ['// =====', '/* --- x --- */', ' * ~~~', `a(); ${'//'} ####`, '/*****', ' ******/']) {
    t.deepEqual(banners('a.ts', line), ['a.ts:1'], line);
  }
  for (const line of ['/** x */', ' */', 'a === b;', "const x = '---';", '// a == b -- c', ' ** bold']) {
    t.deepEqual(banners('a.ts', line), [], line);
  }
  t.deepEqual(banners('a.yaml', '---\na: 1 # x\n# ====='), ['a.yaml:3']);
});

test('nothing is left for later', (t) => {
  t.deepEqual(
    texts.flatMap((path) => linesThat(marker, path, readText(path))),
    [],
  );
  t.deepEqual(linesThat(marker, 'a', `// ${'TO'}DO: mend`), ['a:1']);
});

test('no test is skipped for good or runs alone', (t) => {
  const left = /\btest(?:\.\w+)*\.(?:only|skip|failing)\(/;
  const tests = texts.filter((path) => /^test\/.*\.ts$/.test(path));
  t.deepEqual(
    tests.flatMap((path) => linesThat(left, path, readText(path))),
    [],
  );
  t.deepEqual(linesThat(left, 'a', ['test', 'only(x'].join('.')), ['a:1']);
});

test('no text names a directory of the machine it was written on', (t) => {
  t.deepEqual(
    texts.flatMap((path) => linesThat(machinePath, path, readText(path))),
    [],
  );
  t.deepEqual(linesThat(machinePath, 'a', `see ${'/ho'}me/me/x`), ['a:1']);
  t.deepEqual(linesThat(machinePath, 'a', 'src/root/x ~/work/x https://example.org/home/'), []);
});
