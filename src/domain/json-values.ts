/** Values of JSON decoded where they stand: what is usual without making a text first, the rest by the language's own means. */

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const letterT = 0x54;
const letterZ = 0x5a;

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** So many decimal digits are exact in a double, and so is their quotient by a power of ten of as many digits. */
const exactDigitsMax = 15;
const powersOfTen = Array.from({ length: exactDigitsMax + 1 }, (_, exponent) => 10 ** exponent);

/** The number that stands from `start` to `end`, as JSON.parse would give it. */
export function numberAt(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] === minus ? start + 1 : start;
  if (end - first > exactDigitsMax) return Number(bytes.toString('latin1', start, end));
  let digits = 0;
  let decimals = 0;
  for (let at = first; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === point) decimals = end - at - 1;
    else if (isDigit(byte)) digits = 10 * digits + (byte - zero);
    else return Number(bytes.toString('latin1', start, end));
  }
  const size = digits / powersOfTen[decimals]!;
  return first === start ? size : -size;
}

/** Decodes moments; remembers the day it saw last, for readings come in the order of time. */
export class TimeDecoder {
  #day = Buffer.alloc(0);
  #dayMs = 0;

  /**
   * The moment that the string from `start` to `end`, quotes included, names.
   * @returns ms since 1970; NaN when it names none
   */
  decode(bytes: Buffer, start: number, end: number): number {
    const length = end - start - 2;
    const isUsual =
      (length === '2030-01-01T00:00:00Z'.length || length === '2030-01-01T00:00:00.000Z'.length) &&
      bytes[start + 11] === letterT &&
      bytes[start + 14] === colon &&
      bytes[start + 17] === colon &&
      bytes[end - 2] === letterZ;
    const ms = isUsual ? this.#usual(bytes, start + 1, length) : Number.NaN;
    return Number.isNaN(ms) ? Date.parse(JSON.parse(bytes.toString('utf8', start, end))) : ms;
  }

  /** NaN when there is something unusual after all. */
  #usual(bytes: Buffer, start: number, length: number): number {
    const hours = twoDigits(bytes, start + 11);
    const minutes = twoDigits(bytes, start + 14);
    const seconds = twoDigits(bytes, start + 17);
    if (!(hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN;
    const sinceMidnight = hours * hourMs + minutes * minuteMs + seconds * secondMs;
    return this.#midnight(bytes, start) + sinceMidnight + (length > 20 ? milliseconds(bytes, start + 19) : 0);
  }

  #midnight(bytes: Buffer, start: number): number {
    const day = this.#day;
    let same = 0;
    while (same < day.length && bytes[start + same] === day[same]) same++;
    if (same === 0 || same < day.length) {
      this.#day = Buffer.from(bytes.subarray(start, start + 10));
      const text = this.#day.toString('latin1');
      this.#dayMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    }
    return this.#dayMs;
  }
}

export function isDigit(byte: number): boolean {
  return byte >= zero && byte < zero + 10;
}

/** NaN when these are no digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]!;
  const ones = bytes[at + 1]!;
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - zero) + (ones - zero) : Number.NaN;
}

/** @param at where the point is */
function milliseconds(bytes: Buffer, at: number): number {
  const last = bytes[at + 3]!;
  return bytes[at] === point && isDigit(last) ? 10 * twoDigits(bytes, at + 1) + (last - zero) : Number.NaN;
}
