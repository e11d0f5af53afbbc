/** The Transport over TCP. */
import net from 'node:net';
import { addressText, listenError } from '../contract/address.ts';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Connection, Listener, Transport } from '../contract/transport.ts';
import { type ConnectionCaps, connectionCaps, Seats } from './caps.ts';
import type { SecureDial, Secured, SecureListen } from './secure.ts';
import { TcpConnection } from './tcp-connection.ts';

export interface TcpOptions {
  readonly clock: Clock;
  /** Caps of each listener. */
  readonly caps?: Partial<ConnectionCaps>;
  /** A connection was closed at once because a cap was reached, or could not be accepted: to be counted and shown. */
  readonly turnedAway?: (remote: string, why: string) => void;
  /** What connections go through, such as TLS. */
  readonly secure?: Partial<SecureDial & SecureListen> | undefined;
}

const keepAliveAfterMs = 30_000;
const backlog = 1_024;

/**
 * Sockets without Nagle's delay, with keep-alive. Node sets SO_REUSEADDR on listening sockets by itself (not on Windows,
 * where it means something else): a receiver that restarts gets its port although old connections are in TIME_WAIT.
 */
export function createTcpTransport(options: TcpOptions): Transport {
  return {
    dial: (target) => dial(options, target),
    listen: (at, onConnection) => listen(options, at, onConnection),
  };
}

function dial(
  { clock, secure }: TcpOptions,
  target: { host: string; port: number; timeoutMs: number; signal: AbortSignal },
): Promise<Connection> {
  const address = addressText(target.host, target.port);
  return new Promise((resolve, reject) => {
    const unreachable = (why: string, cause?: unknown) =>
      new FogrunError(
        'link-unreachable',
        `${address} cannot be reached: ${why}`,
        cause === undefined ? {} : { cause },
      );
    if (target.signal.aborted) return reject(unreachable('given up before the attempt'));
    let socket: net.Socket;
    try {
      socket = net.connect({
        host: target.host,
        port: target.port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveAfterMs,
        allowHalfOpen: true,
      });
    } catch (cause) {
      return reject(unreachable((cause as Error).message, cause));
    }
    const timer = clock.setTimeout(
      () => fail(unreachable(`no answer within ${target.timeoutMs} ms`)),
      target.timeoutMs,
    );
    const stop = () => {
      clock.clearTimeout(timer);
      target.signal.removeEventListener('abort', aborted);
      socket.off('connect', connected);
    };
    const fail = (error: Error) => {
      stop();
      socket.destroy();
      reject(error);
    };
    const aborted = () => fail(unreachable('given up'));
    const failed = (cause: Error) => fail(unreachable(reasonOf(cause), cause));
    const ready = (secured: Secured) => {
      stop();
      // Its own error handler first: a socket without one would end the process.
      const connection = new TcpConnection(socket, clock, secured);
      if (secured.socket === socket) socket.off('error', failed);
      resolve(connection);
    };
    const connected = () => {
      if (!secure?.dial) return ready({ socket });
      // What is said from now on, it says better itself.
      socket.off('error', failed).on('error', () => {});
      secure.dial(socket, target).then((secured) => {
        // The deadline may have passed meanwhile.
        if (socket.destroyed) secured.socket.destroy();
        else ready(secured);
      }, fail);
    };
    // Stays on after a failure, for errors that come late.
    socket.on('error', failed);
    socket.once('connect', connected);
    target.signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Why a connection failed, in words; with several addresses, why the first one did. */
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : error;
  const code = (first as NodeJS.ErrnoException | undefined)?.code;
  const words: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'the host name is not known',
    EAI_AGAIN: 'the name server does not answer',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    ETIMEDOUT: 'no answer',
    ECONNRESET: 'the connection was reset',
  };
  if (code === undefined) return first?.message ?? error.message;
  return `${words[code] ?? first?.message ?? code} (${code})`;
}

function listen(
  options: TcpOptions,
  at: { host: string; port: number },
  onConnection: (connection: Connection) => void,
): Promise<Listener> {
  const seats = new Seats({ ...connectionCaps, ...options.caps });
  const server = net.createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveAfterMs,
  });
  server.on('connection', (socket) => {
    const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
    const remote = addressText(address, socket.remotePort ?? 0);
    const seat = seats.take(address, () => {
      socket.resetAndDestroy();
      options.turnedAway?.(remote, 'connections.ungreeted is reached, and its address has most of them');
    });
    if (typeof seat === 'string') {
      socket.on('error', () => {});
      socket.resetAndDestroy();
      options.turnedAway?.(remote, `${seat} is reached`);
      return;
    }
    socket.once('close', seat.leave);
    const take = (secured: Secured) => onConnection(new TcpConnection(socket, options.clock, secured, seat));
    if (!options.secure?.accept) return take({ socket });
    const greet = (secured: Secured | null) => (secured ? take(secured) : void socket.destroy());
    options.secure.accept(socket).then(greet, (error: Error) => {
      // What it was told still goes out.
      if (socket.writableEnded) socket.destroySoon();
      else socket.destroy();
      options.turnedAway?.(remote, error.message);
    });
  });
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException) => reject(listenError(at, cause));
    server.once('error', refused);
    try {
      server.listen({ host: at.host, port: at.port, backlog });
    } catch (cause) {
      return reject(listenError(at, cause as NodeJS.ErrnoException));
    }
    server.once('listening', () => {
      server.off('error', refused);
      // Such as EMFILE while accepting: one connection less, not the end.
      server.on('error', (error) => options.turnedAway?.('unknown', error.message));
      const bound = server.address() as net.AddressInfo;
      resolve({
        host: bound.address,
        port: bound.port,
        close: () =>
          new Promise((closed) => {
            // Its callback would wait for the connections; the address is free as soon as the handle is closed.
            if (server.listening) server.close();
            setImmediate(closed);
          }),
      });
    });
  });
}
