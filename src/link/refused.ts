/** A REFUSE that ends the link, as an error. */
import { type ErrorCode, FogrunError } from '../contract/errors.ts';
import type { Refusal } from '../contract/link.ts';

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
