/** Lines that come in chunks, cut anywhere: judged as soon as they are whole, in bounded memory. */
import { byteOrderMarkBytes, withoutByteOrderMark } from './byte-order-mark.ts';
import { type IntakeRules, type Taken, takeLines } from './intake.ts';
import { maybeCut, tooLong } from './refusal-reason.ts';

/** What became of the next lines of a source. */
export interface TakenLines extends Taken {
  /** Number of the first line judged. */
  readonly firstLine: number;
  /** Bytes of the source from where the lines before ended to where these end: newlines and what was thrown away included. */
  readonly sourceBytes: number;
}

const newline = 0x0a;
const zero = 0x30;
const nine = 0x39;

/**
 * Cuts one source's bytes into lines and judges them by `takeLines`. Where a chunk begins with a line, what is taken is
 * a view of the chunk; only torn lines are copied. Of a line that is too long no more is held than `lineBytesMax`: the
 * rest is thrown away as it comes, and the line is refused when it ends. A byte order mark before line 1 is passed over.
 */
export class LineIntake {
  readonly #rules: IntakeRules;
  #nextLine: number;
  /** The line that has no end yet: the first `#tornBytes` of `#torn`. */
  #torn = Buffer.alloc(0);
  #tornBytes = 0;
  /** Bytes of the line that is being thrown away; 0 when none is. */
  #thrownBytes = 0;

  /** @param firstLine number of the source's next line */
  constructor(rules: IntakeRules, firstLine: number = 1) {
    this.#rules = rules;
    this.#nextLine = firstLine;
  }

  /** Number of the line that comes next, or has begun to come. */
  get nextLine(): number {
    return this.#nextLine;
  }

  /** Bytes of the source that have come since the end of the last whole line. */
  get unfinishedBytes(): number {
    return this.#tornBytes + this.#thrownBytes;
  }

  /**
   * Judges the lines that the chunk completes, in order. The chunk must not be changed afterwards.
   * @param time ISO 8601 in UTC, for readings that are made by wrapping
   */
  push(chunk: Uint8Array, time: string): TakenLines[] {
    const taken: TakenLines[] = [];
    let rest = chunk;
    if (this.#thrownBytes > 0) {
      const end = rest.indexOf(newline) + 1;
      this.#thrownBytes += end > 0 ? end : rest.length;
      if (end === 0) return taken;
      taken.push(this.#refuse(this.#thrownBytes, tooLong(this.#rules.lineBytesMax)));
      rest = rest.subarray(end);
    }
    const wholeBytes = rest.lastIndexOf(newline) + 1;
    if (wholeBytes > 0) {
      const tornEnd = this.#tornBytes > 0 ? rest.indexOf(newline) + 1 : 0;
      this.#judge(Buffer.concat([this.#releaseTorn(), rest.subarray(0, tornEnd)]), time, taken);
      this.#judge(rest.subarray(tornEnd, wholeBytes), time, taken);
    }
    this.#hold(rest.subarray(wholeBytes));
    return taken;
  }

  /**
   * Judges what has no newline as the last line: the source is at its end. A next `push` begins a new line.
   * @param options `maybeCut`: the end may have come too early, so that a number is refused: its beginning is a number too,
   * as with no other JSON value
   */
  end(time: string, options: { maybeCut: boolean } = { maybeCut: false }): TakenLines[] {
    const taken: TakenLines[] = [];
    if (this.#thrownBytes > 0) taken.push(this.#refuse(this.#thrownBytes, tooLong(this.#rules.lineBytesMax)));
    const torn = this.#releaseTorn();
    const firstLine = this.#nextLine;
    this.#judge(torn, time, taken);
    if (!options.maybeCut || !endsWithDigit(torn) || taken.at(-1)?.count !== 1) return taken;
    this.#nextLine = firstLine;
    return [this.#refuse(torn.length, maybeCut)];
  }

  #judge(block: Uint8Array, time: string, taken: TakenLines[]): void {
    let rest = this.#nextLine === 1 ? withoutByteOrderMark(block) : block;
    let passedOver = block.length - rest.length;
    while (rest.length > 0) {
      const firstLine = this.#nextLine;
      const part = takeLines(rest, this.#rules, firstLine, time);
      this.#nextLine += part.linesRead;
      taken.push({ ...part, firstLine, sourceBytes: passedOver + part.bytesRead });
      passedOver = 0;
      rest = rest.subarray(part.bytesRead);
    }
  }

  /** The next line, which has come to `sourceBytes`. */
  #refuse(sourceBytes: number, reason: string): TakenLines {
    const line = this.#nextLine++;
    this.#thrownBytes = 0;
    return {
      ...{ lines: new Uint8Array(), count: 0, linesRead: 1, bytesRead: sourceBytes },
      ...{ refusals: [{ line, reason }], refused: 1 },
      ...{ firstLine: line, sourceBytes },
    };
  }

  #releaseTorn(): Buffer {
    const torn = this.#torn.subarray(0, this.#tornBytes);
    this.#torn = Buffer.alloc(0);
    this.#tornBytes = 0;
    return torn;
  }

  #hold(piece: Uint8Array): void {
    const bytes = this.#tornBytes + piece.length;
    // One byte more may be the carriage return of the line's end.
    const markBytes = this.#nextLine === 1 ? byteOrderMarkBytes : 0;
    if (bytes > this.#rules.lineBytesMax + 1 + markBytes) {
      this.#thrownBytes = bytes;
      this.#releaseTorn();
      return;
    }
    if (bytes > this.#torn.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#torn.length));
      larger.set(this.#torn.subarray(0, this.#tornBytes));
      this.#torn = larger;
    }
    this.#torn.set(piece, this.#tornBytes);
    this.#tornBytes = bytes;
  }
}

function endsWithDigit(bytes: Uint8Array): boolean {
  const last = bytes.at(-1) ?? newline;
  return last >= zero && last <= nine;
}
