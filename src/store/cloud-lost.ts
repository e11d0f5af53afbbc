/** Readings that will never come, by the gaps that stand for them in the cloud: counted by edge and reason. */
import type { KvReader, KvWriter } from '../contract/kv.ts';
import { statesStream } from '../contract/state-records.ts';
import { addLost, type Gap, type GapReason, type LostCounts } from '../domain/gap.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { keys } from './cloud-records.ts';
import { decodeRecord, encodeRecord } from './text.ts';

/** What an edge may claim; of an epoch that ended nothing is lost. */
const counted: ReadonlySet<GapReason> = new Set(['missed', 'dropped', 'discarded', 'refused', 'corrupt']);

export class CloudLost {
  /** Of all edges. */
  total: LostCounts = {};

  constructor(kv: KvReader) {
    for (const { value } of kv.range({ from: ['lost'], to: ['lost~'] })) {
      this.total = addLost(this.total, decodeRecord<LostCounts>(value));
    }
  }

  /** To be called in the transaction that stores a gap for the first time. */
  count(writer: KvWriter, { edge, stream, count }: SegmentHeader, body: Uint8Array): void {
    // What an edge leaves out of what it tells of itself is no reading.
    if (stream === statesStream) return;
    const { gap, count: told } = JSON.parse(Buffer.from(body).toString('utf8')) as Gap;
    if (!counted.has(gap)) return;
    const readings = Number.isSafeInteger(told) && told >= 0 ? told : count;
    const more: LostCounts = { [gap]: readings };
    this.total = addLost(this.total, more);
    writer.put(keys.lost(edge), encodeRecord(addLost(lostOf(writer, edge), more)));
  }
}

/** What an edge's gaps come to. */
export function lostOf(reader: KvReader, edge: string): LostCounts {
  const bytes = reader.get(keys.lost(edge));
  return bytes ? decodeRecord<LostCounts>(bytes) : {};
}
