/** What a cloud checks of a segment by itself, before it looks at what came before. */
import { FogrunError } from '../contract/errors.ts';
import { DecimalCounter } from '../domain/decimal-counter.ts';
import type { Gap } from '../domain/gap.ts';
import { epochPattern, hashBytes, isVerified, namePattern, type SegmentHeader } from '../domain/segment.ts';
import { safeText } from './text.ts';

const newline = 0x0a;
const space = 0x20;
const closingBrace = 0x7d;
const comma = 0x2c;
const del = 0x7f;

/** How messages name a segment. */
export function nameOf(header: SegmentHeader): string {
  return `segment ${header.sequence} of stream ${safeText(String(header.stream))} of edge ${safeText(String(header.edge))}`;
}

const lineStart = Buffer.from('{"seq":', 'latin1');

/**
 * Lines of `{"seq":N,…}` with N from `fromSeq` up, and no control character: neither what JSON does not allow as it stands
 * nor what steers a terminal. A complaint, or `null`. What is between is not parsed: the cloud stores bytes, and who
 * needs the values reads them. One look at each byte: every segment passes here.
 */
function complaintOfLines(body: Uint8Array, fromSeq: number, count: number): string | null {
  const counter = new DecimalCounter(fromSeq);
  let at = 0;
  for (let line = 1; line <= count; line++) {
    if (at === body.length) return `has ${line - 1} lines instead of ${count}`;
    const afterNumber = startsWith(body, startsWith(body, at, lineStart), counter.digits);
    const after = body[afterNumber];
    if (after !== comma && after !== closingBrace) {
      return `does not begin line ${line} with {"seq":${fromSeq + line - 1}`;
    }
    at = afterNumber;
    while (body[at]! >= space && body[at] !== del) at++;
    if (at === body.length) return `has ${line - 1} lines instead of ${count}`;
    if (body[at] !== newline) return 'has a control character in its body';
    if (body[at - 1] !== closingBrace) return `does not end line ${line} with }`;
    at++;
    counter.increment();
  }
  return at === body.length ? null : `has more than ${count} lines`;
}

/** Where `prefix` ends in `body` if it stands at `at`, else -1; nothing stands at -1. */
function startsWith(body: Uint8Array, at: number, prefix: Uint8Array): number {
  if (at < 0) return -1;
  for (let i = 0; i < prefix.length; i++) if (body[at + i] !== prefix[i]) return -1;
  return at + prefix.length;
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
  if (!isVerified(header, body)) return 'does not match its hash';
  if (type === 'readings') {
    return count === 0 ? 'holds no readings' : complaintOfLines(body, fromSeq, count);
  }
  return complaintOfGap(body, fromSeq, count);
}

function complaintOfGap(body: Uint8Array, fromSeq: number, count: number): string | null {
  if (body.indexOf(newline) !== body.length - 1) return 'is a gap whose body is not one line';
  if (body.subarray(0, -1).some((byte) => byte < space || byte === del))
    return 'has a control character in its body';
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
