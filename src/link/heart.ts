/** Heartbeats: says when to send one, and when the other side has been silent for too long. */
import type { Clock, Timer } from '../contract/clock.ts';
import { firstHeartbeatMs, silentBeats } from './limits.ts';

export class Heart {
  readonly #clock: Clock;
  readonly #on: { beat(): void; silent(silentMs: number): void };
  #everyMs = firstHeartbeatMs;
  #sentAt: number;
  #receivedAt: number;
  #beatTimer: Timer | undefined;
  #silenceTimer: Timer | undefined;
  #held = false;
  #stopped = false;

  constructor(clock: Clock, on: { beat(): void; silent(silentMs: number): void }) {
    this.#clock = clock;
    this.#on = on;
    this.#sentAt = clock.monotonic();
    this.#receivedAt = this.#sentAt;
    this.#arm();
  }

  /** When bytes came last, monotonic ms. */
  get heardAt(): number {
    return this.#receivedAt;
  }

  /** Sets another rhythm, from now on. */
  setEvery(everyMs: number): void {
    this.#everyMs = everyMs;
    this.#receivedAt = this.#clock.monotonic();
    this.#arm();
  }

  /** Something was sent. Cheap: timers look at the time only when they fire. */
  sent(): void {
    this.#sentAt = this.#clock.monotonic();
  }

  /** Bytes came. */
  received(): void {
    this.#receivedAt = this.#clock.monotonic();
  }

  /** While this side does not read, it cannot call the other one silent. */
  hold(on: boolean): void {
    this.#held = on;
    this.received();
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#beatTimer);
    this.#clock.clearTimeout(this.#silenceTimer);
  }

  #arm(): void {
    this.#clock.clearTimeout(this.#beatTimer);
    this.#clock.clearTimeout(this.#silenceTimer);
    if (this.#stopped) return;
    this.#armBeat();
    if (!this.#held) this.#armSilence();
  }

  #armBeat(): void {
    const waitMs = Math.max(0, this.#sentAt + this.#everyMs - this.#clock.monotonic());
    this.#beatTimer = this.#clock.setTimeout(() => {
      if (this.#clock.monotonic() - this.#sentAt >= this.#everyMs) {
        this.sent();
        this.#on.beat();
      }
      if (!this.#stopped) this.#armBeat();
    }, waitMs);
  }

  #armSilence(): void {
    const dueAt = this.#receivedAt + silentBeats * this.#everyMs;
    const waitMs = Math.max(0, dueAt - this.#clock.monotonic());
    this.#silenceTimer = this.#clock.setTimeout(() => {
      const now = this.#clock.monotonic();
      const silentMs = now - this.#receivedAt;
      if (silentMs >= silentBeats * this.#everyMs) {
        // A timer this late means that this process slept: what came meanwhile has not been read yet.
        const slept = now - dueAt > this.#everyMs;
        if (!slept) return this.#on.silent(silentMs);
        this.#receivedAt = now - (silentBeats - 1) * this.#everyMs;
      }
      this.#armSilence();
    }, waitMs);
  }
}
