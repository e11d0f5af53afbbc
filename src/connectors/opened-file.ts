/** A file that is open, and who it is. */
import { FogrunError } from '../contract/errors.ts';
import { printable } from '../domain/text.ts';
import type { FileFacts, OpenFile, SourceFiles } from './source-files.ts';

export interface Opened {
  readonly file: OpenFile;
  /** As of the opening. */
  readonly facts: FileFacts;
}

/** Whether two descriptions are of one file, under whatever names. */
export function isSame(a: FileFacts, b: FileFacts): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** Opens what is at a path, if anything; rejects with `file-unreadable` when that is no file. */
export async function openRegular(files: SourceFiles, path: string): Promise<Opened | undefined> {
  const there = await files.look(path);
  if (!there) return undefined;
  // Looked at first, since opening may already do something to what is no file.
  if (there.what !== 'file') throw notAFile(path, there);
  const file = await files.open(path);
  if (!file) return undefined;
  try {
    const facts = await file.facts();
    if (facts.what !== 'file') throw notAFile(path, facts);
    return { file, facts };
  } catch (thrown) {
    void file.close();
    throw thrown;
  }
}

function notAFile(path: string, { what }: FileFacts): FogrunError {
  return new FogrunError('file-unreadable', `cannot read ${printable(path)}: it is ${what}, not a file`, {
    advice: 'Name a file that readings are written to.',
  });
}
