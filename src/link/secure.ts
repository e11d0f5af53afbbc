/** What a transport puts between its sockets and its connections: TLS, without the transport knowing it. */
import type net from 'node:net';
import type { Peer } from '../contract/transport.ts';

export interface Secured {
  /** What is said through it comes out of the socket it was made of. */
  readonly socket: net.Socket;
  readonly peer?: Peer;
}

export interface SecureDial {
  /** Over a socket that is connected. Rejects with a FogrunError; the caller has the deadline and destroys the socket. */
  dial(socket: net.Socket, target: { readonly host: string; readonly port: number }): Promise<Secured>;
}

export interface SecureListen {
  /**
   * A socket that was accepted; `null` for one whose other side left without a word. Rejects with a FogrunError when there is no
   * handshake within the deadline.
   */
  accept(socket: net.Socket): Promise<Secured | null>;
}
