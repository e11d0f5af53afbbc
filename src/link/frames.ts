/** Frames: preamble, length, type; and the reader that finds them in a byte stream. */
import { FogrunError } from '../contract/errors.ts';
import { linkProtocolVersion } from '../contract/link.ts';
import { greetingBytesMax } from './limits.ts';
import { showBytes } from './text.ts';

export const frameTypes = {
  hello: 0x01,
  authenticate: 0x02,
  welcome: 0x03,
  refuse: 0x04,
  segment: 0x10,
  ack: 0x11,
  message: 0x12,
  heartbeat: 0x20,
  goodbye: 0x21,
} as const;

/** Types that a receiver ignores: room for extensions. */
export function isExtension(type: number): boolean {
  return type >= 0x40 && type <= 0x7f;
}

/** `SEGMENT (0x10)`, for messages. */
export function typeText(type: number): string {
  const known = Object.entries(frameTypes).find(([, value]) => value === type);
  const hex = `0x${type.toString(16).padStart(2, '0')}`;
  return known ? `${known[0].toUpperCase()} (${hex})` : `type ${hex}`;
}

const magic = Buffer.from('FOGRUN\0', 'latin1');
export const preambleBytes = magic.length + 1;
/** What each side sends first. */
export const preamble: Uint8Array = Buffer.concat([magic, Buffer.of(linkProtocolVersion)]);

/** Bytes of a frame before its payload. */
export const frameHeadBytes = 5;

const nothing = Buffer.alloc(0);

/** From this size on a part is written by itself: copying it would cost more than a second write. */
const ownPieceBytes = 32 * 1024;

/**
 * One frame in pieces to be written one after the other. A long last part is a piece of its own and not copied.
 * @param sum what stands behind the payload, if anything
 */
export function framePieces(
  type: number,
  payload: readonly Uint8Array[],
  sum: Uint8Array = nothing,
): readonly Uint8Array[] {
  const last = payload.at(-1);
  if (!last || last.length < ownPieceBytes) return [encodeStart(type, [...payload, sum], 0)];
  const start = encodeStart(type, payload.slice(0, -1), last.length + sum.length);
  return sum.length === 0 ? [start, last] : [start, last, sum];
}

/** One frame in one piece; copies, so that the caller's bytes may change afterwards. */
export function encodeFrame(type: number, ...payload: readonly Uint8Array[]): Uint8Array {
  return encodeStart(type, payload, 0);
}

/** A frame but for the last `restBytes` of its payload. */
function encodeStart(type: number, payload: readonly Uint8Array[], restBytes: number): Uint8Array {
  let bytes = frameHeadBytes;
  for (const part of payload) bytes += part.length;
  const frame = Buffer.allocUnsafe(bytes);
  frame.writeUInt32BE(bytes - 4 + restBytes, 0);
  frame[4] = type;
  let at = frameHeadBytes;
  for (const part of payload) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** First allocation for a frame that is not in one chunk. */
const firstHeldBytes = 16 * 1024;
/** Once this share of a frame is there, it gets its whole place: an announcement alone gets none. */
const seriousShare = 1 / 8;

/** How TLS begins: the type of its record, and the first byte of its version. */
const tlsHandshake = 0x16;
const tlsVersion = 0x03;

/**
 * Finds frames in a byte stream, however it is cut. Holds at most one unfinished frame, in at most twice the memory of
 * what has arrived of it, from an eighth of it on in the memory of the whole. A payload in one chunk is handed out as a
 * view of that chunk.
 */
export class FrameReader {
  /** Longest `length` that is taken, in bytes; consulted when a frame begins. */
  lengthMax = greetingBytesMax;
  /** What a length that is not allowed means. */
  wrongLength: 'link-protocol' | 'link-damaged' = 'link-protocol';
  /** Frames found so far. */
  frames = 0;
  /** Bytes at hand of a frame (or preamble) that is not complete. */
  partialBytes = 0;
  /** Whether the preamble has come and was right. */
  greeted = false;
  readonly #onFrame: (type: number, payload: Uint8Array) => void;
  readonly #head = Buffer.allocUnsafe(preambleBytes);
  #headBytes = 0;
  /** Length of the frame under way, 0 between frames. */
  #length = 0;
  #held: Buffer = nothing;
  #heldBytes = 0;
  /** The rest of a chunk in which a pause began. */
  #unread: Buffer = nothing;
  #reading = false;
  #paused = false;
  #stopped = false;

  constructor(onFrame: (type: number, payload: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** No frame is handed out any more, also not from the chunk under way. */
  stop(): void {
    this.#stopped = true;
    this.#held = nothing;
    this.#unread = nothing;
  }

  /** No frame is handed out until `resume`, also not from the chunk under way: its rest is kept. */
  pause(): void {
    this.#paused = true;
  }

  /** Goes on where `pause` stopped, with what was kept. Throws as `push` does. */
  resume(): void {
    this.#paused = false;
    // From within `onFrame`: the chunk under way goes on by itself.
    if (this.#reading) return;
    const unread = this.#unread;
    this.#unread = nothing;
    this.#read(unread);
  }

  /**
   * Throws `link-foreign`, `link-version` or `wrongLength`; the reader has stopped then.
   * What `onFrame` throws passes through.
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#paused) this.#unread = Buffer.concat([this.#unread, bytes]);
    else this.#read(bytes);
  }

  #read(bytes: Buffer): void {
    let at = 0;
    this.#reading = true;
    try {
      while (at < bytes.length && !this.#stopped && !this.#paused) {
        if (!this.greeted) at = this.#readPreamble(bytes, at);
        else if (this.#length === 0) at = this.#readLength(bytes, at);
        else at = this.#readPayload(bytes, at);
      }
      if (at < bytes.length && !this.#stopped) this.#unread = bytes.subarray(at);
    } catch (thrown) {
      this.stop();
      throw thrown;
    } finally {
      this.#reading = false;
    }
  }

  #readPreamble(bytes: Buffer, at: number): number {
    const size = Math.min(preambleBytes - this.#headBytes, bytes.length - at);
    const start = this.#headBytes;
    bytes.copy(this.#head, start, at, at + size);
    this.#headBytes += size;
    this.partialBytes = this.#headBytes;
    const compared = Math.min(this.#headBytes, magic.length);
    if (magic.compare(this.#head, 0, compared, 0, compared) !== 0) {
      const first = Buffer.concat([this.#head.subarray(0, start), bytes.subarray(at)]);
      if (first[0] === tlsHandshake && (first[1] ?? tlsVersion) === tlsVersion) {
        throw new FogrunError('link-foreign', 'it speaks TLS, and this side does not', {
          advice: 'Set FOGRUN_TLS (`tls`) on both sides, or on neither.',
        });
      }
      throw new FogrunError(
        'link-foreign',
        `expected the greeting of the fogrun link protocol, but the first bytes were \`${showBytes(first)}\``,
      );
    }
    if (this.#headBytes < preambleBytes) return at + size;
    const version = this.#head[magic.length]!;
    this.greeted = true;
    this.#headBytes = 0;
    this.partialBytes = 0;
    if (version !== linkProtocolVersion) {
      throw new FogrunError(
        'link-version',
        `the other side speaks version ${version} of the link protocol, this side version ${linkProtocolVersion}`,
      );
    }
    return at + size;
  }

  #readLength(bytes: Buffer, at: number): number {
    const size = Math.min(4 - this.#headBytes, bytes.length - at);
    bytes.copy(this.#head, this.#headBytes, at, at + size);
    this.#headBytes += size;
    this.partialBytes = this.#headBytes;
    if (this.#headBytes === 4) {
      const length = this.#head.readUInt32BE(0);
      if (length === 0 || length > this.lengthMax) {
        throw new FogrunError(
          this.wrongLength,
          `a frame of ${length} bytes was announced, but 1 to ${this.lengthMax} are allowed here`,
        );
      }
      this.#length = length;
      this.#headBytes = 0;
    }
    return at + size;
  }

  #readPayload(bytes: Buffer, at: number): number {
    const missing = this.#length - this.#heldBytes;
    if (this.#heldBytes === 0 && bytes.length - at >= missing) {
      this.#finish(bytes.subarray(at, at + missing));
      return at + missing;
    }
    const size = Math.min(missing, bytes.length - at);
    this.#hold(bytes, at, size);
    if (size === missing) this.#finish(this.#held.subarray(0, this.#length));
    return at + size;
  }

  #hold(bytes: Buffer, at: number, size: number): void {
    const needed = this.#heldBytes + size;
    if (needed > this.#held.length) {
      const serious = needed >= this.#length * seriousShare;
      const growing = Math.max(needed, 2 * this.#held.length, firstHeldBytes);
      const room = serious ? this.#length : Math.min(this.#length, growing);
      const larger = Buffer.allocUnsafeSlow(room);
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes, at, at + size);
    this.#heldBytes = needed;
    this.partialBytes = 4 + needed;
  }

  #finish(frame: Buffer): void {
    // Not reused: whoever takes the frame may keep it.
    this.#held = nothing;
    this.#heldBytes = 0;
    this.#length = 0;
    this.partialBytes = 0;
    this.frames += 1;
    this.#onFrame(frame[0]!, frame.subarray(1));
  }
}
