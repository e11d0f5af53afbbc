/** Reads one open file in blocks of whole lines, from a place on, and notices when it is no longer the same. */
import { byteOrderMarkBytes, withoutByteOrderMark } from '../domain/byte-order-mark.ts';
import { fingerprint, printedBytesMax } from './file-position.ts';
import type { FileFacts, OpenFile } from './source-files.ts';

const newline = 0x0a;

/** A place in a file. */
export interface Place {
  /** Bytes dealt with. */
  readonly offset: number;
  /** Number of the line that comes next, from 1. */
  readonly line: number;
  /** Inside a line that is too long, whose rest is thrown away. */
  readonly skipping: boolean;
}

export const fileStart: Place = { offset: 0, line: 1, skipping: false };

/** The end of a file. Of a line that is not finished there only the rest will come: it is thrown away. */
export async function endOf(file: OpenFile, { size }: FileFacts): Promise<Place> {
  const last = new Uint8Array(1);
  const isEmpty = size === 0 || (await file.read(last, size - 1)) === 0;
  return { offset: size, line: 1, skipping: !isEmpty && last[0] !== newline };
}

/** What the next read gave. */
export type Next =
  /**
   * Whole lines, or at the end of a file that is finished also the last one without its newline. The place stays before
   * them until `advance`.
   */
  | { readonly found: 'lines'; readonly bytes: Uint8Array }
  /** A line that is longer than the limit began, or went on, or ended. */
  | { readonly found: 'tooLong'; readonly line: number; readonly begins: boolean }
  /** The file begins with so many zero bytes that nobody wrote; what follows them comes next. */
  | { readonly found: 'hole'; readonly offset: number; readonly bytes: number }
  /** Nothing yet; `unread` bytes of an unfinished line wait for their newline. */
  | { readonly found: 'end'; readonly unread: number }
  /** What stood before the place is gone: truncated, or written anew. `unreadMin` bytes at least were never read. */
  | { readonly found: 'changed'; readonly unreadMin: number };

export interface LineReaderOptions {
  /** Most bytes read at once. */
  readonly readBytesMax: number;
  /** Longest line without its end, `\n` or `\r\n`. */
  readonly lineBytesMax: number;
}

export class LineReader {
  readonly #file: OpenFile;
  readonly #readBytesMax: number;
  /** With a `\r` that may belong to its end. */
  readonly #lineBytesMax: number;
  #place: Place;
  /** The bytes before the place, up to `printedBytesMax`: read again with each block, they show that the file is the same. */
  #before: Uint8Array;
  /** As of the last read that found nothing to take. */
  #seen: FileFacts | undefined;
  /** Largest size it was seen with. */
  #sizeMax = 0;
  /** Bytes after the place when it was last looked at. */
  #behind = 0;

  private constructor(file: OpenFile, options: LineReaderOptions, place: Place, before: Uint8Array) {
    this.#file = file;
    this.#lineBytesMax = options.lineBytesMax + 1;
    // So that a line which is too long is always seen to be.
    this.#readBytesMax = Math.max(options.readBytesMax, this.#lineBytesMax + 1);
    this.#place = place;
    this.#before = before;
  }

  /** @param print what stood before the place when it was left; a reader that finds something else is `undefined` */
  static async at(
    file: OpenFile,
    options: LineReaderOptions,
    place: Place,
    print?: string,
  ): Promise<LineReader | undefined> {
    const before = Buffer.allocUnsafe(Math.min(place.offset, printedBytesMax));
    const length = await file.read(before, place.offset - before.length);
    const same = length === before.length && (print === undefined || fingerprint(before) === print);
    return same ? new LineReader(file, options, place, before) : undefined;
  }

  get place(): Place {
    return this.#place;
  }

  /** Fingerprint of what stands before the place. */
  get print(): string {
    return fingerprint(this.#before);
  }

  /** Whether more waits than is read at once. */
  get isBehind(): boolean {
    return this.#behind > this.#readBytesMax;
  }

  /** @param finished no more will come: the last line ends with the file */
  async next(finished: boolean): Promise<Next> {
    const facts = await this.#file.facts();
    const { offset } = this.#place;
    const sizeBefore = this.#sizeMax;
    this.#sizeMax = Math.max(sizeBefore, facts.size);
    this.#behind = facts.size - offset;
    if (this.#behind < 0) return { found: 'changed', unreadMin: Math.max(0, sizeBefore - offset) };
    const unchanged = this.#seen?.size === facts.size && this.#seen.changed === facts.changed;
    if (unchanged && (!finished || this.#behind === 0)) return { found: 'end', unread: this.#behind };
    const overlap = this.#before.length;
    const wanted = Math.min(this.#behind, this.#readBytesMax);
    const buffer = Buffer.allocUnsafe(overlap + wanted);
    const length = await this.#file.read(buffer, offset - overlap);
    if (!buffer.subarray(0, Math.min(length, overlap)).equals(this.#before)) {
      return { found: 'changed', unreadMin: Math.max(0, sizeBefore - offset) };
    }
    const fresh = this.#withoutByteOrderMark(buffer.subarray(overlap, length));
    const next = this.#cut(fresh, finished && fresh.length === this.#behind);
    if (next.found === 'end') this.#seen = facts;
    return next;
  }

  /** What a read brought, up to its last newline. */
  #cut(fresh: Buffer, isLast: boolean): Next {
    const { offset, line, skipping } = this.#place;
    if (fresh.length === 0) return { found: 'end', unread: 0 };
    const zeros = this.#leadingZeros(fresh);
    if (zeros > 0) {
      this.#move(fresh.subarray(0, zeros), {});
      return { found: 'hole', offset, bytes: zeros };
    }
    if (skipping) {
      const end = fresh.indexOf(newline) + 1;
      if (end > 0) this.#move(fresh.subarray(0, end), { line: line + 1, skipping: false });
      else this.#move(fresh, {});
      return { found: 'tooLong', line, begins: false };
    }
    const end = isLast ? fresh.length : fresh.lastIndexOf(newline) + 1;
    if (end > 0) return { found: 'lines', bytes: fresh.subarray(0, end) };
    if (fresh.length <= this.#lineBytesMax) return { found: 'end', unread: fresh.length };
    this.#move(fresh, { skipping: true });
    return { found: 'tooLong', line, begins: true };
  }

  #withoutByteOrderMark(fresh: Buffer): Buffer {
    if (this.#place.offset > 0) return fresh;
    const text = withoutByteOrderMark(fresh);
    if (text !== fresh) this.#move(fresh.subarray(0, byteOrderMarkBytes), {});
    return text;
  }

  /**
   * Zero bytes before the first line, as a writer leaves them that does not append and goes on where it was in a file
   * that was truncated. Nothing but zeros up to the end of the file may be room that is still to be written to.
   */
  #leadingZeros(fresh: Buffer): number {
    if (fresh[0] !== 0 || this.#place.line > 1 || this.#before.some((byte) => byte !== 0)) return 0;
    const end = fresh.findIndex((byte) => byte !== 0);
    if (end >= 0) return end;
    return fresh.length < this.#behind ? fresh.length : 0;
  }

  /** Moves the place over bytes that `next` gave, from their start on, and the lines that are in them. */
  advance(bytes: Uint8Array, lines: number): void {
    this.#move(bytes, { line: this.#place.line + lines });
  }

  #move(bytes: Uint8Array, change: Partial<Place>): void {
    this.#place = { ...this.#place, offset: this.#place.offset + bytes.length, ...change };
    this.#before = Buffer.concat([this.#before, bytes.subarray(-printedBytesMax)]).subarray(-printedBytesMax);
    this.#behind -= bytes.length;
  }
}
