/** The repository as the rules see it: its files, their imports and their comments. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** Directory of package.json, upwards from the compiled test. */
export const root = (() => {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
})();

export const readText = (path: string) => readFileSync(join(root, path), 'utf8');

/** Paths of all files that are or could become part of the repository, `/` between parts. */
export function repositoryFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 16 * 2 ** 20,
  });
  const isFile = (path: string) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false;
  return [...new Set(list.split('\0'))].filter((path) => path !== '' && isFile(path));
}

export interface Import {
  /** `./x.ts` resolved to a path from the root, or a package's name as written. */
  readonly target: string;
  readonly ours: boolean;
  readonly typeOnly: boolean;
}

const statement = /^[ \t]*(?:import|export)\s+(type\b)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm;
const sideEffect = /^[ \t]*import\s*['"]([^'"]+)['"]/gm;
const dynamic = /\b(typeof\s+)?import\(\s*['"]([^'"]+)['"]/g;

/** `import`, `export … from`, and `import()` with a literal. */
export function importsOf(path: string, text: string): Import[] {
  const make = (specifier: string, typeOnly: boolean): Import => {
    const ours = specifier.startsWith('.');
    return { target: ours ? posix.join(posix.dirname(path), specifier) : specifier, ours, typeOnly };
  };
  return [
    ...[...text.matchAll(statement)].map((found) => make(found[2]!, found[1] !== undefined)),
    ...[...text.matchAll(sideEffect)].map((found) => make(found[1]!, false)),
    ...[...text.matchAll(dynamic)].map((found) => make(found[2]!, found[1] !== undefined)),
  ];
}

/** The lines of a source text that are comments, or the part of a line that is. Judged line by line. */
export function commentLines(path: string, text: string): { line: number; text: string }[] {
  const found =
    /\.(?:ya?ml|sh)$/.test(path) || path.startsWith('.ci/')
      ? /(?:^|\s)#(?!!)(.*)$/
      : /(?:^\s*(?:\/\/|\/\*\*?|\*(?!\/))|\s\/\/\s)(.*)$/;
  return text.split('\n').flatMap((line, i) => {
    const comment = found.exec(line);
    return comment ? [{ line: i + 1, text: comment[1]! }] : [];
  });
}
