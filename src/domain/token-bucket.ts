/** A rate with a burst: whoever takes more than there is owes it, and waits until that is paid. */
export interface Rate {
  readonly perSecond: number;
  /** What may be taken at once after a pause. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  #left: number;
  #atMs: number;

  /** @param nowMs monotonic */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes that much whatever is there; returns for how many ms nothing more should be taken. */
  take(amount: number, nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    const earned = (Math.max(0, nowMs - this.#atMs) / 1_000) * perSecond;
    this.#left = Math.min(burst, this.#left + earned) - amount;
    this.#atMs = Math.max(this.#atMs, nowMs);
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / perSecond) * 1_000);
  }
}
