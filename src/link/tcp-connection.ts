/** One TCP socket as a Connection. */
import type net from 'node:net';
import { addressText } from '../contract/address.ts';
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Connection, Peer } from '../contract/transport.ts';
import { escapeControls } from '../domain/text.ts';
import type { Seat } from './caps.ts';
import type { Secured } from './secure.ts';

/** After one side has ended: how long the other may take to end too. */
const lingerMs = 10_000;

export class TcpConnection implements Connection {
  readonly remote: string;
  readonly peer?: Peer;
  /** What is under the one that is read and written. */
  readonly #raw: net.Socket;
  readonly #socket: net.Socket;
  readonly #clock: Clock;
  readonly #seat: Seat | undefined;
  #handlers: Parameters<Connection['listen']>[0] | undefined;
  #lingerTimer: Timer | undefined;
  #ended = false;
  #endHeard = false;
  #closed = false;
  #error: Error | undefined;
  #late = false;

  /** Takes over a connected socket that was made with `allowHalfOpen`, and what was made of it. */
  constructor(raw: net.Socket, clock: Clock, { socket, peer }: Secured = { socket: raw }, seat?: Seat) {
    this.#raw = raw;
    this.#socket = socket;
    if (peer) this.peer = peer;
    this.#clock = clock;
    this.#seat = seat;
    this.remote = addressText((raw.remoteAddress ?? 'unknown').replace(/^::ffff:/, ''), raw.remotePort ?? 0);
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('drain', () => {
      if (!this.#closed) this.#handlers?.onDrain();
    });
    socket.once('end', () => {
      this.#endHeard = true;
      if (this.#ended) return;
      if (this.#handlers?.onEnd) this.#handlers.onEnd();
      // Half-open is of no use here: what was written is flushed, then this side ends too.
      else this.#endSocket();
    });
    socket.once('close', () => {
      this.#closed = true;
      clock.clearTimeout(this.#lingerTimer);
      this.#handlers?.onClose(this.#problem());
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended || !this.#socket.writable) return false;
    return this.#socket.write(bytes);
  }

  listen(handlers: Parameters<Connection['listen']>[0]): void {
    this.#handlers = handlers;
    if (this.#closed) {
      queueMicrotask(() => handlers.onClose(this.#problem()));
      return;
    }
    this.#socket.on('data', (bytes: Buffer) => {
      if (!this.#closed) handlers.onData(bytes);
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  greeted(): void {
    this.#seat?.greeted();
  }

  mayYield(turnOut: (() => void) | null): void {
    this.#seat?.mayYield(turnOut);
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#endSocket();
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  reset(): void {
    // Not only when the socket says so: a newcomer may wait for the place.
    this.#seat?.leave();
    // A socket that is shutting down cannot be reset any more.
    // One under TLS would end in order first; the other side sees that TLS did not.
    if (this.#ended || this.#closed || this.#raw !== this.#socket) this.#socket.destroy();
    else this.#raw.resetAndDestroy();
    this.#ended = true;
  }

  #endSocket(): void {
    this.#socket.end();
    this.#lingerTimer = this.#clock.setTimeout(() => {
      this.#late = true;
      this.#socket.destroy();
    }, lingerMs);
  }

  #problem(): Problem | undefined {
    if (this.#ended && this.#endHeard && !this.#error && !this.#late) return undefined;
    let why = 'the other side closed the connection';
    if (this.#error) why = faultText(this.#error);
    else if (this.#late) why = `the other side did not close within ${lingerMs} ms`;
    else if (this.#ended) why = 'this side closed the connection';
    return toProblem(new FogrunError('link-lost', why));
  }
}

/** The texts of OpenSSL have places in its source in them, and a line end. */
export function faultText(error: Error & { readonly code?: string; readonly reason?: string }): string {
  return escapeControls(error.reason ?? (error.code?.startsWith('ERR_SSL') ? error.code : error.message));
}
