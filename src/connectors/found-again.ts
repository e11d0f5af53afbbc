/** Finds the files again that a position tells of, wherever they are now. */
import { type FileMark, type FilePosition, isMarkOf, waitingMax } from './file-position.ts';
import { LineReader, type LineReaderOptions } from './line-reader.ts';
import { isSame, type Opened } from './opened-file.ts';
import { type Beside, filesBeside, rotatedSince } from './rotated.ts';
import { passOver, type SourceFiles } from './source-files.ts';

/** Names change while they are looked at. */
const attemptsMax = 3;

export interface FoundAgain {
  /** The file that was read. */
  readonly read: Opened | undefined;
  /** It has another inode than it had, and still what was read of it: a copy, or on a file system that numbers anew. */
  readonly isCopy: boolean;
  /** Those that come after it, but for the one at the path if that is new; oldest first. */
  readonly waiting: readonly Opened[];
  /** How many of these nobody knew of. */
  readonly unseen: number;
  /** How many of those that waited are not there any more. */
  readonly gone: number;
  /** How many more there are than may wait. */
  readonly tooMany: number;
}

export interface Search {
  /** Absolute. */
  readonly path: string;
  readonly position: FilePosition;
  readonly files: SourceFiles;
  readonly options: LineReaderOptions;
  readonly open: (path: string) => Promise<Opened | undefined>;
  readonly close: (opened: Opened) => void;
  readonly signal: AbortSignal;
}

/** Everything that it opens and does not return is closed again. */
export async function findAgain(search: Search): Promise<FoundAgain> {
  for (let attempt = 1; ; attempt++) {
    const opened: Opened[] = [];
    let hasMoved = false;
    const openSame = async ({ path, facts }: Beside): Promise<Opened | undefined> => {
      const file = await search.open(path);
      if (file && isSame(file.facts, facts)) {
        opened.push(file);
        return file;
      }
      if (file) search.close(file);
      hasMoved = true;
      return undefined;
    };
    const found = await look(search, openSame);
    if (!hasMoved || attempt === attemptsMax || search.signal.aborted) return found;
    opened.forEach(search.close);
  }
}

async function look(
  search: Search,
  openSame: (beside: Beside) => Promise<Opened | undefined>,
): Promise<FoundAgain> {
  const { path, position, files, signal } = search;
  const facts = await files.look(path);
  const atPath = facts && { path, facts };
  const isAtPath = facts?.ino === position.ino;
  const isAll = isAtPath && position.waiting.length === 0;
  const beside = isAll ? [] : await filesBeside(path, files, signal);

  const there = isAtPath ? atPath : await findRead(search, beside);
  const isCopy = !there && atPath !== undefined && (await isCopyOfRead(search, atPath));
  const read = isCopy ? atPath : there;

  const waited = position.waiting.map((mark) => beside.find(({ facts }) => isMarkOf(mark, facts)));
  const known: readonly FileMark[] = [...position.waiting, ...(facts ? [facts] : [])];
  // What is at the path came first, or last.
  const unseen = there && !isAtPath ? rotatedSince(path, there, beside, known) : [];
  const all = [...waited.filter((file) => file !== undefined), ...unseen];

  const readOpened = read && (await openSame(read));
  const waiting: Opened[] = [];
  for (const file of all.slice(0, waitingMax)) {
    const opened = await openSame(file);
    if (opened) waiting.push(opened);
  }
  const tooMany = Math.max(0, all.length - waitingMax);
  const gone = position.waiting.length + unseen.length - waiting.length - tooMany;
  return { read: readOpened, isCopy, waiting, unseen: unseen.length, gone, tooMany };
}

/** By its inode, and by what was read of it. */
async function findRead(search: Search, beside: readonly Beside[]): Promise<Beside | undefined> {
  for (const file of beside) {
    if (file.facts.ino === search.position.ino && (await holdsWhatWasRead(search, file.path))) return file;
  }
  return undefined;
}

/** Whether the file at the path is none that is known, and yet holds what was read. */
async function isCopyOfRead(search: Search, { path, facts }: Beside): Promise<boolean> {
  const { offset, waiting, left } = search.position;
  if (offset === 0 || [...waiting, ...left].some((mark) => isMarkOf(mark, facts))) return false;
  return facts.what === 'file' && (await holdsWhatWasRead(search, path));
}

async function holdsWhatWasRead({ position, files, options }: Search, path: string): Promise<boolean> {
  const file = await files.open(path).catch(passOver);
  if (!file) return false;
  try {
    return (await LineReader.at(file, options, position, position.print)) !== undefined;
  } finally {
    void file.close();
  }
}
