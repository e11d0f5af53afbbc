/** A number as its decimal digits, counted up in place: numbering or checking many lines makes no texts. */
export class DecimalCounter {
  #digits: Uint8Array;

  /** @param from a whole number from 0 up */
  constructor(from: number) {
    this.#digits = Buffer.from(String(from), 'latin1');
  }

  /** The number in ASCII, until the next `increment`. */
  get digits(): Uint8Array {
    return this.#digits;
  }

  increment(): void {
    let i = this.#digits.length - 1;
    while (i >= 0 && this.#digits[i] === 0x39) this.#digits[i--] = 0x30;
    if (i >= 0) this.#digits[i]!++;
    else this.#digits = Buffer.from(`1${'0'.repeat(this.#digits.length)}`, 'latin1');
  }
}
