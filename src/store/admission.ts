/** Whether an edge's history and the cloud's continue each other. */
import type { KvReader } from '../contract/kv.ts';
import type { Mark, StreamHead } from '../contract/store.ts';
import { epochPattern, namePattern, noHash, type SegmentRef, sameHash } from '../domain/segment.ts';
import { keys, type Life, tryReceipt } from './cloud-records.ts';
import { safeText } from './text.ts';

export interface Greeting {
  readonly edge: string;
  readonly epoch: string;
  readonly token: number;
  readonly heads: readonly StreamHead[];
}

/** Why the greeting cannot be taken, in a sentence; `null` when it can. */
export function objection(
  reader: KvReader,
  greeting: Greeting,
  life: Life | undefined,
  marks: ReadonlyMap<string, Mark>,
): string | null {
  const { edge, epoch, token, heads } = greeting;
  if (!life) {
    const known = heads.find((head) => head.acknowledged > 0);
    return known
      ? `this cloud has never met epoch ${epoch} of edge ${edge}, whose stream ${known.stream} is acknowledged up to ${known.acknowledged}: it is another cloud, or was wiped`
      : null;
  }
  if (token < life.used) {
    return `edge ${edge} greets with token ${token}, but segments came under token ${life.used}: this is a copy of its store or a restored snapshot`;
  }
  if (token > life.issued) {
    return `edge ${edge} greets with token ${token}, but only ${life.issued} were given: this cloud was restored from an older copy`;
  }
  const named = new Set(heads.map((head) => head.stream));
  for (const [stream, mark] of marks) {
    if (mark.sequence > 0 && !named.has(stream)) {
      return `this cloud has ${mark.sequence} segments of stream ${stream} of edge ${edge}, which the edge does not know: its store is a copy or a restored snapshot`;
    }
  }
  for (const head of heads) {
    const { stream } = head;
    const mark = marks.get(stream);
    const stored = mark?.sequence ?? 0;
    if (stored > head.sealed) {
      return `this cloud has ${stored} segments of stream ${stream} of edge ${edge}, which has sealed only ${head.sealed}: its store is a copy or a restored snapshot`;
    }
    if (stored < head.acknowledged) {
      return `this cloud has ${stored} segments of stream ${stream} of edge ${edge}, but ${head.acknowledged} were acknowledged: the cloud lost data, such as by a restored backup`;
    }
    if (mark && stored === head.sealed && !sameHash(mark.hash, head.sealedHash)) {
      return `segment ${stored} of stream ${stream} of edge ${edge} has another hash here: the histories differ`;
    }
    if (head.acknowledged > 0) {
      const hash = hashAt(reader, { edge, epoch, stream, sequence: head.acknowledged }, mark);
      if (hash !== 'unreadable' && !sameHash(hash, head.acknowledgedHash)) {
        return `segment ${head.acknowledged} of stream ${stream} of edge ${edge}, acknowledged, has another hash here: the histories differ`;
      }
    }
  }
  return null;
}

/** What is known of a stored segment's hash; that its receipt is damaged is no reason to turn its edge away. */
function hashAt(reader: KvReader, ref: SegmentRef, mark: Mark | undefined): Uint8Array | 'unreadable' {
  if (mark?.sequence === ref.sequence) return mark.hash;
  const bytes = reader.get(keys.receipt(ref));
  if (!bytes) return noHash;
  return tryReceipt(ref, bytes)?.header.hash ?? 'unreadable';
}

/** What is wrong with a greeting by itself. */
export function greetingFlaw(
  edge: string,
  epoch: string,
  token: number,
  heads: readonly StreamHead[],
): string | null {
  if (!namePattern.test(edge)) return `\`${safeText(edge)}\` is no name of an edge`;
  if (!epochPattern.test(epoch)) return `\`${safeText(epoch)}\` is no epoch: expected 32 hexadecimal digits`;
  const count = (n: number) => Number.isSafeInteger(n) && n >= 0 && n < Number.MAX_SAFE_INTEGER;
  if (!count(token)) return 'the token is no number that leaves room for a next one';
  for (const { stream, sealed, acknowledged } of heads) {
    if (!namePattern.test(stream)) return `\`${safeText(stream)}\` is no name of a stream`;
    if (!count(sealed) || !count(acknowledged) || acknowledged > sealed) {
      return `stream ${stream} claims ${acknowledged} acknowledged of ${sealed} sealed`;
    }
  }
  return null;
}
