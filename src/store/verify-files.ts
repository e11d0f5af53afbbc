/** Files as a verification needs them: read up to a bound, and listed one by one however many there are. */
import fs from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reasonOf } from './text.ts';

// By descriptor: a FileHandle a file costs several times as much, and there may be millions.
const open = promisify(fs.open);
const fstat = promisify(fs.fstat);
const read = promisify(fs.read);
const close = promisify(fs.close);

/** What stands where a file should be; `wrong` says why it cannot be it. */
export type FoundFile = { readonly bytes: Uint8Array } | { readonly wrong: string } | null;

export interface VerifyFiles {
  /** @param path below the root, `/` between parts */
  read(path: string, bytesMax: number): Promise<FoundFile>;
  /** Nothing when there is no such directory. */
  list(path: string): AsyncIterable<{ readonly name: string; readonly isDirectory: boolean }>;
}

export function createVerifyFiles(root: string): VerifyFiles {
  return {
    async read(path, bytesMax) {
      const file = await open(join(root, path), 'r').catch((error: NodeJS.ErrnoException) => error);
      if (typeof file !== 'number') return isAbsent(file) ? null : { wrong: `cannot be read (${file.code})` };
      try {
        const stat = await fstat(file);
        if (!stat.isFile()) return { wrong: 'is not a file' };
        if (stat.size > bytesMax) return { wrong: `has ${stat.size} bytes` };
        const bytes = Buffer.allocUnsafe(stat.size);
        let length = 0;
        while (length < stat.size) {
          const { bytesRead } = await read(file, bytes, length, stat.size - length, null);
          if (bytesRead === 0) break;
          length += bytesRead;
        }
        return { bytes: bytes.subarray(0, length) };
      } catch (error) {
        return { wrong: `cannot be read (${(error as NodeJS.ErrnoException).code ?? reasonOf(error)})` };
      } finally {
        await close(file);
      }
    },
    async *list(path) {
      const directory = await opendir(join(root, path)).catch((error: NodeJS.ErrnoException) => {
        if (isAbsent(error)) return null;
        throw error;
      });
      if (!directory) return;
      for await (const entry of directory) yield { name: entry.name, isDirectory: entry.isDirectory() };
    },
  };
}

const isAbsent = ({ code }: NodeJS.ErrnoException) => code === 'ENOENT' || code === 'ENOTDIR';
