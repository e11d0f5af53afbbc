/** A CSV file read row by row from a place on. */
import { FogrunError } from '../contract/errors.ts';
import { withoutByteOrderMark } from '../domain/byte-order-mark.ts';
import { type CsvNext, readRow } from '../domain/csv.ts';
import { fingerprint, printedBytesMax } from './file-position.ts';
import type { OpenFile } from './source-files.ts';

export interface CsvPlace {
  /** Bytes dealt with; a row begins here. */
  readonly offset: number;
  /** Number of the line that begins here, from 1. */
  readonly line: number;
  /** Fingerprint of what stands before `offset`. */
  readonly print: string;
}

export const csvStart: CsvPlace = { offset: 0, line: 1, print: fingerprint(new Uint8Array()) };

export type CsvRead = Exclude<CsvNext, { found: 'cut' }> | { readonly found: 'end' };

/** Where a row begins. */
export type RowBegin = Pick<CsvPlace, 'offset' | 'line'>;

const readBytesMax = 64 * 1_024;
const lineFeed = 0x0a;

export class CsvFile {
  readonly #file: OpenFile;
  readonly #delimiter: number;
  readonly #rowBytesMax: number;
  /** From `#at` on not dealt with yet; before it, what the fingerprint of a place is made of. */
  #buffer = Buffer.alloc(0);
  #at = 0;
  /** Where in the file the buffer ends. */
  #readTo = 0;
  #isLast = false;
  #offset = 0;
  #line = 1;

  constructor(file: OpenFile, delimiter: number, rowBytesMax: number) {
    this.#file = file;
    this.#delimiter = delimiter;
    this.#rowBytesMax = rowBytesMax;
  }

  /** False when what stands before the place is not what stood there. */
  async goTo(place: CsvPlace): Promise<boolean> {
    const before = await this.#before(place.offset);
    if (before === null || fingerprint(before) !== place.print) return false;
    this.#offset = place.offset;
    this.#line = place.line;
    this.#readTo = place.offset;
    this.#buffer = before;
    this.#at = before.length;
    this.#isLast = false;
    return true;
  }

  /** Where the next row begins. */
  get begin(): RowBegin {
    return { offset: this.#offset, line: this.#line };
  }

  /**
   * A place to come back to, known by what was read before it: the file may hold something else by now.
   * @param begin of the last row, or of the next
   */
  place(begin: RowBegin = this.begin): CsvPlace {
    const at = this.#at - (this.#offset - begin.offset);
    const before = this.#buffer.subarray(Math.max(0, at - printedBytesMax), at);
    return { ...begin, print: fingerprint(before) };
  }

  async next(): Promise<CsvRead> {
    for (;;) {
      const left = this.#buffer.length - this.#at;
      if (left === 0 && this.#isLast) return { found: 'end' };
      const next: CsvNext =
        left === 0
          ? { found: 'cut' }
          : readRow(this.#buffer, this.#at, this.#isLast, this.#delimiter, this.#rowBytesMax);
      if (next.found !== 'cut') {
        this.#at += next.bytes;
        this.#offset += next.bytes;
        this.#line += next.lines;
        // Longer than what is looked at for its end.
        if (next.lines === 0) await this.#skipLine();
        return next;
      }
      await this.#readOn();
    }
  }

  async #skipLine(): Promise<void> {
    for (;;) {
      const end = this.#buffer.indexOf(lineFeed, this.#at) + 1;
      const to = end > 0 ? end : this.#buffer.length;
      this.#offset += to - this.#at;
      this.#at = to;
      if (end > 0 || this.#isLast) break;
      await this.#readOn();
    }
    this.#line += 1;
  }

  /** Rejects with `file-unreadable` when what was read last stands there no more: rows would be put together of two files. */
  async #readOn(): Promise<void> {
    const known = this.#buffer.subarray(-printedBytesMax);
    const bytes = Buffer.allocUnsafe(known.length + readBytesMax);
    const length = await this.#file.read(bytes, this.#readTo - known.length);
    if (!bytes.subarray(0, Math.min(length, known.length)).equals(known)) {
      throw changedWhileRead();
    }
    const fresh = bytes.subarray(known.length, length);
    const isStart = this.#readTo === 0;
    this.#readTo += fresh.length;
    this.#isLast = fresh.length < readBytesMax;
    const from = Math.max(0, this.#at - printedBytesMax);
    this.#buffer = Buffer.concat([this.#buffer.subarray(from), fresh]);
    this.#at -= from;
    if (!isStart) return;
    this.#at = fresh.length - withoutByteOrderMark(fresh).length;
    this.#offset = this.#at;
  }

  /** `null` when the file does not reach so far. */
  async #before(offset: number): Promise<Buffer<ArrayBuffer> | null> {
    const wanted = Math.min(offset, printedBytesMax);
    const bytes = Buffer.allocUnsafe(wanted);
    const length = await this.#file.read(bytes, offset - wanted);
    return length === wanted ? bytes : null;
  }
}

export function changedWhileRead(): FogrunError {
  return new FogrunError('file-unreadable', 'the file was changed while it was read', {
    advice:
      'It is opened anew. Put another file in its place by renaming it, rather than by writing over it.',
  });
}

const version = 1;

/** As the store keeps it; `path` is a mark, see `pathMark`. */
export function encodePlace(path: string, { offset, line, print }: CsvPlace): string {
  return JSON.stringify({ version, csv: path, offset, line, print });
}

/** `null` for what was read at another path, `undefined` for what this fogrun cannot read. */
export function decodePlace(path: string, text: string): CsvPlace | null | undefined {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { version: written, csv, offset, line, print } = found;
  if (written !== version || typeof csv !== 'string' || typeof print !== 'string') return undefined;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(line)) return undefined;
  return csv === path ? { offset: offset as number, line: line as number, print } : null;
}
