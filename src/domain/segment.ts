/**
 * Segments: immutable, ordered runs of readings, and the hash chain that ties each to its predecessor.
 * The byte layout that is hashed is part of the link protocol (docs/link-protocol.md, "Hash chain").
 */
import { createHash } from 'node:crypto';

/** Which segment: unique for ever. */
export interface SegmentRef {
  readonly edge: string;
  /** 32 hexadecimal digits: the 128-bit id of the store's life. */
  readonly epoch: string;
  readonly stream: string;
  /** From 1, contiguous per (edge, epoch, stream). */
  readonly sequence: number;
}

/** `readings` carries NDJSON readings; `gap` stands for readings that will never come. */
export type SegmentType = 'readings' | 'gap';

/** Everything about a segment but its bytes. */
export interface SegmentHeader extends SegmentRef {
  readonly type: SegmentType;
  /** `seq` of the first reading, or of the first one missing in a gap. */
  readonly fromSeq: number;
  /** Readings in it, or numbers of `seq` that a gap covers (0 for readings that never had one). */
  readonly count: number;
  /** Bytes of the body. */
  readonly bytes: number;
  /** Wall clock of the edge when it was sealed, ms since 1970. */
  readonly sealedAtMs: number;
  /** SHA-256 of the body. */
  readonly bodyHash: Uint8Array;
  /** Hash of the segment before; 32 zero bytes for sequence 1. */
  readonly previousHash: Uint8Array;
  /** SHA-256 over `previousHash` and this header: see `chainHash`. */
  readonly hash: Uint8Array;
}

export const hashBytes = 32;
/** Predecessor of the first segment of a stream. */
export const noHash: Uint8Array = new Uint8Array(hashBytes);

export function bodyHash(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest();
}

/**
 * SHA-256 over: `fogrun-segment-1\0`, previous hash (32), edge (u8 length + UTF-8), epoch (16 bytes),
 * stream (u8 length + ASCII), type (u8: 0 readings, 1 gap), sequence, fromSeq, count, bytes, sealedAtMs
 * (u64 big-endian each), body hash (32).
 */
export function chainHash(header: Omit<SegmentHeader, 'hash'>): Uint8Array {
  const edge = Buffer.from(header.edge, 'utf8');
  const stream = Buffer.from(header.stream, 'ascii');
  const numbers = Buffer.alloc(40);
  [header.sequence, header.fromSeq, header.count, header.bytes, header.sealedAtMs].forEach((value, i) => {
    numbers.writeBigUInt64BE(BigInt(value), i * 8);
  });
  return createHash('sha256')
    .update('fogrun-segment-1\0')
    .update(header.previousHash)
    .update(Buffer.of(edge.length))
    .update(edge)
    .update(Buffer.from(header.epoch, 'hex'))
    .update(Buffer.of(stream.length))
    .update(stream)
    .update(Buffer.of(header.type === 'gap' ? 1 : 0))
    .update(numbers)
    .update(header.bodyHash)
    .digest();
}

/** Bodies that `withBodyHash` has found to be those of their headers. */
const verified = new WeakMap<SegmentHeader, Uint8Array>();

/** Completes a header with the hash of its body, once for everybody who asks `isVerified`; `null` when `hash` does not fit. */
export function withBodyHash(
  fields: Omit<SegmentHeader, 'bodyHash'>,
  body: Uint8Array,
): SegmentHeader | null {
  const header: SegmentHeader = { ...fields, bodyHash: bodyHash(body) };
  if (!sameHash(chainHash(header), header.hash)) return null;
  verified.set(header, body);
  return header;
}

/** Whether the header's hashes are right and its body's is that of `body`. */
export function isVerified(header: SegmentHeader, body: Uint8Array): boolean {
  if (verified.get(header) === body) return true;
  return sameHash(chainHash(header), header.hash) && sameHash(bodyHash(body), header.bodyHash);
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** `epoch` as text: 32 lower-case hexadecimal digits. */
export const epochPattern = /^[0-9a-f]{32}$/;
/** Names of edges, streams and pipelines: safe as a file name everywhere. */
export const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;
