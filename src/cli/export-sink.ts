/** Where what is exported goes: stdout, or a file that is there whole or not at all. */
import { once } from 'node:events';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { printable } from '../domain/text.ts';
import { syncDirectory } from '../store/directory.ts';

/** Where the lines go. */
export interface Sink {
  /** Nobody wants more: the reader is gone, or a signal came. */
  readonly isClosed: boolean;
  write(bytes: Uint8Array): Promise<void>;
  /** Everything is there. */
  finish(): Promise<void>;
  /** What was written is not wanted. Harmless after `finish`. */
  abandon(): Promise<void>;
}

/** @param out the file; stdout without one */
export async function sinkTo(out: string | undefined): Promise<Sink> {
  return out === undefined ? stdoutSink() : fileSink(out);
}

function stdoutSink(): Sink {
  let isClosed = false;
  process.stdout.once('error', () => {
    isClosed = true;
  });
  return {
    get isClosed() {
      return isClosed;
    },
    async write(bytes) {
      if (!isClosed && !process.stdout.write(bytes)) await once(process.stdout, 'drain').catch(() => {});
    },
    finish: async () => {},
    abandon: async () => {},
  };
}

/** Writes beside the file and renames at the end, so that whoever finds it finds all of it. */
async function fileSink(out: string): Promise<Sink> {
  // A link stays, and leads to the new file.
  const path = await realpath(out).catch(() => resolve(out));
  const beside = `${path}.${process.pid}.part`;
  const refuse = (thrown: unknown): never => {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new FogrunError('file-unwritable', `${printable(out, 200)} cannot be written: ${code ?? message}`, {
      cause: thrown,
    });
  };
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
  if (!isFile) {
    // A device or a pipe would be gone, with a file in its place.
    throw new FogrunError('file-unwritable', `${printable(out, 200)} is there already and is no file`, {
      advice: 'Name a file, or leave --out away and send stdout there.',
    });
  }
  const file: FileHandle = await open(beside, 'wx').catch(refuse);
  let isClosed = false;
  let isThere = false;
  const stop = () => {
    isClosed = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  return {
    get isClosed() {
      return isClosed;
    },
    write: (bytes) => file.writeFile(bytes).catch(refuse),
    async finish() {
      try {
        await file.sync();
        await rename(beside, path);
        isThere = true;
        await syncDirectory(dirname(path));
      } catch (thrown) {
        refuse(thrown);
      }
    },
    async abandon() {
      await file.close().catch(() => {});
      if (!isThere) await unlink(beside).catch(() => {});
    },
  };
}
