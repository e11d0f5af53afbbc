/** A peer of a receiver that is written from docs/link-protocol.md alone and imports nothing of fogrun. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

export const types = {
  hello: 0x01,
  welcome: 0x03,
  refuse: 0x04,
  segment: 0x10,
  ack: 0x11,
  message: 0x12,
  goodbye: 0x21,
};
export const preamble = Buffer.from('FOGRUN\0\x01', 'latin1');
export const zeros = Buffer.alloc(32);

export function frame(type: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(payload as string);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + bytes.length);
  head[4] = type;
  return Buffer.concat([head, bytes]);
}

export interface Who {
  readonly edge: string;
  readonly epoch: string;
}

export function hello({ edge, epoch }: Who, patch: object = {}): Buffer {
  const payload = {
    ...{ protocol: 1, edge, epoch, token: 0, cloudEpoch: null, streams: {} },
    ...{ agent: 'stranger/1', timeMs: Date.now(), compression: [] },
    ...patch,
  };
  return frame(types.hello, JSON.stringify(payload));
}

export interface Segment {
  readonly sequence: number;
  readonly fromSeq: number;
  readonly count: number;
  readonly body: Buffer;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  readonly sealedAtMs: number;
}

const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();

/** A segment of readings whose chain hash is right. */
export function segmentOf(
  { edge, epoch }: Who,
  at: {
    sequence: number;
    fromSeq: number;
    previousHash?: Buffer;
    lines?: readonly string[];
    body?: Buffer;
    stream?: string;
  },
): Segment {
  const { sequence, fromSeq, previousHash = zeros, stream = 'readings' } = at;
  const lines = at.lines ?? [`{"seq":${fromSeq},"device":"x","sensor":"s","value":1}`];
  const body = at.body ?? Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const sealedAtMs = Date.now();
  const numbers = [sequence, fromSeq, lines.length, body.length, sealedAtMs].map(u64);
  const parts = [
    Buffer.from('fogrun-segment-1\0'),
    previousHash,
    text(edge),
    Buffer.from(epoch, 'hex'),
    text(stream),
  ];
  const hash = sha256(Buffer.concat([...parts, Buffer.from([0]), ...numbers, sha256(body)]));
  return { sequence, fromSeq, count: lines.length, body, previousHash, hash, sealedAtMs };
}

/** Its frame; `patch` makes a head that does not fit. */
export function segmentFrame(
  segment: Segment,
  patch: {
    flags?: number;
    stream?: string;
    sequence?: bigint;
    fromSeq?: bigint;
    bytes?: number;
    sent?: Uint8Array;
  } = {},
): Buffer {
  const { flags = 0, stream = 'readings', bytes = segment.body.length, sent = segment.body } = patch;
  const counts = Buffer.alloc(8);
  counts.writeUInt32BE(segment.count);
  counts.writeUInt32BE(bytes, 4);
  const parts: Buffer[] = [Buffer.from([flags]), text(stream)];
  parts.push(u64(patch.sequence ?? segment.sequence), u64(patch.fromSeq ?? segment.fromSeq), counts);
  parts.push(u64(segment.sealedAtMs), segment.previousHash, segment.hash, Buffer.from(sent));
  return frame(types.segment, Buffer.concat(parts));
}

export interface Heard {
  readonly type: number;
  readonly payload: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: as the frame has it
  readonly json: any;
}

export interface Call {
  say(...frames: readonly Uint8Array[]): void;
  /** The first frame, past or future, of that type; rejects when the connection ends or `withinMs` pass before. */
  hear(type: number, withinMs?: number): Promise<Heard>;
  /** All frames so far. */
  readonly heard: readonly Heard[];
  readonly isClosed: () => boolean;
  /** Resolves to how long it took from now until the other side closed; rejects after `withinMs`. */
  closed(withinMs?: number): Promise<number>;
  hangUp(): void;
}

/** Calls a receiver; nothing is said by itself. */
export async function call(port: number): Promise<Call> {
  const socket = connect({ host: '127.0.0.1', port });
  let bytes: Buffer = Buffer.alloc(0);
  let at = preamble.length;
  let closed = false;
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
    wake();
  });
  socket.on('end', () => {
    closed = true;
    wake();
  });
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
      const length = bytes.readUInt32BE(at);
      const payload = bytes.subarray(at + 5, at + 4 + length);
      let json: unknown = null;
      try {
        json = JSON.parse(payload.toString());
      } catch {
        // An ACK is binary.
      }
      heard.push({ type: bytes[at + 4]!, payload, json });
      at += 4 + length;
    }
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const until = <Found>(find: () => Found | undefined, what: string, withinMs: number): Promise<Found> =>
    new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer);
        waiting.delete(look);
        act();
      };
      const look = () => {
        const found = find();
        if (found !== undefined) return done(() => resolve(found));
        if (closed) done(() => reject(new Error(`closed before ${what}; heard ${JSON.stringify(heard)}`)));
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`not within ${withinMs} ms: ${what}`))),
        withinMs,
      );
      waiting.add(look);
      look();
    });
  return {
    heard,
    say: (...frames) => {
      for (const each of frames) if (!closed) socket.write(each);
    },
    hear: (type, withinMs = 10_000) =>
      until(() => heard.find((each) => each.type === type), `a frame of type ${type}`, withinMs),
    isClosed: () => closed,
    async closed(withinMs = 5_000) {
      const fromMs = performance.now();
      await until(() => (closed ? true : undefined), 'the end of the connection', withinMs);
      socket.destroy();
      return performance.now() - fromMs;
    },
    hangUp: () => socket.destroy(),
  };
}

/** Calls and is welcomed. */
export async function greet(port: number, who: Who, patch: object = {}): Promise<Call> {
  const own = await call(port);
  own.say(preamble, hello(who, patch));
  await own.hear(types.welcome);
  return own;
}
