/** Finds a reading's segment among a cloud's receipts. */
import type { KvReader } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import type { Place } from './certificate.ts';
import { pages } from './cloud-reader.ts';
import { decodeMark, decodeReceipt, keys, readReceipt, refOf } from './cloud-records.ts';

/** A stream of an epoch in a store. */
type Walk = Place & { readonly kv: KvReader };

/** The receipt of the segment that covers that seq, found by halves. */
export function receiptOfSeq(walk: Walk, seq: number): Receipt | null {
  const { kv, edge, epoch, stream } = walk;
  const bytes = kv.get(keys.mark(edge, epoch, stream));
  if (!bytes) return null;
  const { sequence, seq: last } = decodeMark(bytes);
  if (seq < 1 || seq > last) return null;
  // The last segment that begins at or before it: gaps without a seq begin where the next one does.
  let [low, high] = [1, sequence];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const receipt = readReceipt(kv, { edge, epoch, stream, sequence: middle });
    if (!receipt) return bySearch(walk, seq);
    if (receipt.header.fromSeq <= seq) low = middle;
    else high = middle - 1;
  }
  for (let at = low; at >= 1; at--) {
    const receipt = readReceipt(kv, { edge, epoch, stream, sequence: at });
    if (!receipt) return bySearch(walk, seq);
    const { fromSeq, count } = receipt.header;
    if (count > 0) return seq >= fromSeq && seq < fromSeq + count ? receipt : null;
  }
  return null;
}

/** Receipts are missing among them. */
function bySearch({ kv, edge, epoch, stream }: Walk, seq: number): Receipt | null {
  const prefix = ['receipt', edge, epoch, stream];
  for (const { key, value } of pages(kv, [...prefix, 0], [...prefix, Number.MAX_SAFE_INTEGER])) {
    const receipt = decodeReceipt(refOf(key, 1), value);
    const { fromSeq, count } = receipt.header;
    if (count > 0 && seq >= fromSeq && seq < fromSeq + count) return receipt;
  }
  return null;
}
