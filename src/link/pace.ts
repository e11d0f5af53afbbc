/**
 * How much an edge has on its way: twice what the link delivers within one round trip. Less would leave the link idle
 * while acknowledgements travel; more would only queue up on the way, and be sent again when the link breaks.
 * Rates and round trips are measured on one segment after the other, from its sending to its acknowledgement.
 */
import type { Clock } from '../contract/clock.ts';

export interface PaceBounds {
  /**
   * Least window in bytes, but for the moments in which the way is drained: enough for a short link, and for commits of
   * the cloud that are worth their sync.
   */
  readonly bytesMin: number;
  readonly bytesMax: number;
}

/** What a link is trusted with until it was measured, bytes a ms: so a long link is full from the first moment. */
const trustedBytesPerMs = (128 * 2 ** 20) / 1_000;
/** Round trips of the link that may be on the way. */
const roundTrips = 2;
/** How long a measurement counts, at least; and how often the way is drained to measure its own round trip. */
const memoryMs = 10_000;
/**
 * While the way is drained: the share of the window that is left, of the least one too. A short link has all of that in its
 * queue, and would pass for a longer one.
 */
const drainedShare = 1 / 4;

interface Probe {
  readonly stream: string;
  readonly sequence: number;
  readonly sentAtMs: number;
  readonly deliveredBefore: number;
  /** Sent when the queue that our own bytes make was gone. */
  readonly drained: boolean;
}

export class Pace {
  /** Bytes that may be on their way now. */
  windowBytes: number;
  readonly #clock: Clock;
  readonly #bounds: PaceBounds;
  readonly #roundTripMs: Recent;
  readonly #bytesPerMs: Recent;
  #deliveredBytes = 0;
  #probe: Probe | undefined;
  #limited = false;
  #draining = false;
  #drainDueMs: number;

  /** @param roundTripMs of the greeting */
  constructor(clock: Clock, bounds: PaceBounds, roundTripMs: number) {
    const now = clock.monotonic();
    this.#clock = clock;
    this.#bounds = bounds;
    this.#roundTripMs = new Recent(Math.min, now, roundTripMs);
    this.#bytesPerMs = new Recent(Math.max, now, trustedBytesPerMs);
    this.#drainDueMs = now + memoryMs;
    this.windowBytes = this.#target();
  }

  sent(stream: string, sequence: number): void {
    this.#probe ??= {
      stream,
      sequence,
      sentAtMs: this.#clock.monotonic(),
      deliveredBefore: this.#deliveredBytes,
      drained: this.#draining,
    };
  }

  /** The window, and nothing else, kept a segment from being sent. */
  limited(): void {
    this.#limited = true;
  }

  /** @param bytes of all segments that this answers */
  acknowledged(stream: string, sequence: number, bytes: number): void {
    this.#deliveredBytes += bytes;
    const probe = this.#probe;
    if (!probe || probe.stream !== stream || sequence < probe.sequence) return;
    this.#probe = undefined;
    const now = this.#clock.monotonic();
    const roundTripMs = Math.max(now - probe.sentAtMs, 0.1);
    this.#roundTripMs.add(now, roundTripMs);
    // A source that sends less than the link carries says nothing about the link.
    if (this.#limited)
      this.#measured(now, (this.#deliveredBytes - probe.deliveredBefore) / roundTripMs, probe);
    this.#limited = false;
  }

  #measured(now: number, bytesPerMs: number, { drained }: Probe): void {
    this.#bytesPerMs.add(now, bytesPerMs);
    if (drained) this.#draining = false;
    if (now >= this.#drainDueMs) {
      // What is always full never shows how long the way itself is: the window would grow without end.
      this.#draining = true;
      this.#drainDueMs = now + memoryMs;
    }
    this.windowBytes = this.#target() * (this.#draining ? drainedShare : 1);
  }

  #target(): number {
    const { bytesMin, bytesMax } = this.#bounds;
    const wanted = roundTrips * this.#bytesPerMs.best() * this.#roundTripMs.best();
    return Math.min(Math.max(wanted, bytesMin), bytesMax);
  }
}

/** The best value of the last 10 to 20 s. */
class Recent {
  readonly #better: (a: number, b: number) => number;
  #before: number;
  #current: number;
  #sinceMs: number;

  constructor(better: (a: number, b: number) => number, now: number, value: number) {
    this.#better = better;
    this.#before = this.#current = value;
    this.#sinceMs = now;
  }

  add(now: number, value: number): void {
    if (now - this.#sinceMs < memoryMs) {
      this.#current = this.#better(this.#current, value);
      return;
    }
    this.#before = this.#current;
    this.#current = value;
    this.#sinceMs = now;
  }

  best(): number {
    return this.#better(this.#before, this.#current);
  }
}
