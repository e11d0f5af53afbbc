/** What a source has sent and the store has not accepted yet, bounded in bytes. */
import { type Clock, sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import { formatDuration } from '../domain/quantities.ts';

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

/** How long the store may take for what was sent before an opening. */
const acceptDeadlineMs = 5_000;

/** Resolves when everything that was sent is accepted, or when `signal` aborts; rejects with `deadline-missed`. */
export async function acceptedInTime(
  unaccepted: Unaccepted,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const late = sleep(clock, acceptDeadlineMs, until).then(() => !until.aborted);
  const isLate = await Promise.race([late, unaccepted.accepted(until).then(() => false)]);
  over.abort();
  if (!isLate) return;
  const waited = formatDuration(acceptDeadlineMs);
  throw new FogrunError(
    'deadline-missed',
    `the store has not accepted within ${waited} what was read before`,
    { advice: 'Look at the states of the store and of the rotator: is the store full?' },
  );
}
