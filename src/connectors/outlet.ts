/** A source's output port as its connections share it: who may read on, and when. */
import type { Batch, OutPort } from '../contract/port.ts';

export class Outlet {
  readonly #port: OutPort<Batch>;
  /** Readers that hold back, longest first. Each says whether it could make use of its turn. */
  readonly #waiting = new Set<() => boolean>();
  #underWay = 0;

  constructor(port: OutPort<Batch>) {
    this.#port = port;
  }

  /** False when what is read now would only wait in memory, and `whenOpen` will tell when that is over. */
  get open(): boolean {
    return this.#underWay === 0 || !this.#port.blocked;
  }

  /**
   * Calls `wake` once, when it is open and it is the caller's turn; `wake` answers whether the caller could use it.
   * @returns to be called by whoever waits no longer: it may be hours
   */
  whenOpen(wake: () => boolean): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }

  /** Resolves when the batch is accepted. Rejects only when `signal` aborts while it still waits for credit. */
  async send(batch: Batch, signal: AbortSignal): Promise<void> {
    if (batch.count === 0) return;
    this.#underWay += 1;
    try {
      const accepted = this.#port.send(batch, signal);
      this.#wakeNext();
      await accepted;
    } finally {
      this.#underWay -= 1;
      this.#wakeNext();
    }
  }

  /** Somebody waits for what was sent so far. */
  flush(): void {
    this.#port.flush();
  }

  /** One at a time: each may fill the port again. But all when nothing is under way, for nothing will wake them later. */
  #wakeNext(): void {
    for (const wake of this.#waiting) {
      if (!this.open) return;
      this.#waiting.delete(wake);
      if (wake() && this.#underWay > 0) return;
    }
  }
}
