/** What a verification has found so far; how much of it is kept has bounds, how much there was is counted. */
import { printable } from '../domain/text.ts';
import type { Flaw, Place, Remark } from './certificate.ts';

/** What is not said of a flaw is `null`. */
export type NewFlaw = Pick<Flaw, 'kind' | 'message' | 'advice'> & Partial<Flaw>;

const flawsMax = 1_000;
const remarksMax = 200;
const gapsMax = 20_000;
/** Bytes hashed at most in search of single changed bytes: some seconds. */
const effortBytes = 2 ** 31;

export class Findings {
  readonly flaws: Flaw[] = [];
  flawsLeftOut = 0;
  readonly remarks: Remark[] = [];
  remarksLeftOut = 0;
  notFiled = 0;
  readonly effort = { bytes: effortBytes };
  #gaps = 0;

  flaw(place: Place, found: NewFlaw): void {
    if (this.flaws.length >= flawsMax) {
      this.flawsLeftOut += 1;
      return;
    }
    const nothing = { sequence: null, fromSeq: null, toSeq: null, file: null, line: null };
    this.flaws.push({ ...place, ...nothing, ...found });
  }

  remark(kind: Remark['kind'], path: string | null, message: string): void {
    if (this.remarks.length >= remarksMax) this.remarksLeftOut += 1;
    else this.remarks.push({ kind, path: path === null ? null : printable(path, 400), message });
  }

  roomForGap(): boolean {
    this.#gaps += 1;
    return this.#gaps <= gapsMax;
  }
}
