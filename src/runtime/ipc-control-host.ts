/** The control socket of a running pipeline: takes whoever may open it, and survives whatever they send. */
import type { Socket } from 'node:net';
import { type Clock, sleep, type Timer } from '../contract/clock.ts';
import type { PipelineControl } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { type Place, placeSocket } from './ipc-control-path.ts';
import { ControlSession } from './ipc-control-session.ts';
import {
  controlPendingBytesMax,
  controlVersion,
  readClientGreeting,
  type ServerGreeting,
  toFrames,
} from './ipc-control-wire.ts';
import {
  freshIpc,
  helloType,
  type IpcMessage,
  listenRefused,
  messageType,
  stopServer,
  welcomeType,
} from './ipc-wire.ts';

export interface ControlServerOptions {
  readonly control: PipelineControl;
  /** Where to listen; the directory is made with mode 0700 if it is missing. */
  readonly socketPath: string;
  /** How this program names itself. */
  readonly agent: string;
  readonly clock: Clock;
  /** Gives up waiting for a predecessor's end. */
  readonly signal?: AbortSignal;
}

export interface ControlServer {
  /** Stops listening, removes the socket, ends each connection after what was sent to it. Resolves within a second. */
  close(): Promise<void>;
}

/** Clients at a time. */
const clientsMax = 64;
/** Connections that have not greeted; beyond them the oldest is ended, so that silent ones shut nobody out. */
const silentMax = 128;
/** Connections at a time, all in all. */
const connectionsMax = 512;
const greetingTimeoutMs = 5_000;
/** Bytes that wait for a client before it counts as behind. */
const behindBytes = 256 * 1024;
/** Somebody who listens there may be a predecessor that is about to end. */
const takeoverMs = 5_000;
const takeoverPollMs = 250;

/**
 * Listens until it is closed.
 * @throws FogrunError as `placeSocket`, and `address-refused` when the system does not let it listen
 */
export async function serveControl(options: ControlServerOptions): Promise<ControlServer> {
  const { socketPath, clock, signal } = options;
  const until = clock.monotonic() + takeoverMs;
  for (;;) {
    try {
      const place = await placeSocket(socketPath, clock);
      const host = new ControlHost(options, place);
      await host.start().finally(() => place.release());
      return host;
    } catch (thrown) {
      const code = thrown instanceof FogrunError ? thrown.code : undefined;
      if (code !== 'address-in-use' || clock.monotonic() >= until || signal?.aborted) throw thrown;
      await sleep(clock, takeoverPollMs, signal);
    }
  }
}

interface Connection {
  readonly socket: Socket;
  readonly greetingTimer: Timer;
  session: ControlSession | null;
}

class ControlHost implements ControlServer {
  readonly #options: ControlServerOptions;
  readonly #place: Place;
  readonly #ipc;
  /** Oldest first. */
  readonly #connections = new Map<Socket, Connection>();
  #clients = 0;
  #started: (error: Error | null) => void = () => {};
  #closed: Promise<void> | null = null;

  constructor(options: ControlServerOptions, place: Place) {
    this.#options = options;
    this.#place = place;
    this.#ipc = freshIpc(place.bindPath);
    // The place is private already, and may be reached through a link.
    this.#ipc.config.secureSocketRoot = false;
    this.#ipc.config.maxConnections = connectionsMax;
    this.#ipc.config.maxPendingBytes = controlPendingBytesMax;
    this.#ipc.serve(place.bindPath);
    this.#ipc.server.on('*', (type, ...rest) => this.#guard(rest, () => this.#take(type, rest)));
  }

  async start(): Promise<void> {
    const { socketPath } = this.#options;
    const listening = new Promise<Error | null>((resolve) => {
      this.#started = resolve;
    });
    let error: unknown;
    try {
      this.#ipc.server.start();
      error = await listening;
      if (!error) return await this.#place.publish();
    } catch (thrown) {
      error = thrown;
    }
    this.#ipc.server.stop();
    throw listenRefused(socketPath, error);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await stopServer(this.#ipc, this.#options.clock, () => {
      this.#place.remove();
      for (const { socket, greetingTimer, session } of this.#connections.values()) {
        this.#options.clock.clearTimeout(greetingTimer);
        session?.close();
        if (session) socket.end();
        else socket.destroy();
      }
    });
    this.#connections.clear();
  }

  /** Nothing that a client does may end the pipeline. */
  #guard([first, second]: unknown[], run: () => void): void {
    try {
      run();
    } catch {
      for (const socket of [first, second]) {
        const connection = this.#connections.get(socket as Socket);
        if (connection) this.#end(connection);
      }
    }
  }

  /** What node-ipc tells of itself (types that no peer can send under its guarded parser), and what peers send. */
  #take(type: string, [first, second]: unknown[]): void {
    if (type === 'start') this.#started(null);
    else if (type === 'error') this.#started(first as Error);
    else if (type === 'connect') this.#open(first as Socket);
    else if (type === 'close') this.#end(this.#connections.get(first as Socket));
    else if (type !== 'socket.disconnected') this.#hear(type, first, second as Socket);
  }

  #hear(type: string, data: unknown, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (!connection || this.#closed) return;
    if (type === helloType && !connection.session) this.#greet(connection, data);
    else if (type === messageType && connection.session) connection.session.take(data);
    else this.#end(connection);
  }

  #open(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const silent = this.#connections.size - this.#clients;
    if (silent >= silentMax) {
      this.#end([...this.#connections.values()].find(({ session }) => !session));
    }
    const greetingTimer = this.#options.clock.setTimeout(() => {
      this.#end(this.#connections.get(socket));
    }, greetingTimeoutMs);
    this.#connections.set(socket, { socket, greetingTimer, session: null });
  }

  #greet(connection: Connection, data: unknown): void {
    const greeting = readClientGreeting(data);
    if (!greeting || this.#clients >= clientsMax) {
      this.#end(connection);
      return;
    }
    const { control, agent } = this.#options;
    const answer: ServerGreeting = {
      control: controlVersion,
      agent,
      pipeline: control.pipeline,
      pid: process.pid,
    };
    const { socket } = connection;
    this.#ipc.server.emit(socket, welcomeType, answer);
    if (greeting.control !== controlVersion) {
      // It knows by now which version it should speak; the greeting's deadline ends it if it stays.
      socket.end();
      return;
    }
    this.#options.clock.clearTimeout(connection.greetingTimer);
    this.#clients += 1;
    connection.session = new ControlSession(control, {
      pid: greeting.pid,
      send: (message) => this.#send(connection, message),
      isBehind: () => socket.writableLength > behindBytes,
      end: () => this.#end(connection),
    });
  }

  #send({ socket }: Connection, message: IpcMessage): void {
    for (const frame of toFrames(message)) {
      // Beyond the bound for a client that does not read, node-ipc destroys the socket.
      if (this.#closed || socket.destroyed || !this.#connections.has(socket)) return;
      this.#ipc.server.emit(socket, messageType, frame);
    }
  }

  #end(connection: Connection | undefined): void {
    if (!connection || !this.#connections.delete(connection.socket)) return;
    this.#options.clock.clearTimeout(connection.greetingTimer);
    connection.socket.destroy();
    if (!connection.session) return;
    this.#clients -= 1;
    connection.session.close();
  }
}
