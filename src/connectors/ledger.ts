/** What one connection's blocks of lines came to, until each is accepted: dealt with in order, bounded by `bytes`. */
import type { LineRefusal } from '../domain/intake.ts';

export interface JudgedBlock {
  /** Readings in it. */
  readonly accepted: number;
  /** Lines in it that were not taken, and the first of them. */
  readonly refused: number;
  readonly refusals: readonly LineRefusal[];
  /** Number of its last line. */
  readonly line: number;
}

/** Sums over all blocks that are dealt with, and the last line of the last one. */
export interface Total {
  readonly accepted: number;
  readonly refused: number;
  readonly line: number;
}

interface Entry {
  readonly block: JudgedBlock;
  readonly bytes: number;
  done: boolean;
}

/** Memory of an entry, and of a refusal in it, about. */
const entryBytes = 1_024;
const refusalBytes = 256;

export class Ledger {
  readonly #dealtWith: (blocks: readonly JudgedBlock[]) => void;
  /** Oldest first. */
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #total: Total = { accepted: 0, refused: 0, line: 0 };
  #soon = false;

  /** @param dealtWith gets, oldest first and once for all of one commit, the blocks that nothing is outstanding of */
  constructor(dealtWith: (blocks: readonly JudgedBlock[]) => void) {
    this.#dealtWith = dealtWith;
  }

  get total(): Total {
    return this.#total;
  }

  /** Memory that its blocks stand for. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * @param bytes of the block, or of its readings when those are more
   * @returns to be called when its readings are accepted
   */
  enter(block: JudgedBlock, bytes: number): () => void {
    const charge = bytes + entryBytes + block.refusals.length * refusalBytes;
    const entry: Entry = { block, bytes: charge, done: false };
    this.#entries.push(entry);
    this.#bytes += charge;
    return () => {
      entry.done = true;
      if (this.#soon) return;
      this.#soon = true;
      // The blocks of one commit are accepted one right after the other.
      queueMicrotask(() => this.#settle());
    };
  }

  /** Forgets what is not accepted. */
  clear(): void {
    this.#entries.length = 0;
    this.#bytes = 0;
  }

  #settle(): void {
    this.#soon = false;
    const waiting = this.#entries.findIndex(({ done }) => !done);
    const settled = this.#entries.splice(0, waiting < 0 ? this.#entries.length : waiting);
    if (settled.length === 0) return;
    for (const { block, bytes } of settled) {
      this.#bytes -= bytes;
      this.#total = {
        accepted: this.#total.accepted + block.accepted,
        refused: this.#total.refused + block.refused,
        line: block.line,
      };
    }
    this.#dealtWith(settled.map(({ block }) => block));
  }
}
