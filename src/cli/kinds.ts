/** `fogrun kinds [KIND]`: the catalogue, and each kind's reference. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from '../../machines/index.ts';
import { FogrunError } from '../contract/errors.ts';
import { nearest } from '../domain/text.ts';
import { plainMarkdown } from './plain-markdown.ts';
import { kindReference, referenceFiles } from './reference.ts';

/** Longer lines are hard to read, columns. */
const widthMax = 100;

/** People at a terminal get lines to read, everything else gets Markdown. */
export async function kindsCommand(name: string | undefined, directory: string | undefined): Promise<number> {
  if (directory !== undefined) return write(directory);
  if (name === undefined) {
    const width = Math.max(...[...kinds.keys()].map((kind) => kind.length));
    for (const kind of kinds.values()) process.stdout.write(`${kind.name.padEnd(width)}  ${kind.purpose}\n`);
    process.stdout.write('\n`fogrun kinds KIND` explains one.\n');
    return 0;
  }
  const kind = kinds.get(name);
  if (!kind) {
    const [close] = nearest(name, [...kinds.keys()]);
    const hint = close ? `did you mean \`${close}\`?` : `known: ${[...kinds.keys()].join(', ')}`;
    throw new FogrunError('usage', `there is no kind \`${name}\` (${hint})`);
  }
  const { isTTY, columns } = process.stdout;
  const text = kindReference(kind);
  process.stdout.write(isTTY ? plainMarkdown(text, Math.min(columns || 80, widthMax)) : text);
  return 0;
}

/** Makes the folder hold exactly the reference. */
async function write(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true });
  const files = referenceFiles();
  for (const name of await readdir(directory)) {
    if (!files.has(name) && /\.(md|json)$/.test(name)) await rm(join(directory, name));
  }
  for (const [name, text] of files) await writeFile(join(directory, name), text);
  process.stdout.write(`${files.size} files in ${directory}\n`);
  return 0;
}
