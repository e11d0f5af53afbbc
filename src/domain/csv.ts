/**
 * Rows of a CSV file as RFC 4180 has them: fields in quotes may hold the delimiter, line breaks, and quotes written twice.
 * Lines may end in LF too, and the last one in nothing.
 */

export interface CsvRow {
  readonly fields: readonly string[];
}

/** What begins at a place in a file. */
export type CsvNext =
  | { readonly found: 'row'; readonly row: CsvRow; readonly bytes: number; readonly lines: number }
  /** Passed over: its bytes go up to the next line break after its beginning. */
  | { readonly found: 'wrong'; readonly reason: string; readonly bytes: number; readonly lines: number }
  /** An empty line. */
  | { readonly found: 'nothing'; readonly bytes: number; readonly lines: number }
  /** More bytes are needed to tell. */
  | { readonly found: 'cut' };

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the row that begins at `start`.
 * @param isLast whether nothing comes after `bytes`
 * @param delimiter a single byte
 * @param rowBytesMax longer rows are `wrong`
 */
export function readRow(
  bytes: Uint8Array,
  start: number,
  isLast: boolean,
  delimiter: number,
  rowBytesMax: number,
): CsvNext {
  const fields: string[] = [];
  let at = start;
  let lines = 1;
  const passOver = (reason: string): CsvNext => {
    const end = bytes.indexOf(lineFeed, start) + 1;
    if (end > 0) return { found: 'wrong', reason, bytes: end - start, lines: 1 };
    if (isLast || bytes.length - start > rowBytesMax) {
      return { found: 'wrong', reason, bytes: bytes.length - start, lines: isLast ? 1 : 0 };
    }
    return { found: 'cut' };
  };
  for (;;) {
    const field = bytes[at] === quote ? quoted(bytes, at) : bare(bytes, at, delimiter);
    if (field.end - start > rowBytesMax) return passOver(`is longer than ${rowBytesMax} bytes`);
    if (field.end >= bytes.length && !isLast) return { found: 'cut' };
    if (field.wrong) return passOver(field.wrong);
    lines += field.breaks;
    try {
      fields.push(
        utf8.decode(bytes.subarray(field.from, field.to)).replaceAll(field.isQuoted ? '""' : '\0\0', '"'),
      );
    } catch {
      return passOver('is not valid UTF-8');
    }
    at = field.end;
    if (bytes[at] === delimiter) {
      at += 1;
      if (at >= bytes.length && !isLast) return { found: 'cut' };
      continue;
    }
    // A carriage return at the very end may be half of a line break.
    if (bytes[at] === carriageReturn && bytes[at + 1] !== lineFeed && !(isLast && at + 1 === bytes.length)) {
      if (at + 1 >= bytes.length) return { found: 'cut' };
      return passOver('has text after a closing quote');
    }
    if (bytes[at] === carriageReturn) at += 1;
    if (at < bytes.length && bytes[at] !== lineFeed) return passOver('has text after a closing quote');
    const end = Math.min(at + 1, bytes.length);
    const isEmpty = fields.length === 1 && fields[0] === '' && !field.isQuoted;
    if (isEmpty) return { found: 'nothing', bytes: end - start, lines };
    return { found: 'row', row: { fields }, bytes: end - start, lines };
  }
}

interface Field {
  readonly from: number;
  readonly to: number;
  /** Where the delimiter, the line break, or the end of the bytes is. */
  readonly end: number;
  readonly breaks: number;
  readonly isQuoted: boolean;
  readonly wrong?: string;
}

function bare(bytes: Uint8Array, from: number, delimiter: number): Field {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === delimiter || byte === lineFeed) break;
    if (byte === carriageReturn && (bytes[at + 1] === lineFeed || at + 1 === bytes.length)) break;
    if (byte === quote) {
      const wrong = 'has a quote within a field that does not begin with one';
      return { from, to: at, end: at, breaks: 0, isQuoted: false, wrong };
    }
  }
  return { from, to: at, end: at, breaks: 0, isQuoted: false };
}

function quoted(bytes: Uint8Array, opening: number): Field {
  const from = opening + 1;
  let breaks = 0;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === lineFeed) breaks += 1;
    if (bytes[at] !== quote) continue;
    if (bytes[at + 1] !== quote) return { from, to: at, end: at + 1, breaks, isQuoted: true };
    at += 1;
  }
  const wrong = 'has a quote that is never closed';
  return { from, to: bytes.length, end: bytes.length, breaks, isQuoted: true, wrong };
}
