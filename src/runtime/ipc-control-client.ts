/** The other end of a control socket: a running pipeline in the hands of another process. */
import { once } from 'node:events';
import type { IpcClient } from 'node-ipc';
import { type Clock, sleep, type Timer } from '../contract/clock.ts';
import type {
  Acted,
  ActorAction,
  Asker,
  Discarded,
  LetterControl,
  PipelineControl,
  Reloaded,
  SegmentInfo,
  SegmentRange,
  Watcher,
} from '../contract/control.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { FleetControl } from '../contract/fleet.ts';
import type { InspectWatcher } from '../contract/inspect.ts';
import type { LogEntry } from '../contract/report.ts';
import type { PipelineStatus } from '../contract/status.ts';
import type { Weather } from '../contract/weather.ts';
import type { EdgeWhere } from '../contract/where.ts';
import { printable } from '../domain/text.ts';
import {
  checkReloaded,
  checkStatus,
  checkWhere,
  isEntry,
  readBody,
  readList,
} from './ipc-control-answers.ts';
import { type Greeted, greet } from './ipc-control-greet.ts';
import { remoteLetters } from './ipc-control-letters.ts';
import { readFrames } from './ipc-control-view-answers.ts';
import { remoteViews, tooOld } from './ipc-control-views.ts';
import { createJoiner, readProblem, toError } from './ipc-control-wire.ts';
import { emitMessage, type IpcMessage, isIpcMessage, messageType } from './ipc-wire.ts';

/** As in the process itself; `watch` ends with `control-lost` when the connection does. */
export interface RemoteControl extends PipelineControl {
  readonly socketPath: string;
  readonly pid: number;
  /** The program that runs it, such as `fogrun/0.1.0`. */
  readonly agent: string;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Ends the connection; watchers hear nothing more. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly clock: Clock;
  /** How this program names itself. */
  readonly agent: string;
  /** For the connection and the greeting, ms. */
  readonly timeoutMs?: number;
}

const connectTimeoutMs = 2_000;
const lingerMs = 1_000;
/** How long an answer may take, ms: an actor has 2 s for coming to rest, and a restart ends a life first. */
const answerTimeoutMs = { quick: 5_000, act: 15_000, slow: 30_000, reload: 60_000 };

/**
 * Connects and greets.
 * @throws FogrunError `control-absent` when nobody listens there, `control-version`, `control-refused` when it may not
 *   be opened or the other side hangs up, `deadline-missed`
 */
export async function connectControl(socketPath: string, options: ConnectOptions): Promise<RemoteControl> {
  const greeted = await greet(socketPath, { timeoutMs: connectTimeoutMs, ...options });
  return new ControlClient(socketPath, options.clock, greeted);
}

interface Question {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: FogrunError) => void;
  readonly timer: Timer;
}

/** Who hears what a question brings in the course of time. */
interface Follower {
  hear(what: string, value: unknown): void;
  over(cause: Problem | null): void;
}

class ControlClient implements RemoteControl {
  readonly socketPath: string;
  readonly pipeline: string;
  readonly pid: number;
  readonly agent: string;
  readonly gone: Promise<void>;
  readonly letters: LetterControl = remoteLetters((ask) => this.#ask(ask, answerTimeoutMs.slow));
  readonly #clock: Clock;
  readonly #client: IpcClient;
  readonly #disconnect: () => void;
  readonly #join = createJoiner();
  readonly #questions = new Map<number, Question>();
  readonly #followers = new Map<number, Follower>();
  #lastId = 0;
  #closed: Promise<void> | null = null;
  #over = false;
  #leave: () => void = () => {};

  constructor(socketPath: string, clock: Clock, { client, greeting, disconnect, hand }: Greeted) {
    this.socketPath = socketPath;
    this.pipeline = greeting.pipeline;
    this.pid = greeting.pid;
    this.agent = greeting.agent;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#clock = clock;
    this.#client = client;
    this.#disconnect = disconnect;
    hand((type, data) => this.#take(type, data));
  }

  async status(): Promise<PipelineStatus> {
    return checkStatus(await this.#ask({ ask: 'status' }, answerTimeoutMs.quick));
  }

  watch(watcher: Watcher, options: { everyMs?: number; entriesMax?: number } = {}): () => void {
    return this.#follow({ ask: 'watch', ...options }, watcher, (what, value) => {
      if (what === 'status') watcher.status(checkStatus(value));
      else if (what === 'entry' && isEntry(value)) watcher.entry(value as LogEntry);
    });
  }

  /** Tells `hear` what comes for that question, until it is over or the returned function is called. */
  #follow(question: IpcMessage, watcher: Pick<Follower, 'over'>, hear: Follower['hear']): () => void {
    const id = this.#lastId + 1;
    const over = (cause: Problem | null) => watcher.over(cause);
    this.#followers.set(id, { hear, over });
    this.#ask(question, answerTimeoutMs.quick).catch((thrown) => {
      // In a turn of its own: whoever watches has what `watch` returns by then.
      if (this.#followers.delete(id)) over(toProblem(tooOld(thrown, this.#name())));
    });
    return () => {
      if (!this.#followers.delete(id) || this.#over) return;
      this.#ask({ ask: 'unwatch', watch: id }, answerTimeoutMs.quick).catch(() => {});
    };
  }

  async act(actor: string, action: ActorAction, by: Asker): Promise<Acted> {
    const answer = await this.#ask({ ask: 'act', actor, action, by }, answerTimeoutMs.act);
    const { from, to } = isIpcMessage(answer) ? answer : ({} as IpcMessage);
    return { from: String(from), to: String(to) };
  }

  async stop(by: Asker): Promise<void> {
    await this.#ask({ ask: 'stop', by }, answerTimeoutMs.quick);
  }

  async reload(by: Asker, { dryRun = false } = {}): Promise<Reloaded> {
    return checkReloaded(await this.#ask({ ask: 'reload', by, dryRun }, answerTimeoutMs.reload));
  }

  async segments(): Promise<readonly SegmentInfo[]> {
    const all: SegmentInfo[] = [];
    for (;;) {
      const answer = await this.#ask({ ask: 'segments', from: all.length }, answerTimeoutMs.slow);
      const { total, list } = readList(answer);
      all.push(...list);
      if (all.length >= total || list.length === 0) return all;
    }
  }

  async where(stream: string, seq: number): Promise<EdgeWhere> {
    return checkWhere(await this.#ask({ ask: 'where', stream, seq }, answerTimeoutMs.slow));
  }

  async segmentBody(stream: string, sequence: number): Promise<Uint8Array> {
    return readBody((from) => this.#ask({ ask: 'body', stream, sequence, from }, answerTimeoutMs.slow));
  }

  async discard(range: SegmentRange, by: Asker, reason = ''): Promise<Discarded> {
    const answer = await this.#ask({ ask: 'discard', range, by, reason }, answerTimeoutMs.slow);
    const { segments, readings, bytes } = isIpcMessage(answer) ? answer : ({} as IpcMessage);
    return { segments: Number(segments), readings: Number(readings), bytes: Number(bytes) };
  }

  inspect(watcher: InspectWatcher): () => void {
    return this.#follow({ ask: 'inspect' }, watcher, (what, value) => {
      if (what === 'frames') watcher.frames(readFrames(value));
    });
  }

  readonly #views = remoteViews(
    (ask) => this.#ask(ask, answerTimeoutMs.slow),
    () => this.#name(),
  );
  readonly fleet: FleetControl = this.#views.fleet;

  weather(sinceMs: number, edge?: string): Promise<Weather> {
    return this.#views.weather(sinceMs, edge);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { socket } = this.#client;
    this.#followers.clear();
    if (!socket.destroyed) {
      const inTime = new AbortController();
      const ended = once(socket, 'close', { signal: inTime.signal }).catch(() => {});
      socket.end();
      await Promise.race([ended, sleep(this.#clock, lingerMs, inTime.signal)]);
      inTime.abort();
    }
    this.#end('it was closed here');
    this.#disconnect();
  }

  #ask(ask: IpcMessage, timeoutMs: number): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#over || this.#closed) return Promise.reject(this.#lost('it is closed'));
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        this.#questions.delete(id);
        const late = `${this.#name()} did not answer \`${ask.ask}\` within ${timeoutMs / 1_000} s`;
        reject(new FogrunError('deadline-missed', late));
      }, timeoutMs);
      this.#questions.set(id, { resolve, reject, timer });
      emitMessage({ id, ...ask }, (message) => this.#client.emit(messageType, message));
    });
  }

  #take(type: string, data: unknown): void {
    if (this.#over) return;
    if (type === 'disconnect') this.#end('it closed the connection');
    if (type !== messageType || !isIpcMessage(data)) return;
    try {
      const message = this.#join(data);
      if (message) this.#hear(message);
    } catch {
      // `disconnect` follows.
      this.#client.socket.destroy();
    }
  }

  #hear(message: IpcMessage): void {
    const id = message.id as number;
    if (typeof message.watch === 'string') {
      this.#tell(id, message.watch, message.value);
      return;
    }
    const question = this.#questions.get(id);
    if (!question) return;
    this.#questions.delete(id);
    this.#clock.clearTimeout(question.timer);
    if (message.problem === undefined) question.resolve(message.answer);
    else question.reject(toError(readProblem(message.problem)));
  }

  #tell(id: number, what: string, value: unknown): void {
    const follower = this.#followers.get(id);
    if (!follower) return;
    try {
      if (what === 'over') {
        this.#followers.delete(id);
        follower.over(value === null ? null : readProblem(value));
      } else follower.hear(what, value);
    } catch {
      // A watcher that throws is dropped, as in the process itself.
      this.#followers.delete(id);
      this.#ask({ ask: 'unwatch', watch: id }, answerTimeoutMs.quick).catch(() => {});
    }
  }

  #end(detail: string): void {
    if (this.#over) return;
    this.#over = true;
    const followers = [...this.#followers.values()];
    const questions = [...this.#questions.values()];
    this.#followers.clear();
    this.#questions.clear();
    for (const { reject, timer } of questions) {
      this.#clock.clearTimeout(timer);
      reject(this.#lost(detail));
    }
    for (const { over } of followers) {
      try {
        over(toProblem(this.#lost(detail)));
      } catch {
        // Its own affair.
      }
    }
    this.#leave();
  }

  #name(): string {
    return `pipeline ${printable(this.pipeline)} (pid ${this.pid})`;
  }

  #lost(detail: string): FogrunError {
    return new FogrunError('control-lost', `the connection to ${this.#name()} ended: ${detail}`);
  }
}
