/** Files that are read from: the little that a source needs of a file system, so that a test can let it fail. */
import { type BigIntStats, constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { formatDuration } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';

/** What is known of a file without reading it. */
export interface FileFacts {
  /** Device and inode, as text since they may be larger than a number holds: who the file is, whatever its name. */
  readonly dev: string;
  readonly ino: string;
  /** When it was made, ns; `0` where the file system does not tell. With the inode it is never used again. */
  readonly birth: string;
  readonly size: number;
  /** Differs when the contents were changed meanwhile; the modification time in ns. */
  readonly changed: string;
  /** Names it still has; 0 once it was deleted. */
  readonly links: number;
  /** `file`, or what else it is, for people. */
  readonly what: string;
}

export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** Fills `into` from the byte `at` on; resolves to the number of bytes there were, less only at the end. */
  read(into: Uint8Array, at: number): Promise<number>;
  close(): Promise<void>;
}

/** All reject with `file-unreadable`; nothing at a path is `undefined`. */
export interface SourceFiles {
  look(path: string): Promise<FileFacts | undefined>;
  open(path: string): Promise<OpenFile | undefined>;
  /** Where a path leads once every symbolic link is followed. */
  resolve(path: string): Promise<string | undefined>;
  /** Names in a directory. */
  list(directory: string): Promise<readonly string[] | undefined>;
}

export const nodeSourceFiles: SourceFiles = {
  look: (path) => attempt(path, async () => toFacts(await stat(path, { bigint: true }))),
  resolve: (path) => attempt(path, () => realpath(path)),
  list: (directory) => attempt(directory, () => readdir(directory)),
  open: (path) =>
    attempt(path, async () => {
      // Without O_NONBLOCK a named pipe would keep us until somebody writes to it.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      return {
        facts: () => inOpenFile(path, async () => toFacts(await handle.stat({ bigint: true }))),
        read: (into: Uint8Array, at: number) =>
          inOpenFile(path, async () => {
            let filled = 0;
            while (filled < into.length) {
              const { bytesRead } = await handle.read(into, filled, into.length - filled, at + filled);
              if (bytesRead === 0) break;
              filled += bytesRead;
            }
            return filled;
          }),
        close: () => inOpenFile(path, () => handle.close()),
      };
    }),
};

function toFacts(stats: BigIntStats): FileFacts {
  return {
    dev: String(stats.dev),
    ino: String(stats.ino),
    birth: String(stats.birthtimeNs),
    size: Number(stats.size),
    changed: String(stats.mtimeNs),
    links: Number(stats.nlink),
    what: whatIs(stats),
  };
}

function whatIs(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

async function attempt<T>(path: string, operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, thrown);
  }
}

async function inOpenFile<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EIO: 'the disk failed to read it',
  ELOOP: 'its symbolic links go round in a circle',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
  ESTALE: 'the file server has lost it',
};

/** `file-unreadable` for an error of the operating system; anything else is a programming error and stays one. */
export function unreadable(path: string, thrown: unknown): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return thrown;
  const reason = reasons[code];
  const why = reason ? `${reason} (${code})` : code;
  return new FogrunError('file-unreadable', `cannot read ${printable(path)}: ${why}`, { cause: thrown });
}

/** For `catch`, where one file that cannot be read must not keep the others from being. */
export function passOver(thrown: unknown): undefined {
  if (thrown instanceof FogrunError && thrown.code === 'file-unreadable') return undefined;
  throw thrown;
}

/** Longest a file system may take for one thing. */
const fileDeadlineMs = 10_000;

function late(path: string): FogrunError {
  const waited = formatDuration(fileDeadlineMs);
  return new FogrunError(
    'deadline-missed',
    `the file system with ${printable(path)} did not answer within ${waited}`,
    { advice: 'Look at the disk, or at the server of the file system.' },
  );
}

/**
 * The same files with a deadline on everything, since a file system on a network may answer never. What was given up
 * still occupies a thread: nothing else is begun before it has ended, so there is at most one of them. Closing is
 * not waited for.
 */
export function withDeadlines(files: SourceFiles, clock: Clock): SourceFiles {
  let last: Promise<void> = Promise.resolve();

  /** @param release what to do with an answer that nobody waits for any more */
  function timed<T>(path: string, operation: () => Promise<T>, release?: (late: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isLate = false;
      const timer = clock.setTimeout(() => {
        isLate = true;
        reject(late(path));
      }, fileDeadlineMs);
      const work = async () => {
        if (isLate) return;
        try {
          const answer = await operation();
          if (isLate) release?.(answer);
          else resolve(answer);
        } catch (thrown) {
          reject(thrown);
        } finally {
          clock.clearTimeout(timer);
        }
      };
      last = last.then(work);
    });
  }

  function close(file: OpenFile): Promise<void> {
    last = last.then(() => file.close()).catch(() => {});
    return Promise.resolve();
  }

  return {
    look: (path) => timed(path, () => files.look(path)),
    resolve: (path) => timed(path, () => files.resolve(path)),
    list: (directory) => timed(directory, () => files.list(directory)),
    open: async (path) => {
      const file = await timed(
        path,
        () => files.open(path),
        (file) => file && void close(file),
      );
      return (
        file && {
          facts: () => timed(path, () => file.facts()),
          read: (into, at) => timed(path, () => file.read(into, at)),
          close: () => close(file),
        }
      );
    },
  };
}
