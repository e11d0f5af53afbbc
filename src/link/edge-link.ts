/** The edge's end of a link: greets, sends segments within the window, takes acknowledgements and messages. */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem } from '../contract/errors.ts';
import type { Compression, Hello, Refusal, Welcome } from '../contract/link.ts';
import type { Acknowledgement } from '../contract/port.ts';
import type { Connection } from '../contract/transport.ts';
import type { CloudMessage } from '../domain/message.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { greetingSum, isChecked, withCheck } from './checks.ts';
import { frameTypes, isExtension, typeText } from './frames.ts';
import {
  checkOwn,
  decodeGoodbye,
  decodeMessage,
  decodeRefusal,
  decodeWelcome,
  encodeJson,
  fitReason,
} from './json.ts';
import { answerBytesMax, greetingBytesMax, type LinkLimits, linkLimits, windowBytesMin } from './limits.ts';
import { Line } from './line.ts';
import { Pace } from './pace.ts';
import { decodeAck } from './payloads.ts';
import { isSegmentRefusal, LinkRefusedError } from './refused.ts';
import { segmentPayload } from './segment-payload.ts';
import { Window } from './window.ts';

export interface EdgeLinkOptions {
  readonly clock: Clock;
  readonly hello: Hello;
  /** Most segments and bytes on their way, if that is less than the cloud admits; how many bytes it takes is measured. */
  readonly window?: { readonly segments: number; readonly bytes: number };
  /** Other deadlines than the protocol's, for tests. */
  readonly limits?: Partial<LinkLimits>;
  readonly on: {
    /** The cloud has every segment of the stream up to this one, if the store finds the hash right. */
    acknowledged(ack: Acknowledgement): void;
    message(message: CloudMessage): void;
    /** With `stream` and `sequence` one segment is refused; otherwise the link ends and `closed` follows. */
    refused(refusal: Refusal): void;
    /** Exactly once, last of all; without a problem when this side wanted it. */
    closed(problem?: Problem): void;
  };
}

export interface EdgeLink {
  readonly remote: string;
  /** Rejects with a FogrunError; a LinkRefusedError when the cloud said why. Need not be awaited. */
  readonly greeting: Promise<Welcome>;
  /** Segments and bytes sent and not answered. */
  readonly unanswered: { readonly segments: number; readonly bytes: number };
  /**
   * Sends a segment as soon as the window admits it, in the order of the calls. `body` is plain or what `compression`
   * made of it, and must not change until it is answered. Resolves when the connection takes more bytes: no evidence that anything arrived, and it waits as long as the cloud holds back, so the caller's own deadline
   * for acknowledgements decides. Rejects with `segment-refused` when the segment is too long for this cloud (the link
   * lives on), `link-lost` or the link's problem when it ends first, `internal` for a wrong call.
   */
  send(header: SegmentHeader, body: Uint8Array, compression?: Compression): Promise<void>;
  /** Sends no more; resolves when the link has ended, within the goodbye deadline. Never rejects. */
  goodbye(reason: string): Promise<void>;
  /** Ends at once; `closed` is called before this returns. */
  destroy(): void;
}

interface Sending {
  readonly header: SegmentHeader;
  readonly payload: readonly Uint8Array[];
  resolve(): void;
  reject(error: Error): void;
}

/** Sends the greeting at once. Throws `internal` when `hello` is not as the protocol wants it. */
export function openEdgeLink(connection: Connection, options: EdgeLinkOptions): EdgeLink {
  return new EdgeEnd(connection, options);
}

class EdgeEnd implements EdgeLink {
  readonly remote: string;
  readonly greeting: Promise<Welcome>;
  readonly #options: EdgeLinkOptions;
  readonly #limits: LinkLimits;
  readonly #line: Line;
  /** Of HELLO, as it was sent. */
  readonly #greetingSum: number;
  readonly #window = new Window();
  readonly #queue: Sending[] = [];
  readonly #dialledMs: number;
  #pace: Pace | undefined;
  #written: Sending | undefined;
  #welcome: Welcome | undefined;
  #welcomed!: (welcome: Welcome) => void;
  #notWelcomed!: (error: Error) => void;
  readonly #ended: Promise<void>;
  #end!: () => void;
  #goodbyeTimer: Timer | undefined;
  #goodbyeSaid = false;
  #error: FogrunError | undefined;

  constructor(connection: Connection, options: EdgeLinkOptions) {
    checkOwn('HELLO', options.hello);
    const greeting = withCheck(encodeJson(options.hello));
    if (greeting.length + 1 > greetingBytesMax) throw new FogrunError('internal', 'own HELLO is too long');
    this.#greetingSum = greetingSum(greeting);
    this.remote = connection.remote;
    this.#options = options;
    this.#limits = { ...linkLimits, ...options.limits };
    this.greeting = new Promise((resolve, reject) => {
      this.#welcomed = resolve;
      this.#notWelcomed = reject;
    });
    this.greeting.catch(() => {});
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#line = new Line(connection, options.clock, this.#limits, {
      peer: 'the cloud',
      frame: (type, payload) => this.#frame(type, payload),
      broken: (error) => this.#fail(error),
      mayBeat: () => true,
      room: () => this.#pump(),
      closed: (problem) => this.#closed(problem),
    });
    this.#dialledMs = options.clock.monotonic();
    this.#line.send(frameTypes.hello, greeting);
    this.#line.start();
  }

  get unanswered(): { segments: number; bytes: number } {
    return { segments: this.#window.segments, bytes: this.#window.bytes };
  }

  send(header: SegmentHeader, body: Uint8Array, compression: Compression = 'none'): Promise<void> {
    return new Promise((resolve, reject) => {
      const payload = this.#prepare(header, body, compression);
      this.#queue.push({ header, payload, resolve, reject });
      this.#pump();
    });
  }

  goodbye(reason: string): Promise<void> {
    if (this.#line.open && !this.#goodbyeSaid) {
      this.#goodbyeSaid = true;
      this.#rejectAll(new FogrunError('link-lost', 'this side said goodbye before the segment was sent'));
      this.#line.send(frameTypes.goodbye, encodeJson({ reason: fitReason(reason) }));
      this.#goodbyeTimer = this.#options.clock.setTimeout(() => {
        const { goodbyeMs } = this.#limits;
        this.#fail(
          new FogrunError(
            'deadline-missed',
            `${this.#line.where} did not answer goodbye within ${goodbyeMs} ms`,
          ),
        );
      }, this.#limits.goodbyeMs);
    }
    return this.#ended;
  }

  destroy(): void {
    this.#error ??= new FogrunError('link-lost', `this side ended the link to ${this.#line.where}`);
    this.#line.destroy();
  }

  /** Throws what `send` rejects with. */
  #prepare(header: SegmentHeader, body: Uint8Array, compression: Compression): readonly Uint8Array[] {
    if (this.#error) throw this.#error;
    if (!this.#line.open || this.#goodbyeSaid) throw new FogrunError('link-lost', 'the link is ending');
    if (!this.#welcome)
      throw new FogrunError('internal', 'a segment was to be sent before the greeting was over');
    return segmentPayload(
      { header, body, compression },
      this.#options.hello,
      this.#welcome,
      this.#line.where,
    );
  }

  /** Sends what window and connection admit. */
  #pump(): void {
    if (!this.#line.blocked && this.#written) {
      this.#written.resolve();
      this.#written = undefined;
    }
    while (this.#line.open && !this.#line.blocked) {
      const next = this.#queue[0];
      if (!next) return;
      const { stream, sequence, bytes } = next.header;
      if (!this.#window.admits(bytes)) {
        this.#pace?.limited();
        return;
      }
      this.#queue.shift();
      this.#written = next;
      this.#window.add(stream, sequence, bytes);
      this.#pace?.sent(stream, sequence);
      this.#line.send(frameTypes.segment, ...next.payload);
      if (this.#line.blocked) return;
      next.resolve();
      this.#written = undefined;
    }
  }

  #frame(type: number, payload: Uint8Array): void {
    if (type === frameTypes.heartbeat || isExtension(type)) return;
    if (type === frameTypes.refuse && !this.#welcome) isChecked('REFUSE', payload, this.#greetingSum);
    if (type === frameTypes.refuse) this.#takeRefusal(decodeRefusal(payload));
    else if (type === frameTypes.goodbye) this.#takeGoodbye(decodeGoodbye(payload).reason);
    else if (type === frameTypes.welcome && !this.#welcome) this.#takeWelcome(payload);
    else if (type === frameTypes.ack && this.#welcome) this.#takeAck(decodeAck(payload));
    else if (type === frameTypes.message && this.#welcome) {
      const message = decodeMessage(payload);
      if (message) this.#options.on.message(message);
    } else {
      const when = this.#welcome ? 'after the greeting' : 'before WELCOME';
      throw new FogrunError('link-protocol', `the cloud must not send ${typeText(type)} ${when}`);
    }
  }

  #takeWelcome(payload: Uint8Array): void {
    const checked = isChecked('WELCOME', payload, this.#greetingSum);
    const welcome = decodeWelcome(payload);
    if (welcome.protocol !== this.#options.hello.protocol) {
      throw new FogrunError(
        'link-version',
        `WELCOME is of version ${welcome.protocol}, this side speaks ${this.#options.hello.protocol}`,
      );
    }
    if (welcome.compression !== 'none' && !this.#options.hello.compression.includes(welcome.compression)) {
      throw new FogrunError('link-protocol', `WELCOME chose ${welcome.compression}, which was not offered`);
    }
    this.#welcome = welcome;
    const { clock, window } = this.#options;
    const bytesMax = Math.min(welcome.windowBytes, window?.bytes ?? Number.POSITIVE_INFINITY);
    this.#pace = new Pace(clock, { bytesMin: windowBytesMin, bytesMax }, clock.monotonic() - this.#dialledMs);
    this.#window.segmentsMax = Math.min(welcome.windowSegments, window?.segments ?? Number.POSITIVE_INFINITY);
    this.#window.bytesMax = this.#pace.windowBytes;
    this.#line.greeted({ lengthMax: answerBytesMax, heartbeatMs: welcome.heartbeatMs });
    if (checked) this.#line.check(true);
    this.#welcomed(welcome);
  }

  #takeAck(ack: Acknowledgement): void {
    const bytes = this.#window.acknowledge(ack.stream, ack.sequence);
    if (this.#pace) {
      this.#pace.acknowledged(ack.stream, ack.sequence, bytes);
      this.#window.bytesMax = this.#pace.windowBytes;
    }
    this.#options.on.acknowledged(ack);
    this.#pump();
  }

  #takeRefusal(refusal: Refusal): void {
    if (isSegmentRefusal(refusal)) {
      if (!this.#welcome) {
        throw new FogrunError('link-protocol', 'the cloud must not refuse a segment before WELCOME');
      }
      this.#window.refuse(refusal.stream, refusal.sequence);
      this.#options.on.refused(refusal);
      this.#pump();
      return;
    }
    const error = new LinkRefusedError(this.#line.where, refusal);
    this.#error ??= error;
    this.#notWelcomed(error);
    this.#options.on.refused(refusal);
    this.#fail(error);
  }

  #takeGoodbye(reason: string): void {
    const error = new FogrunError('link-lost', `${this.#line.where} said goodbye: ${reason}`);
    this.#error ??= error;
    this.#options.clock.clearTimeout(this.#goodbyeTimer);
    this.#line.finish(this.#goodbyeSaid ? undefined : error);
    this.#rejectAll(error);
  }

  #fail(error: FogrunError): void {
    this.#error ??= error;
    this.#line.fail(error);
  }

  #rejectAll(error: Error): void {
    for (const sending of this.#queue.splice(0)) sending.reject(error);
  }

  #closed(problem: Problem | undefined): void {
    this.#options.clock.clearTimeout(this.#goodbyeTimer);
    this.#error ??= problem
      ? new FogrunError(problem.code, problem.message, { advice: problem.advice })
      : new FogrunError('link-lost', 'the link has ended');
    this.#notWelcomed(this.#error);
    this.#rejectAll(this.#error);
    this.#written?.reject(this.#error);
    this.#written = undefined;
    this.#end();
    this.#options.on.closed(problem);
  }
}
