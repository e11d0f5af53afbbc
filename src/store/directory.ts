/** Directories of stores. */
import fs from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { FogrunError } from '../contract/errors.ts';
import { reasonOf } from './text.ts';

const open = promisify(fs.open);
const fsync = promisify(fs.fsync);
const close = promisify(fs.close);

/**
 * Makes a directory and its parents. One level at a time: `mkdir` with `recursive` never returns below /proc.
 * Rejects with `store-unwritable`.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    const missing: string[] = [];
    for (let at = path; ; at = dirname(at)) {
      const found = await stat(at).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (found?.isDirectory()) break;
      if (found) throw new Error(`${at} is not a directory`);
      if (dirname(at) === at) break;
      missing.push(at);
    }
    for (const directory of missing.reverse()) {
      await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
  } catch (error) {
    throw new FogrunError('store-unwritable', `the directory ${path} cannot be made: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Makes what was renamed or made in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await fsync(directory);
  } finally {
    await close(directory);
  }
}

/** Bytes free for us on the file system of an existing `path`. */
export async function freeBytes(path: string): Promise<number> {
  const found = await statfs(path);
  return found.bavail * found.bsize;
}

/** File system refusals as `store-unwritable`, everything else as it is. */
export function asUnwritable(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const number = typeof code === 'number' ? code : undefined;
  const refused = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENOSPC', 'EDQUOT'];
  if ((typeof code === 'string' && refused.includes(code)) || [1, 13, 20, 28, 30].includes(number ?? -1)) {
    return new FogrunError('store-unwritable', `the store in ${path} cannot be written: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return error;
}
