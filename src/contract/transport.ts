/** Byte streams between an edge and a cloud, or from whoever feeds a source. Real: src/link/tcp.ts; simulated: src/sim. */
import type { Problem } from './errors.ts';

/** What the other side's certificate says, where the transport asks for one. */
export interface Peer {
  /** Name in it; null where none was shown. */
  readonly name: string | null;
  /** Its serial number in upper-case hexadecimal. */
  readonly serial: string | null;
  /** When it ends, ms since 1970. */
  readonly expiresMs: number | null;
  /** Certificates of the authorities that it was checked against, as PEM. */
  readonly authority?: string;
  /** Why it proves nothing: whoever shows it may be told so, and no more. */
  readonly problem: Problem | null;
}

export interface Connection {
  /** Address of the other side, for people. */
  readonly remote: string;
  /** Absent where nobody was asked who they are. */
  readonly peer?: Peer;
  /** Queues bytes; returns false when the caller should wait for `onDrain`. Never throws. */
  write(bytes: Uint8Array): boolean;
  /** Set once by the owner. `onClose` comes exactly once, with the problem unless both sides ended in order. */
  listen(handlers: {
    onData(bytes: Uint8Array): void;
    onDrain(): void;
    /** The other side sends nothing more. Whoever takes this must call `end` himself; else both sides end together. */
    onEnd?(): void;
    onClose(problem?: Problem): void;
  }): void;
  /** Stops and resumes `onData`: the receiver's way to hold back. */
  pause(): void;
  resume(): void;
  /** Tells a transport that caps strangers that the other side is one no longer. */
  greeted?(): void;
  /**
   * Offers a transport that caps connections the place of this one for a newcomer, longest offer first; `turnOut` is
   * called when one needs it, and has to close the connection. Null takes the offer back.
   */
  mayYield?(turnOut: (() => void) | null): void;
  /** Flushes what was written, then closes in order. */
  end(): void;
  /** Closes at once and drops what was not written. The other side may see an end in order. */
  destroy(): void;
  /** Closes at once, so that the other side sees an error; after `end` it may have seen the end already. */
  reset(): void;
}

export interface Listener {
  /** The address really bound; `port` is the one chosen when 0 was asked for. */
  readonly host: string;
  readonly port: number;
  /** Stops accepting; connections live on. Resolves when the address is free. */
  close(): Promise<void>;
}

export interface Transport {
  /** Rejects with `link-unreachable` (which says why), also after `timeoutMs`; with TLS also with what was wrong there. */
  dial(target: { host: string; port: number; timeoutMs: number; signal: AbortSignal }): Promise<Connection>;
  /** Rejects with `address-in-use` or `address-refused`. */
  listen(
    at: { host: string; port: number },
    onConnection: (connection: Connection) => void,
  ): Promise<Listener>;
}
