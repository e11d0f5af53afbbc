/** The parent's end: takes children that know the token, and survives whatever else connects. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { prepareSocketPath } from './ipc-stale.ts';
import {
  checkSocketPath,
  checkToken,
  emitMessage,
  freshIpc,
  greetingName,
  helloType,
  type IpcMessage,
  isIpcMessage,
  listenRefused,
  lostProblem,
  messageType,
  stopServer,
  welcomeType,
} from './ipc-wire.ts';

export interface HostEvents {
  /**
   * A child greeted with the token. `send` says `false` when the child is gone and the message was not taken,
   * and throws a RangeError for a message that is too long.
   */
  joined(name: string, send: (message: object) => boolean): void;
  message(name: string, message: IpcMessage): void;
  /** Exactly once for each `joined`, unless the host is closed first. */
  left(name: string, cause: Problem): void;
}

export interface HostOptions {
  /** In a directory of mode 0700 that the caller made; at most 103 bytes. */
  readonly socketPath: string;
  /** Secret that children are given, at least 16 characters. */
  readonly token: string;
  readonly clock: Clock;
  /** A connection that has not greeted within this time is closed, ms. */
  readonly greetingTimeoutMs?: number;
  /** A child whose `joined` or `message` throws is dropped with that as the cause. `left` must not throw. */
  readonly on: HostEvents;
}

interface Connection {
  readonly socket: Socket;
  readonly greetingTimer: Timer;
  name: string | null;
  cause: unknown;
}

export interface ChildHost {
  /** Ends every connection after what was sent to it and removes the socket; nothing is called back from here on. */
  close(): Promise<void>;
}

/** Connections at a time, those without a greeting included. */
const connectionsMax = 256;

/**
 * Listens for children. Garbage, an unknown token, a message before the greeting or one that is too long end that
 * connection and no other. A second child of the same name takes the place of the first.
 * @throws FogrunError `address-in-use` or `address-refused`, see `prepareSocketPath`
 */
export async function hostChildren(options: HostOptions): Promise<ChildHost> {
  checkToken(options.token);
  checkSocketPath(options.socketPath);
  await prepareSocketPath(options.socketPath, options.clock);
  const host = new Host(options);
  await host.start();
  return host;
}

class Host implements ChildHost {
  readonly #options: HostOptions;
  readonly #ipc;
  readonly #connections = new Map<Socket, Connection>();
  readonly #children = new Map<string, Connection>();
  #started: (error: Error | null) => void = () => {};
  #closed: Promise<void> | null = null;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#ipc = freshIpc(options.socketPath);
    this.#ipc.config.maxConnections = connectionsMax;
    this.#ipc.serve(options.socketPath);
    // One handler for every type, since node-ipc passes over types that nobody handles.
    this.#ipc.server.on('*', (type, ...rest) => this.#take(type, rest));
  }

  async start(): Promise<void> {
    const { socketPath } = this.#options;
    const listening = new Promise<Error | null>((resolve) => {
      this.#started = resolve;
    });
    let error: Error | null;
    try {
      this.#ipc.server.start();
      error = await listening;
    } catch (thrown) {
      error = thrown as Error;
    }
    if (!error) return;
    this.#ipc.server.stop();
    const code = String((error as { code?: unknown }).code ?? error.message);
    if (code === 'EADDRINUSE') {
      throw new FogrunError('address-in-use', `another process listens on ${socketPath}`, { cause: error });
    }
    throw listenRefused(socketPath, error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await stopServer(this.#ipc, this.#options.clock, () => {
      for (const { socket, greetingTimer, name } of this.#connections.values()) {
        this.#options.clock.clearTimeout(greetingTimer);
        if (name === null) socket.destroy();
        else socket.end();
      }
    });
    this.#connections.clear();
    this.#children.clear();
  }

  /** What node-ipc tells of itself (types that no peer can send under its guarded parser), and what peers send. */
  #take(type: string, [first, second]: unknown[]): void {
    if (type === 'start') this.#started(null);
    else if (type === 'error') this.#fail(first as Error);
    else if (type === 'connect') this.#open(first as Socket);
    else if (type === 'close') this.#end(this.#connections.get(first as Socket), 'it closed the connection');
    else if (type !== 'socket.disconnected') this.#hear(type, first, second as Socket);
  }

  #hear(type: string, data: unknown, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (!connection || this.#closed) return;
    const { name } = connection;
    if (type === helloType) {
      this.#greet(connection, data);
    } else if (type === messageType && name !== null && isIpcMessage(data)) {
      this.#guard(connection, () => this.#options.on.message(name, data));
    } else {
      this.#end(connection, 'it sent what no child sends');
    }
  }

  #open(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const { clock, greetingTimeoutMs = 5_000 } = this.#options;
    const greetingTimer = clock.setTimeout(() => {
      this.#end(this.#connections.get(socket), 'it did not greet in time');
    }, greetingTimeoutMs);
    this.#connections.set(socket, { socket, greetingTimer, name: null, cause: undefined });
  }

  #greet(connection: Connection, data: unknown): void {
    const name = connection.name === null ? greetingName(data, this.#options.token) : undefined;
    if (name === undefined) {
      this.#end(connection, 'its greeting was wrong');
      return;
    }
    this.#options.clock.clearTimeout(connection.greetingTimer);
    this.#end(this.#children.get(name), 'a newer process of that name joined');
    connection.name = name;
    this.#children.set(name, connection);
    this.#ipc.server.emit(connection.socket, welcomeType, {});
    this.#guard(connection, () => {
      this.#options.on.joined(name, (message) => this.#send(connection, message));
    });
  }

  #send(connection: Connection, message: object): boolean {
    const { socket } = connection;
    if (!this.#isOpen(socket)) return false;
    emitMessage(message, (data) => this.#ipc.server.emit(socket, messageType, data));
    return this.#isOpen(socket);
  }

  #isOpen(socket: Socket): boolean {
    return !this.#closed && !socket.destroyed && this.#connections.has(socket);
  }

  /** node-ipc names no socket with an error, but has destroyed it just before. */
  #fail(error: Error): void {
    this.#started(error);
    for (const connection of this.#connections.values()) {
      if (connection.socket.destroyed) connection.cause ??= this.#lost(connection, error.message);
    }
  }

  #guard(connection: Connection, run: () => void): void {
    try {
      run();
    } catch (thrown) {
      connection.cause ??= thrown;
      this.#end(connection, 'an error in its parent');
    }
  }

  #end(connection: Connection | undefined, detail: string): void {
    if (!connection || !this.#connections.delete(connection.socket)) return;
    this.#options.clock.clearTimeout(connection.greetingTimer);
    connection.socket.destroy();
    const { name } = connection;
    if (name === null) return;
    if (this.#children.get(name) === connection) this.#children.delete(name);
    if (this.#closed) return;
    this.#options.on.left(name, toProblem(connection.cause ?? this.#lost(connection, detail)));
  }

  #lost({ name }: Connection, detail: string): FogrunError {
    return lostProblem(`child ${name ?? 'without a name'}`, detail);
  }
}
