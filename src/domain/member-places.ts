/** Where the members of a JSON object stand in a buffer: their keys and values as they are written. */

/** Members whose places are kept; an object with more is `crowded`. */
export const membersMax = 32;

const backslash = 0x5c;

/** Members are numbered from 0, in order. */
export class MemberPlaces {
  count = 0;
  /** True when the object has more members than `membersMax`. */
  crowded = false;
  /** True when a key is written with an escape: its bytes are not its name. */
  escapedKey = false;

  #bytes: Uint8Array = new Uint8Array();
  /** For each member where the key's text begins and ends, without its quotes, and where its value does. */
  readonly #places = new Int32Array(4 * membersMax);

  /** Forgets all; the next members stand in `bytes`. */
  clear(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.count = 0;
    this.crowded = false;
    this.escapedKey = false;
  }

  add(key: number, keyEnd: number, value: number, valueEnd: number): void {
    if (this.count === membersMax) {
      this.crowded = true;
      return;
    }
    const place = 4 * this.count++;
    this.#places[place] = key;
    this.#places[place + 1] = keyEnd;
    this.#places[place + 2] = value;
    this.#places[place + 3] = valueEnd;
  }

  valueStart(member: number): number {
    return this.#places[4 * member + 2]!;
  }

  valueEnd(member: number): number {
    return this.#places[4 * member + 3]!;
  }

  /** Bytes of the key. */
  keyLength(member: number): number {
    return this.#places[4 * member + 1]! - this.#places[4 * member]!;
  }

  /** Whether the key is written so. */
  isKey(member: number, key: Uint8Array): boolean {
    return this.keyLength(member) === key.length && this.#stands(this.#places[4 * member]!, key);
  }

  /** Whether the value is written so, quotes of a string included. */
  isValue(member: number, value: Uint8Array): boolean {
    const start = this.valueStart(member);
    return this.valueEnd(member) - start === value.length && this.#stands(start, value);
  }

  /** Whether there is a backslash in the value. */
  hasEscape(member: number): boolean {
    const end = this.valueEnd(member);
    let at = this.valueStart(member);
    while (at < end && this.#bytes[at] !== backslash) at++;
    return at < end;
  }

  #stands(at: number, wanted: Uint8Array): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
    return true;
  }
}
