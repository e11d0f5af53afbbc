/**
 * Memory that a receiver spends on segments which are not on its disk yet, over all its sessions: whatever the windows
 * add up to, what is above it waits in the network.
 */

/** What a segment costs beside its body, in bytes: header, hashes, and its places in lists. */
const segmentCostBytes = 1024;

/** One session's part in it. */
export interface Share {
  /** A segment with a body of so many bytes came in. Above the budget, this session is then read no further. */
  take(bodyBytes: number): void;
  /** It is on the disk, or forgotten. Also after `leave`. */
  give(bodyBytes: number): void;
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

  /** What is not on the disk, in bytes of bodies and 1 KiB a segment. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Nobody is held back before a segment of his own came in, and all go on once half the budget is free: what is
   * counted is always on its way to the disk, so that moment comes. They go on one after the other, as long as there is
   * room: each may have frames at hand that it hands on at once.
   * @param holdBack stops reading, or goes on
   */
  join(holdBack: (on: boolean) => void): Share {
    return {
      take: (bodyBytes) => {
        this.#bytes += bodyBytes + segmentCostBytes;
        if (this.#bytes <= this.#bytesMax || this.#held.has(holdBack)) return;
        this.#held.add(holdBack);
        holdBack(true);
      },
      give: (bodyBytes) => {
        this.#bytes -= bodyBytes + segmentCostBytes;
        if (this.#bytes > this.#bytesMax / 2) return;
        for (const goOn of [...this.#held]) {
          if (this.#bytes > this.#bytesMax) return;
          this.#held.delete(goOn);
          goOn(false);
        }
      },
      leave: () => {
        this.#held.delete(holdBack);
      },
    };
  }
}
