/** The services that fogrun installed. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import { printable, quoteList } from '../../domain/text.ts';
import { unitDirectory, type Variables } from './places.ts';
import { unitMark } from './unit.ts';

export interface Installed {
  readonly name: string;
  readonly user: boolean;
  readonly unit: string;
  readonly path: string;
  readonly text: string;
}

export async function installedServices(user: boolean, variables: Variables): Promise<Installed[]> {
  const directory = unitDirectory(user, variables);
  const names = await readdir(directory).catch(() => []);
  const found: Installed[] = [];
  for (const unit of names.sort()) {
    const name = /^fogrun-(.+)\.service$/.exec(unit)?.[1];
    if (name === undefined) continue;
    const path = join(directory, unit);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.startsWith(unitMark)) found.push({ name, user, unit, path, text });
  }
  return found;
}

/** The value of a setting; the last one counts. */
export function settingOf(text: string, key: string): string | null {
  const line = text.split('\n').findLast((each) => each.startsWith(`${key}=`));
  return line === undefined ? null : line.slice(key.length + 1).replaceAll('%%', '%');
}

/** Those that are named, or that run those files; all when nothing is said. */
export function chosenServices(
  all: readonly Installed[],
  { name, files }: { readonly name: string | undefined; readonly files: readonly string[] },
): Installed[] {
  const paths = files.map((file) => `"${resolve(file)}"`);
  const fits = ({ name: its, text }: Installed) => {
    const command = settingOf(text, 'ExecStart') ?? '';
    return (name === undefined || its === name) && paths.every((path) => command.includes(path));
  };
  const found = all.filter(fits);
  if (found.length > 0 || (name === undefined && files.length === 0)) return found;
  const what = name === undefined ? `for ${printable(files.join(', '))}` : `\`${printable(name)}\``;
  const known =
    all.length > 0
      ? `; there is ${quoteList(
          all.map((each) => each.name),
          'and',
        )}`
      : '';
  throw new FogrunError('service-unknown', `fogrun installed no service ${what}${known}`);
}
