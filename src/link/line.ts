/**
 * What both ends of a link have in common: preamble, frames, heartbeat, deadlines and an orderly end over one
 * Connection. It knows no payloads; EdgeLink and CloudLink give it its rules.
 */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Connection } from '../contract/transport.ts';
import { formatDuration } from '../domain/quantities.ts';
import { TokenBucket } from '../domain/token-bucket.ts';
import { FrameChecks, sumBytes } from './checks.ts';
import { FrameReader, framePieces, frameTypes, preamble } from './frames.ts';
import { Heart } from './heart.ts';
import type { LinkLimits } from './limits.ts';

export interface LineRules {
  /** The other side, for messages: `the cloud`. */
  readonly peer: string;
  /** A complete frame. May throw: a FogrunError is what the other side did wrong. */
  frame(type: number, payload: Uint8Array): void;
  /** The other side broke the protocol; the rules decide what it is told, and must end the line. */
  broken(error: FogrunError): void;
  /** Whether a heartbeat may be sent now. */
  mayBeat(): boolean;
  /** The connection began or ceased to take more bytes. */
  room(): void;
  /** Over, exactly once; nothing is called afterwards. */
  closed(problem?: Problem): void;
}

export class Line {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #limits: LinkLimits;
  readonly #rules: LineRules;
  readonly #reader: FrameReader;
  readonly #checks = new FrameChecks();
  readonly #heart: Heart;
  readonly #holds = new Set<string>();
  #state: 'open' | 'ending' | 'closed' = 'open';
  #preambleSent = false;
  #blocked = false;
  #unreadBytes = 0;
  #handshakeTimer: Timer | undefined;
  #endTimer: Timer | undefined;
  readonly #bucket: TokenBucket | null;
  #rateTimer: Timer | undefined;
  #frameTimer: Timer | undefined;
  #watchedFrame = -1;
  #watchedBytes = 0;
  #endProblem: Problem | undefined;

  constructor(connection: Connection, clock: Clock, limits: LinkLimits, rules: LineRules) {
    this.#connection = connection;
    this.#clock = clock;
    this.#limits = limits;
    this.#rules = rules;
    this.#bucket = limits.rate && new TokenBucket(limits.rate, clock.monotonic());
    this.#reader = new FrameReader((type, payload) => {
      const sent = this.#checks.open(type, payload);
      this.#rules.frame(sent.type, sent.payload);
    });
    this.#heart = new Heart(clock, {
      beat: () => {
        // A blocked connection carries bytes already, or is dead: a heartbeat would only queue up.
        if (!this.#blocked && this.#rules.mayBeat()) this.send(frameTypes.heartbeat);
      },
      silent: (silentMs) =>
        this.fail(
          new FogrunError('link-silent', `${this.where} sent nothing for ${formatDuration(silentMs)}`),
        ),
    });
    this.#handshakeTimer = clock.setTimeout(() => {
      this.fail(
        new FogrunError(
          'deadline-missed',
          `the greeting with ${this.where} was not over within ${limits.handshakeMs} ms`,
        ),
      );
    }, limits.handshakeMs);
  }

  /** Begins to listen; apart from the constructor, because a connection may have something to say at once. */
  start(): void {
    this.#connection.listen({
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => this.#onDrain(),
      onClose: (problem) => this.#onClose(problem),
    });
  }

  /** Other side and address, for messages. */
  get where(): string {
    return `${this.#rules.peer} at ${this.#connection.remote}`;
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  /** True from a `write` that found the buffer full until it drained. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** When anything came from the other side, monotonic ms. */
  get heardAt(): number {
    return this.#heart.heardAt;
  }

  /** Bytes written since the connection is blocked. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Whether nothing at all has come that could be the beginning of a greeting. */
  get peerSilent(): boolean {
    return !this.#reader.greeted && this.#reader.partialBytes === 0;
  }

  /** Whether the other side's preamble has come and was one of this protocol. */
  get peerKnown(): boolean {
    return this.#reader.greeted;
  }

  /**
   * Sends a frame, after the preamble if it is the first. Ignored unless the line is open. A long last part is written as it
   * is and must not change any more.
   */
  send(type: number, ...payload: readonly Uint8Array[]): void {
    if (this.#state !== 'open') return;
    const sealed = this.#checks.seal(type, payload);
    const [first, ...rest] = framePieces(sealed.type, payload, sealed.sum);
    const start = this.#preambleSent ? first! : Buffer.concat([preamble, first!]);
    this.#preambleSent = true;
    this.#heart.sent();
    this.#write(start);
    for (const piece of rest) this.#write(piece);
  }

  #write(bytes: Uint8Array): void {
    const room = this.#connection.write(bytes);
    if (this.#blocked) this.#unreadBytes += bytes.length;
    else if (!room && this.open) {
      this.#blocked = true;
      this.#unreadBytes = bytes.length;
      this.#rules.room();
    }
  }

  /** The greeting is over: its deadline ends, and the limits agreed take effect. */
  greeted(agreed: { lengthMax: number; heartbeatMs: number }): void {
    this.#clock.clearTimeout(this.#handshakeTimer);
    this.#reader.lengthMax = agreed.lengthMax;
    this.#heart.setEvery(agreed.heartbeatMs);
  }

  /** From now on frames have sums; see `FrameChecks.agree`. After `greeted`. */
  check(peerBegan: boolean): void {
    this.#checks.agree(peerBegan);
    this.#reader.lengthMax += sumBytes;
    this.#reader.wrongLength = 'link-damaged';
  }

  /**
   * Stops reading for `reason`, or takes that reason back; reading goes on when none is left. No frame is handed on
   * meanwhile: those that had been read already come first afterwards, or when the other side has closed the connection;
   * when this side ends the line before, they are forgotten.
   */
  hold(reason: string, on: boolean): void {
    if (!this.open) return;
    const before = this.#holds.size > 0;
    if (on) this.#holds.add(reason);
    else this.#holds.delete(reason);
    const after = this.#holds.size > 0;
    if (before === after) return;
    this.#heart.hold(after);
    if (after) {
      this.#clock.clearTimeout(this.#frameTimer);
      this.#watchedFrame = -1;
      this.#reader.pause();
      this.#connection.pause();
      return;
    }
    this.#read(() => this.#reader.resume());
    // What had been read may have been a reason to hold again, and may have ended the line in order.
    if (this.#state !== 'closed' && this.#holds.size === 0) this.#connection.resume();
  }

  /**
   * Flushes, closes in order, and is over when the other side has closed too, at the latest after the deadline.
   * What still comes is thrown away.
   */
  finish(error?: FogrunError): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#endProblem = error && toProblem(error);
    this.#stop();
    this.#endTimer = this.#clock.setTimeout(() => {
      this.#report(this.#endProblem, 'destroy');
    }, this.#limits.goodbyeMs);
    if (this.#holds.size > 0) this.#connection.resume();
    this.#connection.end();
  }

  /** Closes at once. */
  fail(error: FogrunError): void {
    this.#destroy(toProblem(error));
  }

  /** Closes at once, because the owner wants it. */
  destroy(): void {
    this.#destroy(undefined);
  }

  #destroy(problem: Problem | undefined): void {
    this.#report(this.#state === 'ending' ? this.#endProblem : problem, 'destroy');
  }

  #stop(): void {
    this.#reader.stop();
    this.#heart.stop();
    this.#clock.clearTimeout(this.#handshakeTimer);
    this.#clock.clearTimeout(this.#frameTimer);
    this.#clock.clearTimeout(this.#endTimer);
    this.#clock.clearTimeout(this.#rateTimer);
  }

  #report(problem: Problem | undefined, connection?: 'destroy'): void {
    if (this.#state === 'closed') return;
    // First, for a connection may answer `destroy` with `onClose` at once.
    this.#state = 'closed';
    this.#stop();
    if (connection === 'destroy') this.#connection.destroy();
    this.#rules.closed(problem);
  }

  #onData(bytes: Uint8Array): void {
    if (!this.open) return;
    this.#heart.received();
    this.#read(() => this.#reader.push(bytes));
    this.#slow(bytes.length);
  }

  /** Reads no further for as long as the other side has sent more than it may. */
  #slow(bytes: number): void {
    const waitMs = this.#bucket?.take(bytes, this.#clock.monotonic()) ?? 0;
    if (waitMs === 0 || !this.open) return;
    this.hold('rate', true);
    this.#clock.clearTimeout(this.#rateTimer);
    this.#rateTimer = this.#clock.setTimeout(() => this.hold('rate', false), waitMs);
  }

  /** Lets the reader find frames, and judges what it complains of. */
  #read(step: () => void): void {
    try {
      step();
      if (this.open && this.#holds.size === 0) this.#watchFrame();
    } catch (thrown) {
      if (!this.open) return;
      if (thrown instanceof FogrunError && thrown.code.startsWith('link-')) {
        this.#rules.broken(
          new FogrunError(thrown.code, `${this.where}: ${thrown.message}`, { cause: thrown }),
        );
      } else this.#destroy(toProblem(thrown));
    }
  }

  #onDrain(): void {
    if (!this.open || !this.#blocked) return;
    this.#blocked = false;
    this.#unreadBytes = 0;
    this.#rules.room();
  }

  #onClose(problem: Problem | undefined): void {
    // What had been read before counts as if there had been no hold: there may be a goodbye in it. It is little.
    if (this.open) this.#read(() => this.#reader.resume());
    if (this.#state === 'ending') {
      this.#report(this.#endProblem);
      return;
    }
    const partly = this.#reader.partialBytes > 0 ? ' in the middle of a frame' : '';
    const why = problem?.message ?? 'it closed the connection';
    this.#report(
      toProblem(new FogrunError('link-lost', `${this.where} is gone${partly} without goodbye: ${why}`)),
    );
  }

  /** Watches a frame that has begun: complete within the window, or growing at the least rate. */
  #watchFrame(): void {
    const { frames, partialBytes } = this.#reader;
    if (partialBytes > 0 && frames === this.#watchedFrame) return;
    this.#clock.clearTimeout(this.#frameTimer);
    this.#watchedFrame = -1;
    if (partialBytes === 0) return;
    this.#watchedFrame = frames;
    this.#watchedBytes = 0;
    this.#armFrame();
  }

  #armFrame(): void {
    const { frameMs, bytesPerSecondMin } = this.#limits;
    this.#frameTimer = this.#clock.setTimeout(() => {
      const { partialBytes } = this.#reader;
      const grown = partialBytes - this.#watchedBytes;
      if (grown * 1_000 >= bytesPerSecondMin * frameMs) {
        this.#watchedBytes = partialBytes;
        this.#armFrame();
        return;
      }
      this.fail(
        new FogrunError(
          'deadline-missed',
          `${this.where} sent ${grown} bytes of a frame within ${frameMs} ms, expected the whole frame or ${bytesPerSecondMin} bytes a second`,
        ),
      );
    }, frameMs);
  }
}
