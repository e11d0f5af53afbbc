/** Looks over the shoulder of a cloud's store: whatever it takes must continue what it has, and be what was accepted. */
import type { CloudStore } from '../contract/store.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { type Ledger, linesOf, readNumbered } from './ledger.ts';
import type { Telling } from './telling.ts';

export interface CloudWatch {
  readonly name: string;
  readonly telling: Telling;
  /** Ledgers of the disks that had this epoch. */
  readonly ledgersOf: (edge: string, epoch: string) => readonly Ledger[];
}

/** The same store, watched from now on. */
export function watchCloudStore<Store extends CloudStore>(store: Store, watch: CloudWatch): Store {
  /** Last sequence and `seq` of each stream, by `edge/epoch/stream`. */
  const reached = new Map<string, { sequence: number; seq: number }>();
  const put = store.put.bind(store);
  store.put = async (token, header, body) => {
    const key = `${header.edge}/${header.epoch}/${header.stream}`;
    if (!reached.has(key)) {
      const mark = store.mark(header.edge, header.epoch, header.stream);
      reached.set(key, { sequence: mark?.sequence ?? 0, seq: mark?.seq ?? 0 });
    }
    const result = await put(token, header, body);
    if (!result.known) judge(header, body, reached.get(key)!, watch);
    return result;
  };
  return store;
}

function judge(
  header: SegmentHeader,
  body: Uint8Array,
  before: { sequence: number; seq: number },
  watch: CloudWatch,
): void {
  const { edge, stream, sequence, fromSeq, count } = header;
  const what = `segment ${sequence} of ${stream} of ${edge}`;
  const wrong = (invariant: 'order' | 'unaltered', text: string) =>
    watch.telling.violate(invariant, watch.name, text);
  if (sequence !== before.sequence + 1) {
    wrong('order', `${what} was stored after segment ${before.sequence}`);
  }
  if (fromSeq !== before.seq + 1) wrong('order', `${what} begins at seq ${fromSeq}, after ${before.seq}`);
  before.sequence = sequence;
  before.seq = fromSeq + count - 1;
  if (header.type === 'gap') return;
  const ledgers = watch.ledgersOf(edge, header.epoch);
  let seq = fromSeq;
  for (const line of linesOf(body)) {
    const read = readNumbered(line);
    if (read?.seq !== seq) {
      wrong('order', `${what} has seq ${read?.seq ?? 'none'} in place of ${seq}`);
      return;
    }
    if (!ledgers.some((ledger) => ledger.sum(stream, seq) === read.sum)) {
      wrong('unaltered', `${what} has another reading than was accepted as seq ${seq}`);
      return;
    }
    seq += 1;
  }
  if (seq !== fromSeq + count) wrong('order', `${what} has ${seq - fromSeq} readings in place of ${count}`);
}
