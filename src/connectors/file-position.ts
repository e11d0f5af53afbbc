/** How far a file has been read, as the store keeps it between two runs. */
import { createHash } from 'node:crypto';
import { FogrunError } from '../contract/errors.ts';

/** A place in a file, and enough to know the file again. */
export interface FilePosition {
  /** Of the path that was configured: another path is another file, whatever is there. */
  readonly path: string;
  /** Inode; its device may be numbered anew by a restart of the machine and says nothing. */
  readonly ino: string;
  /** Bytes dealt with. */
  readonly offset: number;
  /** Number of the line that comes next, from 1. */
  readonly line: number;
  /** Inside a line that is too long: what is left of it is thrown away. */
  readonly skipping: boolean;
  /** Fingerprint of what stands before `offset`. */
  readonly print: string;
}

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

export function encodePosition(position: FilePosition): string {
  return JSON.stringify({ version, ...position });
}

/** Rejects what a newer fogrun wrote with `store-version`: to guess would be to read lines twice or never. */
export function decodePosition(source: string, text: string): FilePosition {
  const found = parse(text);
  if (found.version === version && isPosition(found)) return found;
  throw new FogrunError(
    'store-version',
    `the store keeps a position of ${source} that this fogrun cannot read (version ${Number(found.version)}, expected ${version})`,
    { advice: 'Run the version that wrote it, or give the actor another name to begin anew.' },
  );
}

function parse(text: string): Partial<FilePosition> & { version?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isPosition(value: Partial<FilePosition>): value is FilePosition {
  const { path, ino, offset, line, skipping, print } = value;
  return (
    [path, ino, print].every((text) => typeof text === 'string') &&
    [offset, line].every((count) => Number.isSafeInteger(count) && count! >= 0) &&
    typeof skipping === 'boolean'
  );
}
