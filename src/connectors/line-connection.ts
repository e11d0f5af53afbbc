/** One connection of a tcp-source: lines in, readings out, and word of what became of them. */
import type { TcpSourceConfig } from '../../machines/tcp-source.ts';
import type { Clock, Timer } from '../contract/clock.ts';
import { intakeRules } from '../contract/intake-config.ts';
import { rateOf } from '../contract/rate-config.ts';
import type { Connection } from '../contract/transport.ts';
import { LineIntake, type TakenLines } from '../domain/line-intake.ts';
import { TokenBucket } from '../domain/token-bucket.ts';
import { AckLines } from './ack-lines.ts';
import type { Complaints } from './complaints.ts';
import { type JudgedBlock, Ledger } from './ledger.ts';
import type { Outlet } from './outlet.ts';

export interface LineConnectionEnv {
  readonly config: TcpSourceConfig;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly complaints: Complaints;
  /** Takes what only a programming error can throw. */
  readonly broken: (thrown: unknown) => void;
  /** Aborts when the source ends at once. */
  readonly signal: AbortSignal;
}

/** Most memory that what is not accepted yet may stand for. */
const unacceptedBytesMax = 8 * 2 ** 20;
/** Refusals of one block that are kept in words; the others are counted. */
const wordedMax = 100;
/** Refusals that the log tells when the sender is not told. */
const loggedMax = 5;
/** Whoever has been held back for so long may lose its place: a socket that is not read does not show that nobody is there. */
const placeMsMin = 10_000;
/** After this side has ended first: how long the other may go on, so that what it was told is not lost in a reset. */
const lingerMs = 500;

export class LineConnection {
  /** Resolves when the connection is closed and everything that was taken from it is accepted. */
  readonly ended: Promise<void>;
  readonly #resolveEnded: () => void;
  readonly #connection: Connection;
  readonly #env: LineConnectionEnv;
  readonly #lines: LineIntake;
  readonly #ledger: Ledger;
  /** Null when the sender does not want to be told. */
  readonly #acks: AckLines | null;
  #logged = 0;
  #heldBack = false;
  readonly #bucket: TokenBucket | null;
  #rateTimer: Timer | undefined;
  /** Ends the waiting for its turn at the outlet. */
  #waitNoLonger: (() => void) | undefined;
  /** Nothing more is taken. */
  #over = false;
  #ended = false;
  /** The sender has ended, and all that came before is judged. */
  #endTaken = false;
  #closed = false;
  #lastDataMs: number;
  #idleTimer: Timer | undefined;
  #lingerTimer: Timer | undefined;
  #placeTimer: Timer | undefined;

  constructor(connection: Connection, env: LineConnectionEnv) {
    const { config, clock } = env;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#connection = connection;
    this.#env = env;
    this.#lines = new LineIntake(intakeRules(config));
    this.#ledger = new Ledger((blocks) => this.#dealtWith(blocks));
    const mute = () => this.#disconnect('did not read what it was told');
    this.#acks = config.acks ? new AckLines(connection, clock, config['ack-timeout'], mute) : null;
    this.#lastDataMs = clock.monotonic();
    const rate = rateOf(config.rate);
    this.#bucket = rate && new TokenBucket(rate, clock.monotonic());
    // Before anything is read: when the port is full, not even the first bytes are taken.
    this.#goOn();
    connection.listen({
      onData: (bytes) => this.#read(bytes),
      onEnd: () => this.#readEnd(),
      onDrain: () => {
        this.#acks?.drained();
        this.#goOn();
      },
      onClose: () => this.#close(),
    });
    this.#watchIdle();
  }

  /** Takes nothing more, also not the line that is not whole yet; ends once what was taken is accepted. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#holdBack();
    this.#goOn();
  }

  /** Ends at once. The sender sees an error: an end in order would say that all it sent is accepted. */
  destroy(): void {
    this.#connection.reset();
  }

  #read(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#lastDataMs = this.#env.clock.monotonic();
    const isFirst = this.#lines.nextLine === 1 && this.#lines.unfinishedBytes === 0;
    if (isFirst && isHttpRequest(bytes)) {
      this.#over = true;
      this.#disconnect('sent an HTTP request, which is for an http-source');
      return;
    }
    this.#takeAll((time) => this.#lines.push(bytes, time));
    this.#slow(bytes.length);
    this.#goOn();
  }

  /** Reads no further for as long as more has come than may. */
  #slow(bytes: number): void {
    const { clock } = this.#env;
    const waitMs = this.#bucket?.take(bytes, clock.monotonic()) ?? 0;
    if (waitMs === 0) return;
    clock.clearTimeout(this.#rateTimer);
    this.#rateTimer = clock.setTimeout(() => {
      this.#rateTimer = undefined;
      this.#goOn();
    }, waitMs);
  }

  /** The last line counts also without a newline, unless it may be half of one. */
  #readEnd(): void {
    if (this.#over) return;
    this.#takeAll((time) => this.#lines.end(time, { maybeCut: true }));
    this.#endTaken = true;
    this.#over = true;
    this.#goOn();
  }

  #takeAll(judge: (time: string) => readonly TakenLines[]): void {
    try {
      const time = new Date(this.#env.clock.now()).toISOString();
      for (const taken of judge(time)) this.#take(taken);
    } catch (thrown) {
      this.#env.broken(thrown);
      this.destroy();
    }
  }

  #take(taken: TakenLines): void {
    const { config, outlet, signal } = this.#env;
    const { lines, count, refused, firstLine, linesRead, sourceBytes } = taken;
    const refusals = taken.refusals.slice(0, wordedMax);
    const block: JudgedBlock = { accepted: count, refused, refusals, line: firstLine + linesRead - 1 };
    const accepted = this.#ledger.enter(block, Math.max(sourceBytes, lines.length));
    outlet
      .send({ stream: config.stream, lines, count, ...(taken.stamped ? { stamped: true } : {}) }, signal)
      .then(accepted, () => {
        // The source was ended at once. What still waited was never promised to anybody.
        this.#over = true;
        this.#ledger.clear();
        this.destroy();
        this.#goOn();
      });
  }

  #dealtWith(blocks: readonly JudgedBlock[]): void {
    if (this.#acks) this.#acks.tell(blocks, this.#ledger.total);
    else for (const block of blocks) this.#log(block);
    this.#goOn();
  }

  #log({ refusals }: JudgedBlock): void {
    for (const { line, reason } of refusals.slice(0, loggedMax - this.#logged)) {
      this.#logged += 1;
      this.#env.complaints.say(`${this.#connection.remote}: line ${line} was refused: ${reason}`);
    }
  }

  /** Decides, after everything that happens, whether to read on, to hold back, or to end. */
  #goOn(): void {
    const { outlet } = this.#env;
    if (this.#over) this.#waitNoLonger?.();
    if (this.#closed) {
      if (this.#ledger.empty) this.#resolve();
    } else if (this.#over) {
      if (!this.#ledger.empty) outlet.flush();
      else if (!this.#acks?.unread) this.#endConnection();
    } else if (this.#ledger.bytes > unacceptedBytesMax || this.#acks?.unread) {
      this.#holdBack();
      outlet.flush();
    } else if (this.#rateTimer !== undefined) {
      this.#holdBack();
    } else if (!outlet.open) {
      this.#holdBack();
      this.#awaitTurn();
    } else if (this.#heldBack) {
      this.#heldBack = false;
      this.#connection.resume();
    }
    this.#offerPlace(!this.#closed && (this.#heldBack || this.#over));
  }

  #holdBack(): void {
    if (this.#heldBack) return;
    this.#heldBack = true;
    this.#connection.pause();
  }

  #awaitTurn(): void {
    this.#waitNoLonger ??= this.#env.outlet.whenOpen(() => {
      this.#waitNoLonger = undefined;
      this.#goOn();
      return !this.#heldBack && !this.#over && !this.#closed;
    });
  }

  /** @param waits nothing is read, or nothing more will be */
  #offerPlace(waits: boolean): void {
    if (waits === (this.#placeTimer !== undefined)) return;
    const { clock } = this.#env;
    if (waits) {
      const turnOut = () =>
        this.#disconnect('was held back for long while a new connection needed the place');
      this.#placeTimer = clock.setTimeout(() => this.#connection.mayYield?.(turnOut), placeMsMin);
    } else {
      clock.clearTimeout(this.#placeTimer);
      this.#placeTimer = undefined;
      this.#connection.mayYield?.(null);
    }
  }

  #endConnection(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Told nothing, the sender would take an end for the word that all it sent is accepted.
    if (!this.#endTaken && !this.#acks) {
      this.destroy();
      return;
    }
    this.#connection.end();
    if (this.#endTaken) return;
    // What still comes is passed over: unread, it would turn the end into a reset.
    this.#connection.resume();
    this.#lingerTimer = this.#env.clock.setTimeout(() => this.destroy(), lingerMs);
  }

  #disconnect(why: string): void {
    this.#env.complaints.say(`${this.#connection.remote} ${why}, and was disconnected`);
    this.destroy();
  }

  #watchIdle(): void {
    const { clock, config } = this.#env;
    const idleMs = config['idle-timeout'];
    if (idleMs === undefined || this.#over || this.#closed) return;
    // Whoever is held back does not idle.
    if (this.#heldBack) this.#lastDataMs = clock.monotonic();
    const leftMs = this.#lastDataMs + idleMs - clock.monotonic();
    if (leftMs <= 0) this.end();
    else this.#idleTimer = clock.setTimeout(() => this.#watchIdle(), leftMs);
  }

  #close(): void {
    this.#closed = true;
    this.#over = true;
    this.#acks?.stop();
    this.#env.clock.clearTimeout(this.#idleTimer);
    this.#env.clock.clearTimeout(this.#lingerTimer);
    this.#env.clock.clearTimeout(this.#rateTimer);
    this.#goOn();
  }

  #resolve(): void {
    const { accepted, refused } = this.#ledger.total;
    if (refused > 0) {
      this.#env.complaints.say(`from ${this.#connection.remote}: ${accepted} accepted, ${refused} refused`);
    }
    this.#resolveEnded();
  }
}

/**
 * Whether the first bytes of a connection are those of an HTTP request. A web page can make a browser send one to any port of
 * this machine, with readings of its choice as lines of the body.
 */
function isHttpRequest(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1');
  return /^[A-Z]{3,10} [/*]/.test(start);
}
