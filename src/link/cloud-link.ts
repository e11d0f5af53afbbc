/** The cloud's end of a link: judges what comes, hands on checked segments, answers. */
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError, type Problem } from '../contract/errors.ts';
import {
  type Compression,
  type Hello,
  linkProtocolVersion,
  type Refusal,
  type Welcome,
} from '../contract/link.ts';
import type { Connection } from '../contract/transport.ts';
import type { CloudMessage } from '../domain/message.ts';
import { type SegmentHeader, withBodyHash } from '../domain/segment.ts';
import { greetingSum, isChecked, withCheck } from './checks.ts';
import { frameTypes, isExtension, typeText } from './frames.ts';
import { checkOwn, decodeGoodbye, decodeHello, encodeJson, fitReason } from './json.ts';
import { answerBytesMax, type LinkLimits, linkLimits, unreadBytesMax } from './limits.ts';
import { Line } from './line.ts';
import { type DecodedSegment, decodeSegment, encodeAck, segmentFrameLength } from './payloads.ts';
import { isSegmentRefusal } from './refused.ts';
import { Window } from './window.ts';
import { zstdDecompress } from './zstd.ts';

export interface CloudLinkOptions {
  readonly clock: Clock;
  /** Other deadlines than the protocol's. */
  readonly limits?: Partial<LinkLimits>;
  readonly on: {
    /** A segment whose length, body hash and chain hash are right; that it continues the stream is the store's to say. */
    segment(header: SegmentHeader, body: Uint8Array): void;
    /** The link itself refused a segment whose hash is wrong: to be counted. It has been answered, and the link ends. */
    refused?(refusal: Refusal): void;
    /** The edge sends no more segments and waits for the rest of its answers, then for `goodbye`. */
    goodbye(reason: string): void;
    /** Exactly once, last of all; without a problem when this side wanted it, or the other one left without having said anything. */
    closed(problem?: Problem): void;
  };
}

/** Once the link has ended, every method does nothing. */
export interface CloudLink {
  readonly remote: string;
  /** When anything came last, monotonic ms. */
  readonly heardAt: number;
  /** Rejects with a FogrunError when the link ends before. Need not be awaited. */
  readonly hello: Promise<Hello>;
  /** Segments and bytes taken and not answered. */
  readonly unanswered: { readonly segments: number; readonly bytes: number };
  /** Takes the edge. Acknowledgements that say where to resume come next. */
  welcome(welcome: Welcome): void;
  /** With `stream` and `sequence` refuses one segment; otherwise says why and ends the link. */
  refuse(refusal: Refusal): void;
  /** Only when every segment of the stream up to `sequence` is on the disk. */
  acknowledge(stream: string, sequence: number, hash: Uint8Array, messages: readonly CloudMessage[]): void;
  /** Ignored before `welcome`. */
  message(message: CloudMessage): void;
  /** Takes no more segments and ends the link in order: to be called when everything taken is answered. */
  goodbye(reason: string): void;
  /** Stops reading and hands on no segment, not even one that was read already, or goes on with those first. */
  holdBack(on: boolean): void;
  /** Ends at once; `closed` is called before this returns. */
  destroy(): void;
}

/** Waits for the edge's greeting; sends nothing before it has come. */
export function openCloudLink(connection: Connection, options: CloudLinkOptions): CloudLink {
  return new CloudEnd(connection, options);
}

class CloudEnd implements CloudLink {
  readonly remote: string;
  readonly hello: Promise<Hello>;
  readonly #connection: Connection;
  readonly #options: CloudLinkOptions;
  readonly #limits: LinkLimits;
  readonly #line: Line;
  readonly #window = new Window();
  #greeted!: (hello: Hello) => void;
  #notGreeted!: (error: Error) => void;
  #hello: Hello | undefined;
  /** Of HELLO as it was read, from an edge that wants checks. */
  #greetingSum: number | undefined;
  #welcomed = false;
  #compression: Compression = 'none';
  #frameBytesMax = 0;
  #goodbyeHeard = false;
  #drainTimer: Timer | undefined;

  constructor(connection: Connection, options: CloudLinkOptions) {
    this.remote = connection.remote;
    this.#connection = connection;
    this.#options = options;
    this.#limits = { ...linkLimits, ...options.limits };
    this.hello = new Promise((resolve, reject) => {
      this.#greeted = resolve;
      this.#notGreeted = reject;
    });
    this.hello.catch(() => {});
    this.#line = new Line(connection, options.clock, this.#limits, {
      peer: 'the edge',
      frame: (type, payload) => this.#frame(type, payload),
      broken: (error) => this.#broken(error),
      mayBeat: () => this.#hello !== undefined,
      room: () => this.#room(),
      closed: (problem) => this.#closed(problem),
    });
    this.#line.start();
  }

  get heardAt(): number {
    return this.#line.heardAt;
  }

  get unanswered(): { segments: number; bytes: number } {
    return { segments: this.#window.segments, bytes: this.#window.bytes };
  }

  welcome(welcome: Welcome): void {
    if (!this.#line.open) return;
    if (!this.#hello || this.#welcomed) throw new FogrunError('internal', 'WELCOME answers one HELLO, once');
    checkOwn('WELCOME', welcome);
    this.#welcomed = true;
    this.#compression = welcome.compression;
    this.#frameBytesMax = welcome.frameBytesMax;
    this.#window.segmentsMax = welcome.windowSegments;
    this.#window.bytesMax = welcome.windowBytes;
    this.#line.greeted({ lengthMax: welcome.frameBytesMax, heartbeatMs: welcome.heartbeatMs });
    this.#connection.greeted?.();
    this.#answer(frameTypes.welcome, welcome);
    if (this.#greetingSum !== undefined) this.#line.check(false);
  }

  refuse(refusal: Refusal): void {
    if (!this.#line.open) return;
    const fitting = { ...refusal, reason: fitReason(refusal.reason) };
    checkOwn('REFUSE', fitting);
    if (isSegmentRefusal(fitting)) {
      if (!this.#welcomed) throw new FogrunError('internal', 'a segment was refused before WELCOME');
      this.#window.refuse(fitting.stream, fitting.sequence);
      this.#send(frameTypes.refuse, encodeJson(fitting));
    } else {
      this.#answer(frameTypes.refuse, fitting);
      this.#line.finish();
    }
  }

  acknowledge(stream: string, sequence: number, hash: Uint8Array, messages: readonly CloudMessage[]): void {
    if (!this.#line.open) return;
    if (!this.#welcomed)
      throw new FogrunError('internal', 'an acknowledgement was to be sent before WELCOME');
    this.#window.acknowledge(stream, sequence);
    this.#send(frameTypes.ack, encodeAck({ stream, sequence, hash, messages }));
  }

  message(message: CloudMessage): void {
    if (this.#welcomed) this.#send(frameTypes.message, encodeJson(message));
  }

  goodbye(reason: string): void {
    this.#send(frameTypes.goodbye, encodeJson({ reason: fitReason(reason) }));
    this.#line.finish();
  }

  holdBack(on: boolean): void {
    this.#line.hold('owner', on);
  }

  destroy(): void {
    this.#line.destroy();
  }

  /** An answer to HELLO has a check of its own; what comes later has one as a frame. */
  #answer(type: number, value: Welcome | Refusal): void {
    const bytes = encodeJson(value);
    const greets = type === frameTypes.welcome || !this.#welcomed;
    const sum = greets ? this.#greetingSum : undefined;
    this.#send(type, sum === undefined ? bytes : withCheck(bytes, sum));
  }

  #send(type: number, payload: Uint8Array): void {
    if (payload.length + 1 > answerBytesMax) {
      throw new FogrunError('internal', `own ${typeText(type)} is longer than ${answerBytesMax} bytes`);
    }
    this.#line.send(type, payload);
    if (this.#line.unreadBytes > unreadBytesMax) {
      this.#line.fail(
        new FogrunError(
          'deadline-missed',
          `${this.#line.where} does not read: ${unreadBytesMax} bytes wait for it`,
        ),
      );
    }
  }

  /** An edge that does not take its answers gets nothing more read, and not for ever. */
  #room(): void {
    const { blocked } = this.#line;
    const { drainMs } = this.#limits;
    this.#options.clock.clearTimeout(this.#drainTimer);
    this.#line.hold('blocked', blocked);
    if (!blocked) return;
    this.#drainTimer = this.#options.clock.setTimeout(() => {
      this.#line.fail(
        new FogrunError('deadline-missed', `${this.#line.where} took none of its answers for ${drainMs} ms`),
      );
    }, drainMs);
  }

  #frame(type: number, payload: Uint8Array): void {
    if (!this.#hello) {
      if (type !== frameTypes.hello) {
        throw new FogrunError('link-protocol', `the first frame must be HELLO, not ${typeText(type)}`);
      }
      if (isChecked('HELLO', payload)) this.#greetingSum = greetingSum(payload);
      this.#takeHello(decodeHello(payload));
    } else if (type === frameTypes.segment && this.#welcomed && !this.#goodbyeHeard) {
      this.#takeSegment(this.#hello, payload);
    } else if (type === frameTypes.goodbye && !this.#goodbyeHeard) {
      const { reason } = decodeGoodbye(payload);
      this.#goodbyeHeard = true;
      this.#options.on.goodbye(reason);
    } else if (type !== frameTypes.heartbeat && !isExtension(type)) {
      let when = this.#welcomed ? 'after the greeting' : 'before WELCOME';
      if (this.#goodbyeHeard) when = 'after its GOODBYE';
      throw new FogrunError('link-protocol', `an edge must not send ${typeText(type)} ${when}`);
    }
  }

  #takeHello(hello: Hello): void {
    if (hello.protocol !== linkProtocolVersion) {
      throw new FogrunError(
        'link-version',
        `HELLO is of version ${hello.protocol}, this side speaks ${linkProtocolVersion}`,
      );
    }
    this.#hello = hello;
    this.#greeted(hello);
  }

  #takeSegment(hello: Hello, payload: Uint8Array): void {
    const decoded = decodeSegment(payload, this.#compression);
    const { fields } = decoded;
    if (!this.#window.admits(fields.bytes)) {
      const { segmentsMax, bytesMax } = this.#window;
      throw new FogrunError(
        'link-protocol',
        `SEGMENT ${fields.stream}/${fields.sequence} exceeds the window of ${segmentsMax} segments and ${bytesMax} bytes`,
      );
    }
    const body = this.#plainBody(decoded);
    this.#window.add(fields.stream, fields.sequence, body.length);
    const header = withBodyHash({ ...fields, edge: hello.edge, epoch: hello.epoch }, body);
    if (header) {
      this.#options.on.segment(header, body);
      return;
    }
    const refusal: Refusal = {
      code: 'invalid',
      reason: 'the hash does not match header and body',
      stream: fields.stream,
      sequence: fields.sequence,
    };
    this.refuse(refusal);
    this.#options.on.refused?.(refusal);
    // Nothing is stored of it, so no budget slows it down: going on would let anyone spend this process's time for free.
    this.#line.finish(
      new FogrunError(
        'link-protocol',
        `${this.#line.where}: the hash of SEGMENT ${fields.stream}/${fields.sequence} does not match header and body`,
      ),
    );
  }

  #plainBody({ fields, compression, body }: DecodedSegment): Uint8Array {
    if (compression === 'none') return body;
    const id = `${fields.stream}/${fields.sequence}`;
    const length = segmentFrameLength(fields);
    if (length > this.#frameBytesMax) {
      throw new FogrunError(
        'link-protocol',
        `SEGMENT ${id} would need a frame of ${length} bytes if it were not compressed, ${this.#frameBytesMax} are allowed`,
      );
    }
    try {
      return zstdDecompress(body, fields.bytes);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new FogrunError('link-protocol', `SEGMENT ${id} has a compressed body that ${cause.message}`, {
        cause,
      });
    }
  }

  /**
   * Whoever began as a fogrun edge is told what was wrong; a stranger gets nothing. Neither does an edge whose words
   * changed on the way: it did nothing wrong, and comes again.
   */
  #broken(error: FogrunError): void {
    if (this.#line.peerKnown && error.code !== 'link-damaged') {
      // Without this side's name for the other.
      const why = error.cause instanceof FogrunError ? error.cause.message : error.message;
      const code = error.code === 'link-version' ? 'version' : 'invalid';
      this.#answer(frameTypes.refuse, { code, reason: fitReason(why) });
      this.#line.finish(error);
    } else this.#line.fail(error);
  }

  #closed(problem: Problem | undefined): void {
    this.#options.clock.clearTimeout(this.#drainTimer);
    this.#notGreeted(
      problem
        ? new FogrunError(problem.code, problem.message, { advice: problem.advice })
        : new FogrunError('link-lost', 'the link has ended'),
    );
    // Whoever only looks whether the port is open, as `fogrun doctor` does, was no edge that was lost.
    const isLook = problem?.code === 'link-lost' && this.#line.peerSilent;
    this.#options.on.closed(isLook ? undefined : problem);
  }
}
