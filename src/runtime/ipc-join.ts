/** The child's end: joins the parent that started it. */
import { once } from 'node:events';
import type { IpcClient } from 'node-ipc';
import { type Clock, sleep } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { namePattern } from '../domain/segment.ts';
import {
  checkSocketPath,
  checkToken,
  emitMessage,
  freshIpc,
  helloType,
  type IpcMessage,
  isIpcMessage,
  lostProblem,
  messageType,
  welcomeType,
} from './ipc-wire.ts';

export interface JoinEvents {
  message(message: IpcMessage): void;
  /** Exactly once, when the parent goes away; never after `close`. */
  lost(cause: Problem): void;
}

export interface JoinOptions {
  readonly socketPath: string;
  /** A name as src/domain/segment.ts has them. */
  readonly name: string;
  readonly token: string;
  readonly clock: Clock;
  /** How long to try, greeting included, ms. */
  readonly timeoutMs: number;
  /** Called only after the promise resolved. A `message` that throws ends the link with that as the cause. */
  readonly on: JoinEvents;
}

export interface ParentLink {
  /**
   * `false` when the parent is gone and the message was not taken.
   * @throws RangeError when the message is too long or no object
   */
  send(message: object): boolean;
  /** Ends the link after what was sent; resolves when the socket is gone, within a second. */
  close(): Promise<void>;
}

const parentId = 'parent';
const retryMsMin = 20;
const retryMsMax = 500;
/** How long the last words may take, ms. */
const lingerMs = 1_000;

/**
 * Connects and greets, again and again while nobody listens.
 * @throws FogrunError `deadline-missed` when the parent cannot be reached or does not answer in time,
 *   `process-refused` when it closes the connection instead of an answer
 */
export async function joinParent(options: JoinOptions): Promise<ParentLink> {
  const { socketPath, name, clock, timeoutMs } = options;
  checkToken(options.token);
  checkSocketPath(socketPath);
  if (!namePattern.test(name)) throw new RangeError('a child needs a valid name');
  const endMs = clock.monotonic() + timeoutMs;
  let detail = 'it does not answer';
  for (let retryMs = retryMsMin; ; retryMs = Math.min(retryMs * 2, retryMsMax)) {
    const connection = new ParentConnection(options);
    const inTime = new AbortController();
    const late = sleep(clock, Math.max(0, endMs - clock.monotonic()), inTime.signal).then(() => null);
    const outcome = await Promise.race([connection.outcome, late]);
    inTime.abort();
    if (outcome?.type === 'joined') return connection;
    connection.abandon();
    if (outcome?.type === 'refused') {
      throw new FogrunError(
        'process-refused',
        `the parent at ${socketPath} closed the connection before it took the child ${name}`,
      );
    }
    if (outcome) {
      detail = outcome.detail;
      await sleep(clock, Math.max(0, Math.min(retryMs, endMs - clock.monotonic())));
    }
    if (outcome === null || clock.monotonic() >= endMs) {
      throw new FogrunError(
        'deadline-missed',
        `the parent at ${socketPath} did not take the child ${name} within ${timeoutMs} ms: ${detail}`,
      );
    }
  }
}

type Outcome =
  | { readonly type: 'joined' }
  | { readonly type: 'refused' }
  | { readonly type: 'unreachable'; readonly detail: string };

/** One attempt and, when it succeeds, the link. */
class ParentConnection implements ParentLink {
  readonly outcome: Promise<Outcome>;
  readonly #options: JoinOptions;
  readonly #ipc;
  readonly #client: IpcClient;
  #phase: 'connecting' | 'greeting' | 'joined' | 'over' = 'connecting';
  #cause: unknown;
  #settle: (outcome: Outcome) => void = () => {};
  #closed: Promise<void> | null = null;
  /** What came before the caller had the link in its hands; `null` once it has. */
  #early: (() => void)[] | null = [];

  constructor(options: JoinOptions) {
    this.#options = options;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#ipc = freshIpc(options.socketPath);
    this.#ipc.connectTo(parentId, options.socketPath);
    this.#client = this.#ipc.of[parentId]!;
    this.#client.on('*', (type, data) => this.#take(type, data));
  }

  send(message: object): boolean {
    if (!this.#isOpen()) return false;
    emitMessage(message, (data) => this.#client.emit(messageType, data));
    return this.#isOpen();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  abandon(): void {
    this.#phase = 'over';
    this.#ipc.disconnect(parentId);
  }

  async #close(): Promise<void> {
    const { socket } = this.#client;
    this.#phase = 'over';
    if (!socket.destroyed) {
      const inTime = new AbortController();
      const ended = once(socket, 'close', { signal: inTime.signal }).catch(() => {});
      socket.end();
      await Promise.race([ended, sleep(this.#options.clock, lingerMs, inTime.signal)]);
      inTime.abort();
    }
    this.#ipc.disconnect(parentId);
  }

  #isOpen(): boolean {
    return this.#phase === 'joined' && !this.#client.socket.destroyed;
  }

  #take(type: string, data: unknown): void {
    if (this.#phase === 'over' || type === 'destroy') return;
    if (type === 'error') {
      this.#cause ??= data;
    } else if (type === 'disconnect') {
      this.#end();
    } else if (this.#client.socket.destroyed) {
      // The rest of a chunk that began before the connection was given up.
    } else if (type === 'connect') {
      this.#phase = 'greeting';
      const { name, token } = this.#options;
      this.#client.emit(helloType, { name, token });
    } else if (type === welcomeType && this.#phase === 'greeting') {
      this.#join();
    } else if (type === messageType && this.#phase === 'joined' && isIpcMessage(data)) {
      this.#deliver(() => this.#options.on.message(data));
    } else {
      this.#give(new Error('it sent what no parent sends'));
    }
  }

  #join(): void {
    this.#phase = 'joined';
    this.#settle({ type: 'joined' });
    setImmediate(() => {
      const early = this.#early ?? [];
      this.#early = null;
      for (const run of early) run();
    });
  }

  #deliver(call: () => void): void {
    const run = () => {
      if (this.#closed || this.#cause instanceof HandlerError) return;
      try {
        call();
      } catch (thrown) {
        this.#give(new HandlerError(thrown));
      }
    };
    if (this.#early) this.#early.push(run);
    else run();
  }

  /** Gives the connection up; `disconnect` follows. */
  #give(cause: Error): void {
    this.#cause ??= cause;
    this.#client.socket.destroy();
  }

  #end(): void {
    const phase = this.#phase;
    this.#phase = 'over';
    const cause = this.#cause;
    const detail = cause instanceof Error ? cause.message : 'it closed the connection';
    if (phase === 'connecting') this.#settle({ type: 'unreachable', detail });
    else if (phase === 'greeting') this.#settle({ type: 'refused' });
    else this.#lose(cause instanceof HandlerError ? cause.thrown : lostProblem('the parent', detail));
  }

  #lose(cause: unknown): void {
    const tell = () => {
      if (!this.#closed) this.#options.on.lost(toProblem(cause));
    };
    if (this.#early) this.#early.push(tell);
    else tell();
  }
}

/** The child's own `message` threw. */
class HandlerError extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super('an error in the child');
    this.thrown = thrown;
  }
}
