/** What a person has to type to start this program again. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** `fogrun` where a shell finds it; `npx fogrun` where npm started it (its PATH is gone afterwards), or nothing does. */
export function commandWord(variables: Variables = process.env): string {
  const byNpm = Boolean(variables.npm_execpath) || variables.npm_command === 'exec';
  return !byNpm && isOnPath('fogrun', variables.PATH ?? '') ? 'fogrun' : 'npx fogrun';
}

function isOnPath(name: string, path: string): boolean {
  return path.split(delimiter).some((directory) => directory !== '' && isProgram(join(directory, name)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A word as it stands, or quoted for a shell when it has to be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
