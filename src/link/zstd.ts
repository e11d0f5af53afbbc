/** Compression of segment bodies, for the wire only: one zstd frame (RFC 8878) each. */
import zlib from 'node:zlib';
import { expansionMax } from './limits.ts';

/** Makes one zstd frame that declares its content's size. A simulation gives one that works at once. */
export type Compress = (body: Uint8Array, level: number) => Promise<Uint8Array>;

/** Output is gathered in pieces of this size: most segments fit one, and none is allocated in vain. */
const pieceBytes = 64 * 1024;
/** The history a frame may refer back to, unless it is the whole content; what RFC 8878 asks every decoder for. */
const windowBytesMax = 8 * 1024 * 1024;

function optionsFor(body: Uint8Array, level: number): zlib.ZstdOptions {
  return {
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: body.length,
    chunkSize: pieceBytes,
  };
}

/** In the thread pool: the event loop goes on meanwhile. */
export const zstdCompress: Compress = (body, level) =>
  new Promise((resolve, reject) => {
    zlib.zstdCompress(body, optionsFor(body, level), (error, frame) =>
      error ? reject(error) : resolve(frame),
    );
  });

/** At once, so that the order of events does not depend on the machine: for simulations and tests. */
export const zstdCompressAtOnce: Compress = async (body, level) =>
  zlib.zstdCompressSync(body, optionsFor(body, level));

/** Whether a frame may travel in place of a body: it is shorter, and not so much shorter that a receiver would refuse it. */
export function maySendFrame(frameBytes: number, bodyBytes: number): boolean {
  return frameBytes < bodyBytes && bodyBytes <= contentBytesMax(frameBytes);
}

function contentBytesMax(frameBytes: number): number {
  return frameBytes * expansionMax.times + expansionMax.bytes;
}

/**
 * The content of a frame, at once: 0.5 ms a MiB, which is less than the way to the thread pool costs small segments, and
 * keeps segments in order. Throws RangeError, before any memory is spent, unless `frame` is exactly one frame that
 * declares `bytes` of content, not too many for its length, and afterwards when that is not what it holds.
 */
export function zstdDecompress(frame: Uint8Array, bytes: number): Uint8Array {
  const complaint = complaintOf(frame, bytes);
  if (complaint !== null) throw new RangeError(complaint);
  let body: Uint8Array;
  try {
    // One piece for all of it; a full piece would make the library allocate another one.
    body = zlib.zstdDecompressSync(frame, { maxOutputLength: bytes, chunkSize: bytes + 64 });
  } catch (cause) {
    throw new RangeError(`is not valid (${(cause as Error).message})`, { cause });
  }
  if (body.length !== bytes) throw new RangeError(`holds ${body.length} bytes instead of ${bytes}`);
  return body;
}

const magic = 0xfd2fb528;
/** A block that is one byte, many times. */
const repeatedByte = 1;

/**
 * Walks the headers of a frame and its blocks; a complaint, or `null`. The library would skip over what follows a frame,
 * and would believe a window of 128 MiB.
 */
function complaintOf(frame: Uint8Array, bytes: number): string | null {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  try {
    if (view.readUInt32LE(0) !== magic) return 'does not begin as a zstd frame';
    const descriptor = view.readUInt8(4);
    const wholeContentIsWindow = (descriptor & 0x20) !== 0;
    const hasChecksum = (descriptor & 0x04) !== 0;
    if ((descriptor & 0x08) !== 0) return 'has a reserved bit set';
    if ((descriptor & 0x03) !== 0) return 'needs a dictionary';
    let at = 5;
    if (!wholeContentIsWindow) {
      const window = windowBytes(view.readUInt8(at));
      if (window > windowBytesMax)
        return `needs a window of ${window} bytes, at most ${windowBytesMax} are allowed`;
      at += 1;
    }
    const size = contentSize(view, at, descriptor >> 6, wholeContentIsWindow);
    if (size.bytes !== bytes)
      return `declares ${size.bytes === null ? 'no size' : `${size.bytes} bytes`} instead of ${bytes} bytes`;
    at = endOfBlocks(view, size.at) + (hasChecksum ? 4 : 0);
    if (at < view.length) return 'is followed by something else';
    if (at > view.length) return 'is cut off';
    const bytesMax = contentBytesMax(view.length);
    return bytes > bytesMax
      ? `would become ${bytes} bytes, at most ${bytesMax} are allowed for one of ${view.length}`
      : null;
  } catch (thrown) {
    if (thrown instanceof RangeError) return 'is cut off';
    throw thrown;
  }
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The content's size (`null` when it is not declared) and where the first block begins. */
function contentSize(
  view: Buffer,
  at: number,
  flag: number,
  always: boolean,
): { bytes: number | null; at: number } {
  switch (flag) {
    case 0:
      return always ? { bytes: view.readUInt8(at), at: at + 1 } : { bytes: null, at };
    case 1:
      return { bytes: view.readUInt16LE(at) + 256, at: at + 2 };
    case 2:
      return { bytes: view.readUInt32LE(at), at: at + 4 };
    default:
      return { bytes: Number(view.readBigUInt64LE(at)), at: at + 8 };
  }
}

/** Throws RangeError when a block's header lies beyond the end. */
function endOfBlocks(view: Buffer, start: number): number {
  for (let at = start; ; ) {
    const header = view.readUIntLE(at, 3);
    at += 3 + (((header >> 1) & 3) === repeatedByte ? 1 : header >> 3);
    if ((header & 1) === 1) return at;
  }
}
