/** REFUSE as an error, and an error as REFUSE. */
import { type ErrorCode, FogrunError, toProblem } from '../contract/errors.ts';
import type { Refusal } from '../contract/link.ts';
import type { SegmentHeader } from '../domain/segment.ts';

/** Carries the cloud's words: `refusal.code`, `refusal.retryAfterMs`. */
export class LinkRefusedError extends FogrunError {
  readonly refusal: Refusal;

  constructor(where: string, refusal: Refusal) {
    super(codeOf(refusal), `${where} refused (${refusal.code}): ${refusal.reason}`);
    this.name = 'LinkRefusedError';
    this.refusal = refusal;
  }
}

function codeOf(refusal: Refusal): ErrorCode {
  switch (refusal.code) {
    case 'version':
      return 'link-version';
    case 'superseded':
      return 'link-superseded';
    case 'forked':
      return 'edge-forked';
    default:
      return 'link-refused';
  }
}

/** Whether it concerns one segment and leaves the link alive. */
export function isSegmentRefusal(
  refusal: Refusal,
): refusal is Refusal & { readonly stream: string; readonly sequence: number } {
  return refusal.stream !== undefined && refusal.sequence !== undefined;
}

/** How long an edge should wait when the cloud's disk is full. */
const fullRetryAfterMs = 10_000;

/** What an edge is told when its greeting or a segment of it could not be taken. */
export function refusalOf(thrown: unknown, header?: SegmentHeader): Refusal {
  const { code, message } = toProblem(thrown);
  const about = header ? { stream: header.stream, sequence: header.sequence } : {};
  switch (code) {
    case 'segment-refused':
      return { code: 'invalid', reason: message, ...about };
    case 'edge-forked':
      return { code: 'forked', reason: message };
    case 'link-superseded':
      return { code: 'superseded', reason: message };
    case 'store-full':
      return { code: 'full', reason: message, retryAfterMs: fullRetryAfterMs };
    default:
      return {
        code: 'failed',
        reason: 'the cloud cannot store anything at the moment',
        retryAfterMs: fullRetryAfterMs,
      };
  }
}
