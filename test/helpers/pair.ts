/** Two connected ends in memory, over a network on a virtual clock that can fragment, coalesce, delay and break. */
import type { Clock } from '../../src/contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/contract/transport.ts';

export interface PairOptions {
  readonly clock: Clock;
  /** Time a byte is under way, in ms. */
  readonly latencyMs?: number;
  /** Size of the next piece that arrives, of `left` bytes; whole writes when absent. */
  readonly piece?: (left: number) => number;
  /** Pause between two pieces of one write, in ms. */
  readonly pieceEveryMs?: number;
  /** Bytes an end queues before `write` answers false. */
  readonly bufferBytes?: number;
}

export interface Pair {
  /** The end that dialled. */
  readonly near: Connection;
  /** The end that was dialled. */
  readonly far: Connection;
  /** Both ends lose the connection at once, as with a reset. */
  cut(): void;
  /** Bytes written from now on vanish, and nobody is told. */
  blackHole(): void;
  /** The connection is cut as soon as so many more bytes have arrived at the far end. */
  cutAfter(bytes: number): void;
  /** Bytes that arrived so far. */
  readonly arrived: { near: number; far: number };
}

type Handlers = Parameters<Connection['listen']>[0];

function lost(text: string): Problem {
  return toProblem(new FogrunError('link-lost', text));
}

class End implements Connection {
  readonly remote: string;
  readonly #options: PairOptions;
  readonly #hub: Hub;
  #handlers: Handlers | undefined;
  other!: End;
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
  #problem: Problem | undefined;
  arrived = 0;

  constructor(remote: string, options: PairOptions, hub: Hub) {
    this.remote = remote;
    this.#options = options;
    this.#hub = hub;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended) return false;
    if (this.#hub.blackHole || bytes.length === 0) return !this.#blocked;
    this.#wire.push(bytes.slice());
    this.#wireBytes += bytes.length;
    this.#carry(this.#options.latencyMs ?? 0);
    if (this.#wireBytes >= (this.#options.bufferBytes ?? 65_536)) this.#blocked = true;
    return !this.#blocked;
  }

  listen(handlers: Handlers): void {
    this.#handlers = handlers;
    this.#deliver();
    if (this.#closed) queueMicrotask(() => handlers.onClose(this.#problem));
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
    this.#carry(this.#options.latencyMs ?? 0);
  }

  destroy(): void {
    if (this.#closed) return;
    this.close(undefined);
    if (!this.#hub.blackHole) {
      this.#options.clock.setTimeout(
        () => this.other.close(lost('the other side reset the connection')),
        this.#options.latencyMs ?? 0,
      );
    }
  }

  reset(): void {
    this.destroy();
  }

  close(problem: Problem | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#problem = problem;
    this.#wire.length = 0;
    this.#handlers?.onClose(problem);
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
    if (this.#closed || this.#hub.blackHole) return;
    if (this.other.#paused) return;
    const first = this.#wire.shift();
    if (!first) {
      if (this.#ended) this.other.#takeEnd();
      return;
    }
    const left = this.#hub.cutAfter - this.other.arrived;
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
    this.#carry(size < first.length ? (this.#options.pieceEveryMs ?? 0) : 0);
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

class Hub {
  near!: End;
  far!: End;
  blackHole = false;
  cutAfter = Number.POSITIVE_INFINITY;

  cut(): void {
    this.near.close(lost('the connection was reset'));
    this.far.close(lost('the connection was reset'));
  }
}

export function connectedPair(options: PairOptions): Pair {
  const hub = new Hub();
  const near = new End('cloud.test:7070', options, hub);
  const far = new End('edge.test:50000', options, hub);
  near.other = far;
  far.other = near;
  hub.near = near;
  hub.far = far;
  return {
    near,
    far,
    cut: () => hub.cut(),
    blackHole() {
      hub.blackHole = true;
    },
    cutAfter(bytes) {
      hub.cutAfter = far.arrived + bytes;
    },
    arrived: {
      get near() {
        return near.arrived;
      },
      get far() {
        return far.arrived;
      },
    },
  };
}

/** Writes by hand to one end of a pair, and keeps what comes back. */
export function rawPeer(connection: Connection) {
  const received: Uint8Array[] = [];
  const peer = {
    closed: false,
    problem: undefined as Problem | undefined,
    write: (bytes: Uint8Array) => connection.write(bytes),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    received: () => Buffer.concat(received),
  };
  connection.listen({
    onData: (bytes) => received.push(bytes),
    onDrain: () => {},
    onClose(problem) {
      peer.closed = true;
      peer.problem = problem;
    },
  });
  return peer;
}
