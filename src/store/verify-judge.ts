/** Why the bytes of a segment are not those that its receipt is for. */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import { type SegmentHeader, sameHash, withBodyHash } from '../domain/segment.ts';
import type { Place } from './certificate.ts';
import { receiptOfSeq } from './cloud-find.ts';
import { checkSegment } from './segment-check.ts';
import type { FoundFile } from './verify-files.ts';
import type { Findings, NewFlaw } from './verify-findings.ts';
import { explainBody, seqOf } from './verify-lines.ts';

export const receiptAdvice =
  "The cloud's store was changed or damaged: restore it from a copy, or keep this as the record of what is lost.";
const copyAdvice = 'Restore the file from a copy; the other segments are not concerned.';

/** Bytes, contents, hash and place in the chain in one look. */
export function isWhole(header: SegmentHeader, body: Uint8Array): boolean {
  const { bodyHash, ...rest } = header;
  const whole = withBodyHash(rest, body);
  if (!whole || !sameHash(whole.bodyHash, bodyHash)) return false;
  try {
    checkSegment(whole, body);
    return true;
  } catch (error) {
    if (error instanceof FogrunError) return false;
    throw error;
  }
}

/** @param isFiled they should be in a file; else they are in the store */
export function judge(
  walk: Place & { readonly kv: KvReader; readonly findings: Findings },
  { header, file }: Receipt,
  found: FoundFile,
  isFiled: boolean,
): NewFlaw {
  const { sequence, fromSeq, count } = header;
  const about = { sequence, fromSeq, toSeq: Math.max(fromSeq, fromSeq + count - 1), file };
  if (!found) {
    const message = `${file} is gone: it held segment ${sequence} with ${contents(header)}`;
    return { ...about, kind: 'file-missing', message, advice: copyAdvice };
  }
  if ('wrong' in found) {
    const message = `${file} ${found.wrong} and cannot be segment ${sequence} with ${contents(header)}`;
    return { ...about, kind: 'file-changed', message, advice: copyAdvice };
  }
  const owner = isFiled ? ownerOf(walk, header, found.bytes) : null;
  if (owner) {
    const message = `${file} should hold segment ${sequence} and holds segment ${owner.header.sequence}, which belongs into ${owner.file}`;
    const advice =
      'Exchange the two files, if the other one holds this segment; else restore this one from a copy.';
    return { ...about, kind: 'file-exchanged', message, advice };
  }
  const why = explainBody(header, found.bytes, walk.findings.effort);
  const name = isFiled ? file : `segment ${sequence}, which waits in the cloud's store to become ${file},`;
  return {
    ...about,
    kind: isFiled ? why.kind : 'body-changed',
    fromSeq: why.fromSeq,
    toSeq: why.toSeq,
    line: why.line,
    message: `${name} ${why.message}`,
    advice: why.mending ?? (isFiled ? copyAdvice : receiptAdvice),
  };
}

/** The segment of this stream that those bytes are, whole. */
function ownerOf(
  walk: Place & { readonly kv: KvReader },
  header: SegmentHeader,
  body: Uint8Array,
): Receipt | null {
  const seq = seqOf(body);
  if (seq === null || seq === header.fromSeq) return null;
  const other = receiptOfSeq(walk, seq);
  return other && isWhole(other.header, body) ? other : null;
}

function contents({ fromSeq, count, type }: SegmentHeader): string {
  if (count === 0) return 'a gap';
  return `${type === 'gap' ? 'a gap for ' : ''}seq ${fromSeq} to ${fromSeq + count - 1}`;
}
