/** The two binary payloads: SEGMENT and ACK. */
import { FogrunError } from '../contract/errors.ts';
import type { Acknowledgement } from '../contract/port.ts';
import type { CloudMessage } from '../domain/message.ts';
import { hashBytes, type SegmentHeader } from '../domain/segment.ts';
import { FieldReader, nameBytes, u32Bytes, u64Bytes } from './bytes.ts';
import { frameHeadBytes } from './frames.ts';
import { decodeMessages } from './json.ts';

const gapFlag = 0x01;
const reservedFlags = 0x0e;

/** Bytes of a SEGMENT frame before the stream's name and without the body. */
const segmentFixedBytes = frameHeadBytes - 4 + 2 + 8 + 8 + 4 + 4 + 8 + 2 * hashBytes;

/** The `length` that a segment's frame announces, in bytes. */
export function segmentFrameLength(header: SegmentHeader): number {
  return segmentFixedBytes + header.stream.length + header.bytes;
}

/** Everything of a SEGMENT payload but the body. Throws RangeError for a header that cannot be put into bytes. */
export function encodeSegmentHead(header: SegmentHeader): Uint8Array {
  if (header.previousHash.length !== hashBytes || header.hash.length !== hashBytes) {
    throw new RangeError(`a hash has ${hashBytes} bytes`);
  }
  return Buffer.concat([
    Buffer.of(header.type === 'gap' ? gapFlag : 0),
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

/** Throws `link-protocol`. The body is a view of the payload. */
export function decodeSegment(payload: Uint8Array): { fields: SegmentFields; body: Uint8Array } {
  const read = new FieldReader('SEGMENT', payload);
  const flags = read.u8('flags');
  const compression = flags >> 4;
  if (compression !== 0) {
    throw new FogrunError('link-protocol', `SEGMENT has compression ${compression}, but none was agreed`);
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
  if (body.length !== fields.bytes) {
    throw new FogrunError(
      'link-protocol',
      `SEGMENT ${fields.stream}/${fields.sequence} announces ${fields.bytes} bytes, but carries ${body.length}`,
    );
  }
  return { fields, body };
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
