/** An edge without a disk: seals segments in memory and speaks the real link protocol, so that one process can be many. */
import type { Clock } from '../src/contract/clock.ts';
import { type Hello, linkProtocolVersion } from '../src/contract/link.ts';
import type { Transport } from '../src/contract/transport.ts';
import { bodyHash, chainHash, noHash, type SegmentHeader } from '../src/domain/segment.ts';
import { type EdgeLink, openEdgeLink } from '../src/link/edge-link.ts';

const stream = 'readings';
export const readingsPerSegment = 10;

interface Waiting {
  readonly header: SegmentHeader;
  readonly body: Uint8Array;
  /** Monotonic ms of the first attempt to send it, NaN before. */
  sentAtMs: number;
}

export interface SimulatedEdgeOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly epoch: string;
  readonly on: {
    /** A segment was acknowledged, `ms` after it was first handed to a link. */
    acknowledged(ms: number): void;
    /** The link ended without this side having wanted it. */
    lost(why: string): void;
  };
}

export class SimulatedEdge {
  readonly #options: SimulatedEdgeOptions;
  #link: EdgeLink | undefined;
  #greeted = false;
  #token = 0;
  #cloudEpoch: string | null = null;
  #sealed = 0;
  #sealedHash = noHash;
  #acknowledged = 0;
  #acknowledgedHash = noHash;
  /** Sealed and not acknowledged, in order. */
  readonly #waiting: Waiting[] = [];

  constructor(options: SimulatedEdgeOptions) {
    this.#options = options;
  }

  /** Segments sealed and not acknowledged. */
  get unacknowledged(): number {
    return this.#waiting.length;
  }

  get sealed(): number {
    return this.#sealed;
  }

  /** Resolves when the cloud has greeted, and sends what waits. Rejects when it did not come to that. */
  async connect(timeoutMs: number): Promise<void> {
    const { clock, transport, host, port, on } = this.#options;
    const signal = new AbortController().signal;
    const connection = await transport.dial({ host, port, timeoutMs, signal });
    const link = openEdgeLink(connection, {
      clock,
      hello: this.#hello(),
      on: {
        acknowledged: ({ sequence, hash }) => this.#answered(sequence, hash),
        message: () => {},
        refused: () => {},
        closed: (problem) => {
          if (this.#link !== link) return;
          const greeted = this.#greeted;
          this.#link = undefined;
          this.#greeted = false;
          // Before the greeting `connect` says so.
          if (problem && greeted) on.lost(problem.message);
        },
      },
    });
    this.#link = link;
    const { token, cloudEpoch } = await link.greeting;
    this.#token = token;
    this.#cloudEpoch = cloudEpoch;
    this.#greeted = true;
    for (const waiting of this.#waiting) this.#send(waiting);
  }

  /** Seals a segment of ten readings and sends it if there is a link. */
  seal(): void {
    const sequence = this.#sealed + 1;
    const fromSeq = this.#sealed * readingsPerSegment + 1;
    const body = this.#readings(fromSeq);
    const partial = {
      edge: this.#options.name,
      epoch: this.#options.epoch,
      stream,
      sequence,
      type: 'readings' as const,
      fromSeq,
      count: readingsPerSegment,
      bytes: body.length,
      sealedAtMs: this.#options.clock.now(),
      bodyHash: bodyHash(body),
      previousHash: this.#sealedHash,
    };
    const header = { ...partial, hash: chainHash(partial) };
    this.#sealed = sequence;
    this.#sealedHash = header.hash;
    const waiting = { header, body, sentAtMs: Number.NaN };
    this.#waiting.push(waiting);
    if (this.#greeted) this.#send(waiting);
  }

  /** The network goes away: no goodbye. */
  cut(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#greeted = false;
    link?.destroy();
  }

  #send(waiting: Waiting): void {
    if (Number.isNaN(waiting.sentAtMs)) waiting.sentAtMs = this.#options.clock.monotonic();
    // A link that ends says so through `closed`; what waits goes out on the next one.
    this.#link?.send(waiting.header, waiting.body).catch(() => {});
  }

  #answered(sequence: number, hash: Uint8Array): void {
    const now = this.#options.clock.monotonic();
    while (this.#waiting.length > 0 && this.#waiting[0]!.header.sequence <= sequence) {
      const { sentAtMs } = this.#waiting.shift()!;
      this.#options.on.acknowledged(now - sentAtMs);
    }
    if (sequence <= this.#acknowledged) return;
    this.#acknowledged = sequence;
    this.#acknowledgedHash = hash;
  }

  #hello(): Hello {
    const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
    const { name, epoch, clock } = this.#options;
    return {
      protocol: linkProtocolVersion,
      edge: name,
      epoch,
      token: this.#token,
      cloudEpoch: this.#cloudEpoch,
      streams: {
        [stream]: {
          sealed: this.#sealed,
          sealedHash: hex(this.#sealedHash),
          acknowledged: this.#acknowledged,
          acknowledgedHash: hex(this.#acknowledgedHash),
        },
      },
      agent: 'fogrun-bench/1',
      timeMs: clock.now(),
      compression: [],
    };
  }

  #readings(fromSeq: number): Uint8Array {
    const time = new Date(this.#options.clock.now()).toISOString();
    let text = '';
    for (let seq = fromSeq; seq < fromSeq + readingsPerSegment; seq++) {
      const value = (20 + (seq % 100) / 10).toFixed(2);
      text += `{"seq":${seq},"device":"bench","sensor":"temperature","time":"${time}","value":${value},"unit":"°C"}\n`;
    }
    return Buffer.from(text);
  }
}
