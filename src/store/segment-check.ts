/** What a cloud checks of a segment by itself, before it looks at what came before. */
import { FogrunError } from '../contract/errors.ts';
import type { Gap } from '../domain/gap.ts';
import {
  bodyHash,
  chainHash,
  epochPattern,
  hashBytes,
  namePattern,
  type SegmentHeader,
  sameHash,
} from '../domain/segment.ts';
import { safeText } from './text.ts';

const newline = 0x0a;
const closingBrace = 0x7d;
/** What JSON does not allow as it stands, and what steers a terminal; a newline ends a line. */
const controls = /[\0-\x09\x0b-\x1f\x7f]/;

/** How messages name a segment. */
export function nameOf(header: SegmentHeader): string {
  return `segment ${header.sequence} of stream ${safeText(String(header.stream))} of edge ${safeText(String(header.edge))}`;
}

/**
 * Lines of `{"seq":N,…}` with N from `fromSeq` up; a complaint, or `null`. What is between is not parsed: the cloud stores
 * bytes, and who needs the values reads them.
 */
function complaintOfLines(body: Uint8Array, fromSeq: number, count: number): string | null {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = bytes.indexOf(newline, at);
    if (end < 0) return `has ${i} lines instead of ${count}`;
    const start = `{"seq":${fromSeq + i}`;
    // `,` and `}` end the number.
    const after = bytes[at + start.length];
    if (
      bytes.toString('latin1', at, at + start.length) !== start ||
      (after !== 0x2c && after !== closingBrace) ||
      end - at < start.length + 1
    ) {
      return `does not begin line ${i + 1} with ${start}`;
    }
    if (bytes[end - 1] !== closingBrace) return `does not end line ${i + 1} with }`;
    at = end + 1;
  }
  return at === bytes.length ? null : `has more than ${count} lines`;
}

function complaintOf(header: SegmentHeader, body: Uint8Array): string | null {
  const { edge, epoch, stream, sequence, type, fromSeq, count, bytes, sealedAtMs } = header;
  if (!namePattern.test(edge) || !namePattern.test(stream)) return 'has no proper name';
  if (!epochPattern.test(epoch)) return 'has no proper epoch';
  if (type !== 'readings' && type !== 'gap') return 'is of an unknown type';
  if (![sequence, fromSeq, count, bytes, sealedAtMs].every((n) => Number.isSafeInteger(n) && n >= 0)) {
    return 'has a number out of bounds';
  }
  if (sequence < 1 || fromSeq < 1 || fromSeq + count > Number.MAX_SAFE_INTEGER)
    return 'has a number out of bounds';
  if (![header.bodyHash, header.previousHash, header.hash].every((hash) => hash?.length === hashBytes)) {
    return 'has a hash of the wrong length';
  }
  if (body.length !== bytes) return `has ${body.length} bytes, its header says ${bytes}`;
  if (!sameHash(chainHash(header), header.hash)) return 'has a header that does not match its hash';
  if (!sameHash(bodyHash(body), header.bodyHash)) return 'has a body that does not match its hash';
  if (controls.test(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'))) {
    return 'has a control character in its body';
  }
  if (type === 'readings') {
    return count === 0 ? 'holds no readings' : complaintOfLines(body, fromSeq, count);
  }
  return complaintOfGap(body, fromSeq, count);
}

function complaintOfGap(body: Uint8Array, fromSeq: number, count: number): string | null {
  if (body.indexOf(newline) !== body.length - 1) return 'is a gap whose body is not one line';
  let gap: Partial<Gap> | null;
  try {
    gap = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return 'is a gap whose body is no JSON';
  }
  if (typeof gap !== 'object' || gap === null || typeof gap.gap !== 'string')
    return 'is a gap that gives no reason';
  const covers = gap.fromSeq === undefined ? 0 : (gap.toSeq ?? 0) - gap.fromSeq + 1;
  const fits = covers === count && (gap.fromSeq === undefined || gap.fromSeq === fromSeq);
  return fits ? null : 'is a gap whose body does not cover what its head says';
}

/** Throws `segment-refused` when header and body do not fit each other. */
export function checkSegment(header: SegmentHeader, body: Uint8Array): void {
  const complaint = complaintOf(header, body);
  if (complaint !== null) throw new FogrunError('segment-refused', `${nameOf(header)} ${complaint}`);
}
