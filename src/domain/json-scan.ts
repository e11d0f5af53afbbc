/**
 * Reads JSON (RFC 8259) where it stands in a buffer: says whether it is right and where the members of its object are,
 * and builds nothing. What the members mean is the caller's business.
 */
import { MemberPlaces } from './member-places.ts';

/** What is wrong with a text, and at which byte of the buffer. */
export type JsonFlaw =
  | { readonly type: 'syntax'; readonly at: number; readonly expected: string }
  /** A control character as it stands within a string. */
  | { readonly type: 'control'; readonly at: number }
  | { readonly type: 'depth'; readonly at: number }
  /** A number such as 1e400, or one of the words that JSON does not know: NaN, Infinity. */
  | { readonly type: 'finite'; readonly at: number; readonly text: string };

/** The scanner calls itself for each level of nesting: what it is asked for at most. */
export const depthLimit = 1_000;

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const letterI = 0x49;
const letterN = 0x4e;
const letterE = 0x65;
const letterU = 0x75;
const del = 0x7f;

/** Bytes at which a string stops being plain: its end, an escape, a control character, DEL. */
const stopsString = new Uint8Array(256).fill(1, 0, 0x20);
for (const byte of [quote, backslash, del]) stopsString[byte] = 1;

const isDigit = new Uint8Array(256).fill(1, zero, zero + 10);

const isHex = new Uint8Array(256)
  .fill(1, zero, zero + 10)
  .fill(1, 0x41, 0x47)
  .fill(1, 0x61, 0x67);

const isEscape = new Uint8Array(256);
for (const letter of '"\\/bfnrt') isEscape[letter.charCodeAt(0)] = 1;

const isSpace = new Uint8Array(256);
for (const byte of [0x20, 0x09, carriageReturn]) isSpace[byte] = 1;

/** Digits of a number that may be too large for a double without having an exponent. */
const plainDigitsMax = 300;

/**
 * One scanner serves many texts, one after the other. A text must be followed by a newline, beyond which the
 * scanner never reads: it is what makes the loops stop without asking for the end at every byte.
 */
export class JsonScanner {
  /** Members of the outermost object, when the text is one. Valid until the next `scan`. */
  readonly members: MemberPlaces = new MemberPlaces();
  /** Where the value of the text begins and ends, without the spaces around it. */
  begin = 0;
  end = 0;
  /** True when there is a tab, a carriage return or a DEL within the value: right, but not to be passed on as it stands. */
  unclean = false;
  /** True when the text is nothing but spaces: then `scan` gives -1 and `flaw` means nothing. */
  isEmpty = false;
  /** What is wrong, after `scan` gave -1. */
  flaw: JsonFlaw = { type: 'syntax', at: 0, expected: 'a value' };

  readonly #depthMax: number;
  readonly #finiteOnly: boolean;
  #bytes: Uint8Array = new Uint8Array();
  /** Set by a string that has an escape. */
  #escaped = false;

  /**
   * @param depthMax most arrays and objects within each other, up to `depthLimit`
   * @param options `finiteOnly`: numbers such as 1e400 are not right
   */
  constructor(depthMax: number, { finiteOnly }: { finiteOnly: boolean }) {
    this.#depthMax = Math.min(depthMax, depthLimit);
    this.#finiteOnly = finiteOnly;
  }

  /**
   * Reads one line.
   * @param bytes the line and, at its end, a newline
   * @param start its first byte
   * @returns where its newline is; -1 when it is not right: see `flaw`
   */
  scan(bytes: Uint8Array, start: number): number {
    this.#bytes = bytes;
    this.members.clear(bytes);
    this.begin = this.#spaces(start);
    this.isEmpty = bytes[this.begin] === newline;
    if (this.isEmpty) return -1;
    this.unclean = false;
    this.end = this.#value(this.begin, 1);
    if (this.end < 0) return -1;
    const { unclean } = this;
    const last = this.#spaces(this.end);
    this.unclean = unclean;
    return bytes[last] === newline ? last : this.#expected(last, 'the end of the line');
  }

  #expected(at: number, expected: string): -1 {
    this.flaw = { type: 'syntax', at, expected };
    return -1;
  }

  #spaces(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    for (; isSpace[bytes[at]!] === 1; at++) if (bytes[at] !== 0x20) this.unclean = true;
    return at;
  }

  /** @param depth level that an array or object would have here, from 1 */
  #value(at: number, depth: number): number {
    switch (this.#bytes[at]) {
      case quote:
        return this.#string(at);
      case 0x7b:
        return this.#object(at, depth);
      case 0x5b:
        return this.#array(at, depth);
      case 0x74:
        return this.#word(at, 'true');
      case 0x66:
        return this.#word(at, 'false');
      case 0x6e:
        return this.#word(at, 'null');
      default:
        return this.#number(at);
    }
  }

  #object(start: number, depth: number): number {
    if (depth > this.#depthMax) return this.#tooDeep(start);
    const bytes = this.#bytes;
    let at = this.#spaces(start + 1);
    if (bytes[at] === 0x7d) return at + 1;
    for (;;) {
      if (bytes[at] !== quote) return this.#expected(at, 'a name in double quotes');
      const key = at;
      this.#escaped = false;
      const keyEnd = this.#string(key);
      if (keyEnd < 0) return -1;
      if (depth === 1 && this.#escaped) this.members.escapedKey = true;
      // Most JSON has no spaces between its tokens: to ask first is faster than to call.
      at = bytes[keyEnd] === colon ? keyEnd : this.#spaces(keyEnd);
      if (bytes[at] !== colon) return this.#expected(at, '`:`');
      const value = bytes[at + 1]! > space ? at + 1 : this.#spaces(at + 1);
      at = this.#value(value, depth + 1);
      if (at < 0) return -1;
      if (depth === 1) this.members.add(key + 1, keyEnd - 1, value, at);
      if (bytes[at]! <= space) at = this.#spaces(at);
      if (bytes[at] === 0x7d) return at + 1;
      if (bytes[at] !== comma) return this.#expected(at, '`,` or `}`');
      at = bytes[at + 1]! > space ? at + 1 : this.#spaces(at + 1);
    }
  }

  #array(start: number, depth: number): number {
    if (depth > this.#depthMax) return this.#tooDeep(start);
    const bytes = this.#bytes;
    let at = this.#spaces(start + 1);
    if (bytes[at] === 0x5d) return at + 1;
    for (;;) {
      at = this.#value(at, depth + 1);
      if (at < 0) return -1;
      at = this.#spaces(at);
      if (bytes[at] === 0x5d) return at + 1;
      if (bytes[at] !== comma) return this.#expected(at, '`,` or `]`');
      at = this.#spaces(at + 1);
    }
  }

  #tooDeep(at: number): -1 {
    this.flaw = { type: 'depth', at };
    return -1;
  }

  #string(start: number): number {
    const bytes = this.#bytes;
    let at = start + 1;
    for (;;) {
      while (stopsString[bytes[at]!] === 0) at++;
      const byte = bytes[at]!;
      if (byte === quote) return at + 1;
      if (byte === backslash) {
        at = this.#escape(at + 1);
        if (at < 0) return -1;
      } else if (byte === del) {
        this.unclean = true;
        at++;
      } else if (byte === newline || (byte === carriageReturn && bytes[at + 1] === newline)) {
        return this.#expected(at, '`"`');
      } else {
        this.flaw = { type: 'control', at };
        return -1;
      }
    }
  }

  /** @param at where the letter after the backslash is */
  #escape(at: number): number {
    const bytes = this.#bytes;
    this.#escaped = true;
    if (isEscape[bytes[at]!] === 1) return at + 1;
    if (bytes[at] !== letterU) return this.#expected(at, 'an escape that JSON knows');
    for (let digit = at + 1; digit <= at + 4; digit++) {
      if (isHex[bytes[digit]!] !== 1) return this.#expected(digit, 'a hexadecimal digit');
    }
    return at + 5;
  }

  #digits(start: number): number {
    const bytes = this.#bytes;
    if (isDigit[bytes[start]!] !== 1) return this.#expected(start, 'a digit');
    let at = start + 1;
    while (isDigit[bytes[at]!] === 1) at++;
    return at;
  }

  #number(start: number): number {
    const bytes = this.#bytes;
    const first = bytes[start] === minus ? start + 1 : start;
    if (isDigit[bytes[first]!] !== 1) return this.#noNumber(start, first);
    let at = bytes[first] === zero ? first + 1 : this.#digits(first);
    if (bytes[at] === point) {
      at = this.#digits(at + 1);
      if (at < 0) return -1;
    }
    if ((bytes[at]! | 0x20) === letterE) {
      const sign = bytes[at + 1];
      at = this.#digits(sign === minus || sign === 0x2b ? at + 2 : at + 1);
      if (at < 0) return -1;
    } else if (at - first < plainDigitsMax) {
      return at;
    }
    if (!this.#finiteOnly) return at;
    const text = this.#text(start, at);
    return Number.isFinite(Number(text)) ? at : this.#notFinite(start, text);
  }

  /** @param first where a value's first byte, or the first digit after a minus, should be */
  #noNumber(start: number, first: number): -1 {
    const word = this.#bytes[first] === letterI ? 'Infinity' : this.#bytes[first] === letterN ? 'NaN' : '';
    const end = first + word.length;
    if (word !== '' && this.#text(first, end) === word) return this.#notFinite(start, this.#text(start, end));
    return this.#expected(first, first === start ? 'a value' : 'a digit');
  }

  #notFinite(at: number, text: string): -1 {
    this.flaw = { type: 'finite', at, text };
    return -1;
  }

  #word(start: number, word: string): number {
    const bytes = this.#bytes;
    for (let i = 1; i < word.length; i++) {
      if (bytes[start + i] !== word.charCodeAt(i)) return this.#expected(start, `\`${word}\``);
    }
    return start + word.length;
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#bytes.subarray(start, end)).toString('latin1');
  }
}
