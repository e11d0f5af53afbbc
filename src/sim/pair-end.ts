/** One end of a simulated connection. */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Connection } from '../contract/transport.ts';
import type { Seat } from '../link/caps.ts';

export interface PairOptions {
  readonly clock: Clock;
  /** How each end is called by the other. */
  readonly names?: { readonly near: string; readonly far: string };
  /** The far end's place under the caps of who listens. */
  readonly seat?: Seat;
  /** Time that the next bytes are under way, in ms; order is kept. */
  readonly latencyMs?: number | (() => number);
  /** How much gets through; no bound when absent. */
  readonly bytesPerMs?: number;
  /** Size of the next piece that arrives, of `left` bytes; whole writes when absent. */
  readonly piece?: (left: number) => number;
  /** Pause between two pieces of one write, in ms. */
  readonly pieceEveryMs?: number;
  /** Whether and how what is written changes on the way, in place. */
  readonly damage?: ((bytes: Uint8Array) => void) | null;
  /** Bytes an end queues before `write` answers false. */
  readonly bufferBytes?: number;
}

type Handlers = Parameters<Connection['listen']>[0];

/** After one side has ended: how long the other may take to end too. */
const lingerMs = 10_000;

export function lost(text: string): Problem {
  return toProblem(new FogrunError('link-lost', text));
}

export class PairEnd implements Connection {
  readonly remote: string;
  readonly #options: PairOptions;
  readonly #hub: Hub;
  readonly #seat: Seat | undefined;
  #handlers: Handlers | undefined;
  other!: PairEnd;
  /** What arrived while paused or before `listen`. */
  #waiting: Uint8Array[] = [];
  /** What was written and has not arrived, oldest first. */
  readonly #wire: Uint8Array[] = [];
  #wireBytes = 0;
  #blocked = false;
  #paused = false;
  #carrying = false;
  #ended = false;
  #endArrived = false;
  #closed = false;
  #mute = false;
  #problem: Problem | undefined;
  #lingerTimer: Timer;
  arrived = 0;

  constructor(remote: string, options: PairOptions, hub: Hub, seat?: Seat) {
    this.remote = remote;
    this.#options = options;
    this.#hub = hub;
    this.#seat = seat;
  }

  get closed(): boolean {
    return this.#closed;
  }

  greeted(): void {
    this.#seat?.greeted();
  }

  mayYield(turnOut: (() => void) | null): void {
    this.#seat?.mayYield(turnOut);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended) return false;
    if (this.#hub.blackHole || bytes.length === 0) return !this.#blocked;
    const sent = bytes.slice();
    this.#options.damage?.(sent);
    this.#wire.push(sent);
    this.#wireBytes += bytes.length;
    this.#carry(this.#latencyMs());
    if (this.#wireBytes >= (this.#options.bufferBytes ?? 65_536)) this.#blocked = true;
    return !this.#blocked;
  }

  listen(handlers: Handlers): void {
    if (this.#mute) return;
    this.#handlers = handlers;
    this.#deliver();
    if (this.#closed) queueMicrotask(() => this.#tellClosed());
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#options.clock.setTimeout(() => {
      this.#deliver();
      this.other.#carry(0);
    }, 0);
  }

  end(): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#linger();
    this.#carry(this.#latencyMs());
  }

  destroy(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.close(lost('this side closed the connection'));
    this.resetOther();
  }

  reset(): void {
    // A newcomer may wait for the place.
    this.#seat?.leave();
    this.destroy();
  }

  /** As soon as the news can be there. */
  resetOther(): void {
    if (this.#hub.blackHole) return;
    this.#options.clock.setTimeout(
      () => this.other.close(lost('the other side reset the connection')),
      this.#latencyMs(),
    );
  }

  close(problem: Problem | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#problem = problem;
    this.#wire.length = 0;
    this.#waiting.length = 0;
    this.#options.clock.clearTimeout(this.#lingerTimer);
    this.#seat?.leave();
    queueMicrotask(() => this.#tellClosed());
  }

  /** Whoever had it is gone, and hears nothing more. */
  mute(): void {
    this.#mute = true;
    this.#handlers = undefined;
    this.close(undefined);
  }

  #tellClosed(): void {
    if (!this.#mute) this.#handlers?.onClose(this.#problem);
  }

  #linger(): void {
    this.#lingerTimer = this.#options.clock.setTimeout(() => {
      this.close(lost(`the other side did not close within ${lingerMs} ms`));
      this.resetOther();
    }, lingerMs);
  }

  #latencyMs(): number {
    const { latencyMs = 0 } = this.#options;
    return typeof latencyMs === 'number' ? latencyMs : latencyMs();
  }

  /** Takes what the wire carries next; one piece at a time, and none while the reader holds back. */
  #carry(delayMs: number): void {
    if (this.#carrying || this.#closed) return;
    if (this.#wire.length === 0 && !this.#ended) return;
    this.#carrying = true;
    this.#options.clock.setTimeout(() => {
      this.#carrying = false;
      this.#carryNow();
    }, delayMs);
  }

  #carryNow(): void {
    if (this.#closed || this.#hub.blackHole || this.#hub.stalled) return;
    if (this.other.#paused) return;
    const first = this.#wire.shift();
    if (!first) {
      if (this.#ended) this.other.#takeEnd();
      return;
    }
    // Only what the dialled end gets counts.
    const left = this === this.#hub.near ? this.#hub.cutAfter - this.other.arrived : Number.POSITIVE_INFINITY;
    const wanted = Math.max(1, Math.floor(this.#options.piece?.(first.length) ?? first.length));
    const size = Math.min(wanted, first.length, left);
    if (size < first.length) this.#wire.unshift(first.subarray(size));
    this.#wireBytes -= size;
    this.other.#take(first.subarray(0, size));
    if (this.other.arrived >= this.#hub.cutAfter && this === this.#hub.near) {
      this.#hub.cut();
      return;
    }
    if (this.#wireBytes === 0 && this.#blocked) {
      this.#blocked = false;
      this.#handlers?.onDrain();
    }
    const { pieceEveryMs = 0, bytesPerMs = Number.POSITIVE_INFINITY } = this.#options;
    this.#carry((size < first.length ? pieceEveryMs : 0) + size / bytesPerMs);
  }

  /** Goes on after nothing could get through. */
  goOn(): void {
    this.#carry(0);
  }

  #take(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.arrived += bytes.length;
    this.#waiting.push(bytes);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#handlers && !this.#paused && !this.#closed && this.#waiting.length > 0) {
      this.#handlers.onData(this.#waiting.shift()!);
    }
  }

  #takeEnd(): void {
    if (this.#closed || this.#endArrived) return;
    this.#endArrived = true;
    if (this.#ended) {
      this.close(undefined);
      this.other.close(undefined);
    } else if (this.#handlers?.onEnd) {
      this.#handlers.onEnd();
    } else {
      this.other.close(undefined);
      this.close(lost('the other side ended the connection'));
    }
  }
}

/** What both ends have in common. */
export class Hub {
  near!: PairEnd;
  far!: PairEnd;
  blackHole = false;
  stalled = false;
  cutAfter = Number.POSITIVE_INFINITY;

  cut(): void {
    this.near.close(lost('the connection was reset'));
    this.far.close(lost('the connection was reset'));
  }
}
