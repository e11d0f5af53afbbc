/** How far a file has been read, as the store keeps it between two runs. */
import { createHash } from 'node:crypto';
import { FogrunError } from '../contract/errors.ts';

/** Which file it is; its device may be numbered anew by a restart of the machine and says nothing. */
export interface FileMark {
  readonly ino: string;
  /** As in `FileFacts`. */
  readonly birth: string;
}

/** A place in a file, and what stands before it. */
export interface PrintedPlace {
  /** Bytes dealt with. */
  readonly offset: number;
  /** Number of the line that comes next, from 1. */
  readonly line: number;
  /** Inside a line that is too long: what is left of it is thrown away. */
  readonly skipping: boolean;
  /** Fingerprint of what stands before `offset`. */
  readonly print: string;
}

/** A file that another one was read after, and where: it may come to the path again. */
export type LeftFile = FileMark & PrintedPlace;

/** The place in the file that is read, and enough to know this file and the others again. */
export interface FilePosition extends PrintedPlace {
  /** Of the path that was configured: another path is another file, whatever is there. */
  readonly path: string;
  readonly ino: string;
  /** Files that appeared at the path since, in this order. */
  readonly waiting: readonly FileMark[];
  /** The last few, up to `leftMax`. */
  readonly left: readonly LeftFile[];
}

/** Most files that wait for their turn, and most that are remembered afterwards: a position has to fit into 4 KiB. */
export const waitingMax = 64;
export const leftMax = 6;

/** How much before the offset is remembered: lines with a time in them differ within less. */
export const printedBytesMax = 1_024;

const version = 1;

/** Of the bytes before a position, up to `printedBytesMax`. */
export function fingerprint(before: Uint8Array): string {
  return createHash('sha256').update(before).digest('hex').slice(0, 32);
}

/** A short name for a path of any length. */
export function pathMark(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}

export function isMarkOf(mark: FileMark, { ino, birth }: FileMark): boolean {
  return mark.ino === ino && mark.birth === birth;
}

export function encodePosition(position: FilePosition): string {
  // Names of members would take more room than what they name.
  const waiting = position.waiting.map(({ ino, birth }) => [ino, birth]);
  const left = position.left.map(({ ino, birth, offset, line, skipping, print }) => [
    ino,
    birth,
    offset,
    line,
    skipping,
    print,
  ]);
  return JSON.stringify({ version, ...position, waiting, left });
}

/** Rejects what a newer fogrun wrote with `store-version`: to guess would be to read lines twice or never. */
export function decodePosition(source: string, text: string): FilePosition {
  const found = parse(text);
  if (found.version === version) {
    const position = {
      ...found,
      waiting: list(found.waiting).map(toMark),
      left: list(found.left).map(toLeft),
    };
    if (isPosition(position)) return position;
  }
  throw new FogrunError(
    'store-version',
    `the store keeps a position of ${source} that this fogrun cannot read (version ${Number(found.version)}, expected ${version})`,
    { advice: 'Run the version that wrote it, or give the actor another name to begin anew.' },
  );
}

type Unknown<T> = { readonly [member in keyof T]?: unknown };

function parse(text: string): Unknown<FilePosition> & { version?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Nothing is an empty list. */
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toMark(entry: unknown): Unknown<FileMark> {
  const [ino, birth] = list(entry);
  return { ino, birth };
}

function toLeft(entry: unknown): Unknown<LeftFile> {
  const [ino, birth, offset, line, skipping, print] = list(entry);
  return { ino, birth, offset, line, skipping, print };
}

function isPosition(value: Unknown<FilePosition>): value is FilePosition {
  const { path, ino, waiting, left } = value;
  return (
    areTexts(path, ino) &&
    isPlace(value) &&
    list(waiting).every((mark) => isMark(mark as Unknown<FileMark>)) &&
    list(left).every((file) => isMark(file as Unknown<FileMark>) && isPlace(file as Unknown<LeftFile>))
  );
}

function isMark({ ino, birth }: Unknown<FileMark>): boolean {
  return areTexts(ino, birth);
}

function isPlace({ offset, line, skipping, print }: Unknown<PrintedPlace>): boolean {
  const areCounts = [offset, line].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return areCounts && typeof skipping === 'boolean' && areTexts(print);
}

function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
