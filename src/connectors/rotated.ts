/** Looks beside a path for files that were renamed while nobody followed them. */
import { basename, dirname, join } from 'node:path';
import { type FileMark, isMarkOf } from './file-position.ts';
import { isSame } from './opened-file.ts';
import { type FileFacts, passOver, type SourceFiles } from './source-files.ts';

/** Most directory entries that are looked at. */
const entriesMax = 10_000;

/** A file, and a path that it was found at. */
export interface Beside {
  readonly path: string;
  readonly facts: FileFacts;
}

/** The files beside the path, and beside the file that it leads to; those whose names begin like the path's come first. */
export async function filesBeside(path: string, files: SourceFiles, signal: AbortSignal): Promise<Beside[]> {
  const found: Beside[] = [];
  const directories = new Set([dirname(path), dirname((await files.resolve(path)) ?? path)]);
  for (const directory of directories) {
    const names = (await files.list(directory)) ?? [];
    const isAlike = (name: string) => name.startsWith(basename(path));
    const sorted = [...names.filter(isAlike), ...names.filter((name) => !isAlike(name))];
    for (const name of sorted.slice(0, entriesMax)) {
      if (signal.aborted) return found;
      const candidate = join(directory, name);
      const facts = await files.look(candidate).catch(passOver);
      if (facts?.what === 'file') found.push({ path: candidate, facts });
    }
  }
  return found;
}

/**
 * Files that must have been at the path after `read` and were rotated away too, oldest first: they are named in the
 * same way, with a number or a date after the path's name, and were made and written to later.
 * @param known files of which is known what is to be done with them
 */
export function rotatedSince(
  path: string,
  read: Beside,
  beside: readonly Beside[],
  known: readonly FileMark[],
): Beside[] {
  const shape = suffixShape(path, read.path);
  if (shape === undefined) return [];
  const later = beside.filter(
    ({ path: other, facts }) =>
      facts.size > 0 &&
      suffixShape(path, other) === shape &&
      !isSame(facts, read.facts) &&
      !known.some((mark) => isMarkOf(mark, facts)) &&
      isLater(facts, read.facts),
  );
  // One file may be in the list twice, say by way of a symbolic link.
  const apart = later.filter(({ facts }, i) => later.findIndex((other) => isSame(other.facts, facts)) === i);
  return apart.sort(
    (a, b) => compare(a.facts.birth, b.facts.birth) || compare(a.facts.changed, b.facts.changed),
  );
}

/** What follows the path's name, with `#` for each number: `.1` and `.12` are alike, `.1.gz` and `.old` are not. */
function suffixShape(path: string, other: string): string | undefined {
  const [name, base] = [basename(other), basename(path)];
  if (!name.startsWith(base)) return undefined;
  const shape = name.slice(base.length).replace(/\d+/g, '#');
  return shape.includes('#') ? shape : undefined;
}

/** A copy that was made later has the contents, and mostly also the modification time, of what it is a copy of. */
function isLater(facts: FileFacts, than: FileFacts): boolean {
  if (than.birth === '0') return compare(facts.changed, than.changed) > 0;
  return compare(facts.birth, than.birth) > 0 && compare(facts.changed, than.changed) >= 0;
}

/** Of whole numbers as text. */
function compare(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : Number(difference > 0n);
}
