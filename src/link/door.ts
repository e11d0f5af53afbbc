/** How many edges a receiver greets at the same time; whoever comes beyond is told when to come again. */

/** So long an edge stays away for each time that the place is taken over: they add their own jittered wait. */
const roundMs = 1_000;
const retryAfterMsMax = 30_000;
/** A storm that has ended so long ago is over. */
const calmMs = 1_000;

export class Door {
  readonly #max: number;
  readonly #now: () => number;
  #inside = 0;
  /** Told to come again in this storm. */
  #told = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** @param now monotonic ms */
  constructor(max: number, now: () => number) {
    this.#max = max;
    this.#now = now;
  }

  /** A way out for who may come in, or for how long to stay away: the later in a storm, the longer. */
  enter(): { leave(): void } | { readonly retryAfterMs: number } {
    if (this.#inside < this.#max) {
      this.#inside += 1;
      const leave = () => {
        this.#inside -= 1;
      };
      return { leave };
    }
    const now = this.#now();
    if (now - this.#toldMs > calmMs) this.#told = 0;
    this.#told += 1;
    this.#toldMs = now;
    return { retryAfterMs: Math.min(retryAfterMsMax, roundMs * Math.ceil(this.#told / this.#max)) };
  }
}
