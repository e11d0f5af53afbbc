/** What a source has sent and the store has not accepted yet, bounded in bytes. */
import type { Batch, OutPort } from '../contract/port.ts';

export class Unaccepted {
  readonly #port: OutPort<Batch>;
  readonly #bytesMax: number;
  #batches = 0;
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(port: OutPort<Batch>, bytesMax: number) {
    this.#port = port;
    this.#bytesMax = bytesMax;
  }

  /**
   * Sends at once, in any case and in order. What was sent cannot be taken back: a later batch that was taken while an
   * earlier one was not would carry a position past it.
   * @param bytes memory that the batch holds
   */
  send(batch: Batch, bytes: number): void {
    this.#batches += 1;
    this.#bytes += bytes;
    void this.#port.send(batch).then(() => {
      this.#batches -= 1;
      this.#bytes -= bytes;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    });
  }

  /** No more should be sent for now. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** Resolves when it is no longer full, or when `signal` aborts. */
  room(signal: AbortSignal): Promise<void> {
    return this.#until(() => !this.isFull, signal);
  }

  /** Resolves when everything that was sent is accepted, or when `signal` aborts. */
  accepted(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#batches === 0, signal);
  }

  async #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (holds() || signal.aborted) return;
    this.#port.flush();
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    while (!holds() && !signal.aborted) await Promise.race([this.#changed.promise, aborted.promise]);
    signal.removeEventListener('abort', abort);
  }
}
