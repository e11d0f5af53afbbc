/** The past of an edge, from its stored segments of the stream `states`, the newest part first. */
import { FogrunError } from '../contract/errors.ts';
import type { EdgeHistory, EdgeTransition } from '../contract/fleet.ts';
import { statesStream, type TakenRecord } from '../contract/state-records.ts';
import type { CloudStore, Receipt } from '../contract/store.ts';
import { epochPattern } from '../domain/segment.ts';
import { recordsBackwards } from './fleet-edge.ts';

/** Most transitions of one answer. */
export const countMaxMax = 1_000;
const countMaxUsual = 200;
/** Segments that one answer looks at: an edge may have sent many that hold nothing of interest. */
const segmentsMax = 200;

export type HistoryStore = Pick<CloudStore, 'epochs' | 'receiptsBefore' | 'body'>;

/** Where a part ends: what comes next is before this `seq` of this segment. */
interface Place {
  readonly epoch: string;
  readonly sequence: number;
  readonly seq: number;
}

export async function historyOf(
  store: HistoryStore,
  edge: string,
  options: { readonly before?: string; readonly countMax?: number } = {},
): Promise<EdgeHistory> {
  const countMax = Math.min(countMaxMax, Math.max(1, Math.trunc(options.countMax ?? countMaxUsual)));
  const from = options.before === undefined ? null : placeIn(options.before);
  const epochs = store.epochs(edge).toReversed();
  const at = from ? epochs.indexOf(from.epoch) : 0;
  if (at < 0) throw unknownPlace();
  const found: EdgeTransition[] = [];
  let [looked, damaged] = [0, 0];
  const answer = (place: Place | null): EdgeHistory => ({
    edge,
    transitions: found.reverse(),
    before: place && `${place.epoch}.${place.sequence}.${place.seq}`,
    ...(damaged > 0 ? { damaged } : {}),
  });
  for (const epoch of epochs.slice(at)) {
    const start = from?.epoch === epoch ? from : null;
    const sequence = start ? start.sequence + 1 : Number.MAX_SAFE_INTEGER;
    const ref = { edge, epoch, stream: statesStream, sequence };
    for (const receipt of store.receiptsBefore(ref, () => damaged++)) {
      const { header } = receipt;
      if (found.length >= countMax || looked >= segmentsMax) {
        return answer({ epoch, sequence: header.sequence, seq: Number.MAX_SAFE_INTEGER });
      }
      if (header.type === 'gap') continue;
      looked += 1;
      const body = await readable(store, receipt);
      if (!body) {
        damaged += 1;
        continue;
      }
      const before = start?.sequence === header.sequence ? start.seq : Number.POSITIVE_INFINITY;
      for (const taken of recordsBackwards(body)) {
        if (taken.seq >= before) continue;
        const transition = transitionOf(taken, epoch, receipt.storedAtMs);
        if (!transition) continue;
        if (found.length >= countMax) return answer({ epoch, sequence: header.sequence, seq: taken.seq + 1 });
        found.push(transition);
      }
    }
  }
  return answer(null);
}

/** Begin and orderly end of the edge as a whole are told as transitions too; other words on the whole are none. */
function transitionOf(
  { type, seq, record }: TakenRecord,
  epoch: string,
  storedMs: number,
): EdgeTransition | null {
  if (type === 'state') return { ...record, seq, epoch, storedMs };
  const { timeMs, reason } = record;
  if (reason !== 'start' && reason !== 'end') return null;
  const moved =
    reason === 'start'
      ? ({ from: 'off', to: 'running', health: 'well' } as const)
      : ({ from: 'running', to: 'ended', health: 'ended' } as const);
  const none = { cause: null, attempt: null, retryInMs: null };
  return { seq, epoch, timeMs, actor: 'edge', event: reason, ...moved, ...none, storedMs };
}

async function readable(store: HistoryStore, receipt: Receipt): Promise<Uint8Array | null> {
  try {
    return await store.body(receipt);
  } catch (thrown) {
    if (thrown instanceof FogrunError && thrown.code === 'store-corrupt') return null;
    throw thrown;
  }
}

function placeIn(text: string): Place {
  const [epoch = '', sequence = '', seq = '', ...more] = text.split('.');
  const isCount = (word: string) => /^\d{1,16}$/.test(word);
  if (more.length > 0 || !epochPattern.test(epoch) || !isCount(sequence) || !isCount(seq))
    throw unknownPlace();
  return { epoch, sequence: Number(sequence), seq: Number(seq) };
}

function unknownPlace(): FogrunError {
  return new FogrunError('control-unknown', 'that is no place in the history of this edge');
}
