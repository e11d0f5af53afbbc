/** Finds a file again that was renamed while nobody followed it. */
import { basename, dirname, join } from 'node:path';
import type { FilePosition } from './file-position.ts';
import { LineReader, type LineReaderOptions } from './line-reader.ts';
import { passOver, type SourceFiles } from './source-files.ts';

/** Most directory entries that are looked at. */
const entriesMax = 10_000;

/**
 * Looks beside the path, and beside the file that it leads to, for the one that was read: by its inode, and by what was
 * read of it. Names that begin like the path's come first.
 */
export async function findRotated(
  path: string,
  position: FilePosition,
  files: SourceFiles,
  options: LineReaderOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const directories = new Set([dirname(path), dirname((await files.resolve(path)) ?? path)]);
  for (const directory of directories) {
    const names = (await files.list(directory)) ?? [];
    const isAlike = (name: string) => name.startsWith(basename(path));
    const sorted = [...names.filter(isAlike), ...names.filter((name) => !isAlike(name))];
    for (const name of sorted.slice(0, entriesMax)) {
      if (signal.aborted) return undefined;
      const candidate = join(directory, name);
      const facts = await files.look(candidate).catch(passOver);
      if (facts?.ino !== position.ino || facts.what !== 'file') continue;
      if (await holds(candidate, position, files, options)) return candidate;
    }
  }
  return undefined;
}

/** Whether the file holds what was read. */
async function holds(
  path: string,
  position: FilePosition,
  files: SourceFiles,
  options: LineReaderOptions,
): Promise<boolean> {
  const file = await files.open(path).catch(passOver);
  if (!file) return false;
  try {
    return (await LineReader.at(file, options, position, position.print)) !== undefined;
  } finally {
    void file.close();
  }
}
