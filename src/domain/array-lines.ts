/** A JSON text that is one array becomes lines: one line for each of its items. */

/** Lines, or what is wrong with the text as a whole: a clause for a person, places counted in bytes from 1. */
export type ArrayLines = { readonly lines: Uint8Array } | { readonly complaint: string };

const newline = 0x0a;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const openingBracket = 0x5b;
const backslash = 0x5c;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

const isSpace = new Uint8Array(256);
for (const byte of [space, 0x09, newline, 0x0d]) isSpace[byte] = 1;

/**
 * The items of a top-level array as NDJSON, item i as line i; any other value as one line. Nothing is decoded: bytes stay as
 * they are, but that newlines between tokens become spaces. Only what holds the array together is looked at, in one pass
 * whatever the nesting; whether each item is right is for `takeLines` to say.
 * @param body UTF-8; it is copied, not changed
 */
export function arrayToLines(body: Uint8Array): ArrayLines {
  const bytes = Buffer.allocUnsafe(body.length + 1);
  bytes.set(body);
  bytes[body.length] = newline;
  let start = 0;
  while (start < body.length && isSpace[bytes[start]!] === 1) start++;
  if (start === body.length) return { complaint: 'is empty: expected a JSON array, or one value' };
  return bytes[start] === openingBracket ? linesOfItems(bytes, start + 1) : lineOfValue(bytes, start);
}

/** @param start where the value begins; the byte after the text is the newline that ends its line */
function lineOfValue(bytes: Buffer, start: number): ArrayLines {
  for (let at = start; at < bytes.length - 1; at++) {
    if (bytes[at] === newline) bytes[at] = space;
    if (bytes[at] !== quote) continue;
    const end = endOfString(bytes, at);
    if (bytes[end] !== quote) return brokenString(bytes, at, end);
    at = end;
  }
  return { lines: bytes.subarray(start) };
}

/** @param start where the first item may begin: after the opening bracket */
function linesOfItems(bytes: Buffer, start: number): ArrayLines {
  let depth = 1;
  let isValueDue = true;
  let items = 0;
  for (let at = start; at < bytes.length - 1; at++) {
    const byte = bytes[at]!;
    if (isSpace[byte] === 1) {
      if (byte === newline) bytes[at] = space;
      continue;
    }
    const isClosing = byte === closingBracket || byte === closingBrace;
    if (depth === 1 && (byte === comma || isClosing)) {
      if (byte === closingBrace) return expected('`,` or `]`', at);
      if (isValueDue && (byte === comma || items > 0)) return expected('a value', at);
      if (!isValueDue) bytes[at] = newline;
      if (isClosing)
        return nothingAfter(bytes, at) ?? { lines: bytes.subarray(start, isValueDue ? start : at + 1) };
      isValueDue = true;
      continue;
    }
    if (isValueDue) items++;
    isValueDue = false;
    if (byte === openingBracket || byte === openingBrace) depth++;
    else if (isClosing) depth--;
    else if (byte === quote) {
      const end = endOfString(bytes, at);
      if (bytes[end] !== quote) return brokenString(bytes, at, end);
      at = end;
    }
  }
  return { complaint: 'is not JSON: it ends within the array' };
}

/** The string's closing quote, or the newline before which there is none. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (bytes[at] !== quote && bytes[at] !== newline)
    at += bytes[at] === backslash && bytes[at + 1] !== newline ? 2 : 1;
  return at;
}

function brokenString(bytes: Buffer, start: number, end: number): ArrayLines {
  return end === bytes.length - 1
    ? { complaint: `is not JSON: it ends within the text that begins at byte ${start + 1}` }
    : {
        complaint: `is not JSON: the newline at byte ${end + 1} stands within a text, where it must be written as \\n`,
      };
}

function nothingAfter(bytes: Buffer, end: number): ArrayLines | null {
  for (let at = end + 1; at < bytes.length - 1; at++) {
    if (isSpace[bytes[at]!] !== 1) return expected('nothing after the array', at);
  }
  return null;
}

function expected(what: string, at: number): ArrayLines {
  return { complaint: `is not JSON: expected ${what} at byte ${at + 1}` };
}
