/** Where one reading is on its edge; `fogrun where` asks. */
import type { Gap } from '../domain/gap.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import type { EdgeStore, SegmentInfo } from './store.ts';

/** How often and when a segment was handed to the link, since the pipeline started. */
export interface Sent {
  readonly times: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What was said of a segment on its way, since the pipeline started. */
export interface Travel {
  readonly sent: Sent | null;
  /** `null` while it is not acknowledged, and when that was before the pipeline started. */
  readonly acknowledgedMs: number | null;
}

/** The segment that the reading is in, or was. */
export interface WhereSegment {
  readonly sequence: number;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly bytes: number;
  /** Of an open one, when its first reading was accepted. */
  readonly sealedAtMs: number;
  /** Hexadecimal; `null` while it is open. */
  readonly hash: string | null;
}

/**
 * - `open`: accepted, in the segment that still takes readings
 * - `sealed`: waits for its acknowledgement
 * - `discarded`: given up, and becomes a gap at the next greeting unless the cloud has it
 * - `gap`: a gap stands for it, which waits for its acknowledgement
 * - `acknowledged`: the cloud has it, or the gap for it, and it is deleted here
 * - `never`: no reading has had that number yet
 */
export type WhereState = 'open' | 'sealed' | 'discarded' | 'gap' | 'acknowledged' | 'never';

export interface EdgeWhere extends Travel {
  readonly edge: string;
  readonly epoch: string;
  readonly stream: string;
  readonly seq: number;
  readonly state: WhereState;
  readonly segment: WhereSegment | null;
  readonly gap: Pick<Gap, 'gap' | 'count' | 'text' | 'fromTime' | 'toTime'> | null;
  /** The number that the next reading will have. */
  readonly nextSeq: number;
}

type Store = Pick<EdgeStore, 'edge' | 'epoch' | 'streams' | 'openSegment' | 'held' | 'header' | 'body'>;

const nothing = { segment: null, gap: null, sent: null, acknowledgedMs: null };

/** What the store knows of it; the travel is left to who has followed it. */
export async function whereInEdge(store: Store, stream: string, seq: number): Promise<EdgeWhere> {
  const { edge, epoch } = store;
  const open = store.openSegment(stream);
  const nextSeq = open.fromSeq + open.count;
  const known = { edge, epoch, stream, seq, nextSeq, ...nothing };
  if (seq >= nextSeq) return { ...known, state: 'never' };
  if (seq >= open.fromSeq) {
    const { sequence, fromSeq, bytes, sinceMs } = open;
    const segment = { sequence, fromSeq, toSeq: nextSeq - 1, bytes, sealedAtMs: sinceMs ?? 0, hash: null };
    return { ...known, state: 'open', segment };
  }
  const info = heldWith(store, stream, seq, open.sequence - 1);
  const header = info && store.header(stream, info.sequence);
  if (!info || !header) return { ...known, state: 'acknowledged' };
  const segment = segmentOf(header);
  if (info.discarded) return { ...known, state: 'discarded', segment };
  if (info.type === 'readings') return { ...known, state: 'sealed', segment };
  const gap = JSON.parse(Buffer.from(await store.body(header)).toString('utf8')) as Gap;
  return { ...known, state: 'gap', segment, gap };
}

export function segmentOf({
  sequence,
  fromSeq,
  count,
  bytes,
  sealedAtMs,
  hash,
}: SegmentHeader): WhereSegment {
  return {
    sequence,
    fromSeq,
    toSeq: fromSeq + count - 1,
    bytes,
    sealedAtMs,
    hash: Buffer.from(hash).toString('hex'),
  };
}

/** The held segment with that seq, found by halves. */
function heldWith(store: Store, stream: string, seq: number, sealed: number): SegmentInfo | undefined {
  // The first at that place or behind it: one header stands for all that were dropped in a row.
  const at = (sequence: number) => store.held(stream, sequence, 1)[0];
  let found = at(1);
  if (!found || seq < found.fromSeq) return undefined;
  let [low, high] = [found.sequence, sealed];
  // The last one that begins at or before it: gaps without a seq begin where the next segment does.
  while (low < high) {
    const middle = at(Math.ceil((low + high) / 2));
    if (middle && middle.fromSeq <= seq) [found, low] = [middle, middle.sequence];
    else high = Math.ceil((low + high) / 2) - 1;
  }
  return seq < found.fromSeq + found.count ? found : undefined;
}
