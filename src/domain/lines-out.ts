/** Puts together what a block of lines becomes: a view of the block as long as nothing has to change, else a copy. */
import type { JsonScanner } from './json-scan.ts';

/** What goes before and after a value that becomes a reading; the newline included. */
export interface Wrapping {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

const tab = 0x09;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const del = 0x7f;
const escapedDel = Buffer.from('\\u007f');

const nothing: Wrapping = { before: new Uint8Array(), after: Buffer.of(newline) };

/** Lines of one block, as it gives them out. */
export class LinesOut {
  count = 0;
  readonly #block: Uint8Array;
  readonly #wrapping: Wrapping;
  /** Lines that stand one after the other in the block and are to be given out as they stand. */
  #runStart = 0;
  #runEnd = 0;
  /** What was given out before the run; empty as long as the run is all there is. */
  #copied = Buffer.alloc(0);
  #copiedBytes = 0;

  constructor(block: Uint8Array, wrapping: Wrapping) {
    this.#block = block;
    this.#wrapping = wrapping;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#copiedBytes + this.#runEnd - this.#runStart;
  }

  /** Most bytes that the value the scanner has just read will have as a line. */
  costOf(scanner: JsonScanner, asReading: boolean): number {
    const { before, after } = asReading ? nothing : this.#wrapping;
    const length = scanner.end - scanner.begin;
    return before.length + after.length + (scanner.unclean ? length * escapedDel.length : length);
  }

  /**
   * Takes the value that the scanner has just read.
   * @param start where its line begins
   * @param end where the line's newline is
   */
  add(scanner: JsonScanner, asReading: boolean, start: number, end: number): void {
    this.count++;
    if (asReading && !scanner.unclean && scanner.begin === start && scanner.end === end) {
      if (this.#runEnd !== start) this.#closeRun(start);
      this.#runEnd = end + 1;
      return;
    }
    this.#closeRun(end + 1);
    this.#makeRoom(this.costOf(scanner, asReading));
    const { before, after } = asReading ? nothing : this.#wrapping;
    this.#put(before);
    const value = this.#block.subarray(scanner.begin, scanner.end);
    if (scanner.unclean) this.#putClean(value);
    else this.#put(value);
    this.#put(after);
  }

  /** All lines. They never keep memory from being freed that is more than twice as large as they are. */
  finish(): Uint8Array {
    if (this.#copiedBytes > 0) this.#closeRun(0);
    const lines =
      this.#copiedBytes > 0
        ? this.#copied.subarray(0, this.#copiedBytes)
        : this.#block.subarray(this.#runStart, this.#runEnd);
    return lines.buffer.byteLength <= 2 * lines.length ? lines : Buffer.from(new Uint8Array(lines).buffer);
  }

  /** Puts the run with what was copied; a new one may begin at `start`. */
  #closeRun(start: number): void {
    if (this.#runEnd > this.#runStart) {
      this.#makeRoom(this.#runEnd - this.#runStart);
      this.#put(this.#block.subarray(this.#runStart, this.#runEnd));
    }
    this.#runStart = start;
    this.#runEnd = start;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#copiedBytes + bytes;
    if (needed <= this.#copied.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#copied.length, this.#block.length));
    larger.set(this.#copied.subarray(0, this.#copiedBytes));
    this.#copied = larger;
  }

  #put(bytes: Uint8Array): void {
    this.#copied.set(bytes, this.#copiedBytes);
    this.#copiedBytes += bytes.length;
  }

  /** The scanner has seen that tabs and carriage returns stand between tokens only, and DEL within texts only. */
  #putClean(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === del) this.#put(escapedDel);
      else this.#copied[this.#copiedBytes++] = byte === tab || byte === carriageReturn ? space : byte;
    }
  }
}
