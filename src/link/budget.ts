/**
 * Memory that a receiver spends on segments which are not on its disk yet, over all its sessions: whatever the windows
 * add up to, what is above it waits in the network.
 */

/** One session's part in it. */
export interface Share {
  /** Bytes came in. Above the budget, this session is then read no further. */
  take(bytes: number): void;
  /** They are on the disk, or forgotten. Also after `leave`. */
  give(bytes: number): void;
  /** The session is over. */
  leave(): void;
}

export class Budget {
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #held = new Set<(on: boolean) => void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that are not on the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Nobody is held back before a segment of his own came in, and all go on once half the budget is free: what is
   * counted is always on its way to the disk, so that moment comes.
   * @param holdBack stops reading, or goes on
   */
  join(holdBack: (on: boolean) => void): Share {
    return {
      take: (bytes) => {
        this.#bytes += bytes;
        if (this.#bytes <= this.#bytesMax || this.#held.has(holdBack)) return;
        this.#held.add(holdBack);
        holdBack(true);
      },
      give: (bytes) => {
        this.#bytes -= bytes;
        if (this.#bytes > this.#bytesMax / 2) return;
        const held = [...this.#held];
        this.#held.clear();
        for (const goOn of held) goOn(false);
      },
      leave: () => {
        this.#held.delete(holdBack);
      },
    };
  }
}
