/** Where `fogrun init` may write: files that are there stay, unless a person says otherwise. */
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import { namePattern } from '../../domain/segment.ts';
import { printable } from '../../domain/text.ts';
import type { InitOptions } from './init.ts';

export const cloudFile = 'cloud.yaml';
export const usualFile = 'edge.yaml';

export interface Place {
  /** As people name it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  /** Whether what is there may go. */
  readonly over: boolean;
}

/** The edge's file; where one is there, a person is asked for another name, or whether it may go. */
export async function edgePlace(first: string, options: InitOptions): Promise<Place> {
  for (let file = first; ; ) {
    const path = resolve(file);
    pipelineName(path);
    if (options.force || !(await isThere(path))) return { file, path, over: options.force };
    const answer = await askAbout(
      path,
      'Another name for the new one, or `over` to write over it?',
      await freeName(file),
      options,
    );
    if (answer === 'over') return { file, path, over: true };
    // Where only a name is given, it is one beside the other.
    file = /[/\\]/.test(answer) ? answer : join(dirname(file), answer);
    if (extname(file) === '') file += '.yaml';
  }
}

/** The cloud's file beside the edge's; `null` when the one that is there stays. */
export async function cloudPlace(edge: Place, options: InitOptions): Promise<Place | null> {
  const file = join(dirname(edge.file), cloudFile);
  const path = resolve(file);
  if (options.force || !(await isThere(path))) return { file, path, over: options.force };
  for (;;) {
    const answer = await askAbout(path, '`keep` it, or `over` to write over it?', 'keep', options);
    if (answer === 'keep') return null;
    if (answer === 'over') return { file, path, over: true };
    options.say('  expected keep or over');
  }
}

async function askAbout(
  path: string,
  question: string,
  otherwise: string,
  { ask, yes }: InitOptions,
): Promise<string> {
  if (ask === null || yes) {
    throw new FogrunError('usage', `${path} is there already, and nothing was written`, {
      advice: 'Name another file, or write over it with --force.',
    });
  }
  const answer = await ask(`${printable(path, 200)} is there already. ${question} [${otherwise}] `);
  if (answer === null) throw new FogrunError('usage', 'the input ended: nothing was written');
  return answer.trim() || otherwise;
}

/** Writes a file that is not there, or that may be written over. */
export async function writePlace({ path, over }: Place, text: string): Promise<void> {
  await writeFile(path, text, { flag: over ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    throw new FogrunError('file-unreadable', `${path} cannot be written: ${cause.code}`, {
      advice: 'Choose another place: fogrun init FILE.',
      cause,
    });
  });
}

/** The file's name without its ending. */
export function pipelineName(path: string): string {
  const name = basename(path).replace(/\.ya?ml$/i, '');
  if (basename(path) === cloudFile) {
    throw new FogrunError(
      'usage',
      `${cloudFile} is the name of the cloud's file; choose another, such as ${usualFile}`,
    );
  }
  if (namePattern.test(name)) return name;
  throw new FogrunError(
    'usage',
    `\`${printable(name)}\` cannot name a pipeline: use letters, digits, \`.\`, \`_\` or \`-\``,
  );
}

async function freeName(file: string): Promise<string> {
  const stem = basename(file).replace(/\.ya?ml$/i, '');
  for (let n = 2; ; n++) {
    const name = `${stem}-${n}.yaml`;
    if (!(await isThere(join(dirname(file), name)))) return name;
  }
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
