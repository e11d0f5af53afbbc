/** The two binary payloads: SEGMENT and ACK. */
import { FogrunError } from '../contract/errors.ts';
import type { Compression } from '../contract/link.ts';
import type { Acknowledgement } from '../contract/port.ts';
import type { CloudMessage } from '../domain/message.ts';
import { hashBytes, type SegmentHeader } from '../domain/segment.ts';
import { FieldReader, nameBytes, u32Bytes, u64Bytes } from './bytes.ts';
import { frameHeadBytes } from './frames.ts';
import { decodeMessages } from './json.ts';

const gapFlag = 0x01;
const reservedFlags = 0x0e;
/** Bits 4 to 7 of the flags, as numbers. */
const compressionFlags = { none: 0, zstd: 1 } as const satisfies Record<Compression, number>;

/** Bytes of a SEGMENT frame before the stream's name and without the body. */
const segmentFixedBytes = frameHeadBytes - 4 + 2 + 8 + 8 + 4 + 4 + 8 + 2 * hashBytes;

/** The `length` that a segment's frame announces with a plain body, in bytes. */
export function segmentFrameLength(header: Pick<SegmentHeader, 'stream' | 'bytes'>): number {
  return segmentFixedBytes + header.stream.length + header.bytes;
}

/**
 * Everything of a SEGMENT payload but the body. Throws RangeError for a header that cannot be put into bytes.
 * @param compression what the body that follows has been through
 */
export function encodeSegmentHead(header: SegmentHeader, compression: Compression = 'none'): Uint8Array {
  if (header.previousHash.length !== hashBytes || header.hash.length !== hashBytes) {
    throw new RangeError(`a hash has ${hashBytes} bytes`);
  }
  return Buffer.concat([
    Buffer.of((header.type === 'gap' ? gapFlag : 0) | (compressionFlags[compression] << 4)),
    nameBytes(header.stream),
    u64Bytes(header.sequence, header.fromSeq),
    u32Bytes(header.count, header.bytes),
    u64Bytes(header.sealedAtMs),
    header.previousHash,
    header.hash,
  ]);
}

/** What a SEGMENT frame says; edge, epoch and body hash are the receiver's to add. */
export type SegmentFields = Omit<SegmentHeader, 'edge' | 'epoch' | 'bodyHash'>;

export interface DecodedSegment {
  readonly fields: SegmentFields;
  readonly compression: Compression;
  /** As it came: a view of the payload. */
  readonly body: Uint8Array;
}

/**
 * Throws `link-protocol`.
 * @param agreed what WELCOME allowed; a plain body is always allowed
 */
export function decodeSegment(payload: Uint8Array, agreed: Compression = 'none'): DecodedSegment {
  const read = new FieldReader('SEGMENT', payload);
  const flags = read.u8('flags');
  const compression = flags >> 4 === compressionFlags[agreed] ? agreed : 'none';
  if (flags >> 4 !== compressionFlags[compression]) {
    throw new FogrunError('link-protocol', `SEGMENT has compression ${flags >> 4}, but ${agreed} was agreed`);
  }
  if ((flags & reservedFlags) !== 0) {
    throw new FogrunError('link-protocol', `SEGMENT has reserved flags: 0x${flags.toString(16)}`);
  }
  const fields: SegmentFields = {
    type: (flags & gapFlag) !== 0 ? 'gap' : 'readings',
    stream: read.name('stream'),
    sequence: read.u64('sequence', 1),
    fromSeq: read.u64('fromSeq'),
    count: read.u32('count'),
    bytes: read.u32('bytes'),
    sealedAtMs: read.u64('sealedAtMs'),
    previousHash: read.hash('previousHash'),
    hash: read.hash('hash'),
  };
  const body = read.rest();
  // A compressed body is there only where it is the shorter one.
  if (compression === 'none' ? body.length !== fields.bytes : body.length >= fields.bytes) {
    const kind = compression === 'none' ? '' : ` of ${compression}`;
    throw new FogrunError(
      'link-protocol',
      `SEGMENT ${fields.stream}/${fields.sequence} announces ${fields.bytes} bytes, but carries ${body.length}${kind}`,
    );
  }
  return { fields, compression, body };
}

/** Throws RangeError for what cannot be put into bytes. */
export function encodeAck(ack: Acknowledgement): Uint8Array {
  if (ack.hash.length !== hashBytes) throw new RangeError(`a hash has ${hashBytes} bytes`);
  return Buffer.concat([
    nameBytes(ack.stream),
    u64Bytes(ack.sequence),
    ack.hash,
    encodeMessages(ack.messages),
  ]);
}

function encodeMessages(messages: readonly CloudMessage[]): Uint8Array {
  return Buffer.from(JSON.stringify(messages), 'utf8');
}

/** Throws `link-protocol`. */
export function decodeAck(payload: Uint8Array): Acknowledgement {
  const read = new FieldReader('ACK', payload);
  return {
    stream: read.name('stream'),
    sequence: read.u64('sequence', 1),
    hash: read.hash('hash'),
    messages: decodeMessages(read.rest()),
  };
}
