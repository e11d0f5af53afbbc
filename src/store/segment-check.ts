/** What a cloud checks of a segment by itself, before it looks at what came before. */
import { FogrunError } from '../contract/errors.ts';
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
const openingBrace = 0x7b;

/** How messages name a segment. */
export function nameOf(header: SegmentHeader): string {
  return `segment ${header.sequence} of stream ${safeText(String(header.stream))} of edge ${safeText(String(header.edge))}`;
}

/** Lines of `{"seq":N,…}` with N from `fromSeq` up; a complaint, or `null`. */
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
      (after !== 0x2c && after !== 0x7d) ||
      end - at < start.length + 1
    ) {
      return `does not begin line ${i + 1} with ${start}`;
    }
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
  if (type === 'readings') {
    return count === 0 ? 'holds no readings' : complaintOfLines(body, fromSeq, count);
  }
  const oneLine = body.length > 2 && body[0] === openingBrace && body.indexOf(newline) === body.length - 1;
  return oneLine ? null : 'is a gap whose body is not one line of JSON';
}

/** Throws `segment-refused` when header and body do not fit each other. */
export function checkSegment(header: SegmentHeader, body: Uint8Array): void {
  const complaint = complaintOf(header, body);
  if (complaint !== null) throw new FogrunError('segment-refused', `${nameOf(header)} ${complaint}`);
}
