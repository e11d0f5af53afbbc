/** What can be read of a cloud store, by its owner or beside it. */
import { FogrunError } from '../contract/errors.ts';
import type { Files } from '../contract/files.ts';
import type { KvKey, KvReader } from '../contract/kv.ts';
import type { CloudStore, Mark, Mean, Receipt } from '../contract/store.ts';
import type { LostCounts } from '../domain/gap.ts';
import { bodyHash, type SegmentRef, sameHash } from '../domain/segment.ts';
import { lostOf } from './cloud-lost.ts';
import { decodeMark, decodeReceipt, keys, type Life, refOf, tryReceipt } from './cloud-records.ts';
import { decodeRecord } from './text.ts';

/** The reading half of a cloud store. */
export type CloudReader = Pick<
  CloudStore,
  'edges' | 'epochs' | 'lost' | 'mark' | 'receipts' | 'receiptsBefore' | 'body' | 'means'
>;

/** So many receipts are read at once, so that a slow reader holds no snapshot for long. */
const pageEntries = 256;

/** Entries below `prefix`, page by page; each page sees what is there when it is read. */
export function* pages(kv: KvReader, from: KvKey, to: KvKey): Iterable<{ key: KvKey; value: Uint8Array }> {
  let start = from;
  for (;;) {
    const page = [...kv.range({ from: start, to, limit: pageEntries })];
    yield* page;
    if (page.length < pageEntries) return;
    // The next key after this one: longer by the smallest element.
    start = [...page.at(-1)!.key, 0];
  }
}

export class CloudStoreReader implements CloudReader {
  readonly #kv: KvReader;
  readonly #files: Files;

  constructor(kv: KvReader, files: Files) {
    this.#kv = kv;
    this.#files = files;
  }

  /** Readings of an edge that will never come, by the gaps that stand for them. */
  lost(edge: string): LostCounts {
    return lostOf(this.#kv, edge);
  }

  edges(): readonly string[] {
    const edges = new Set<string>();
    for (const { key, value } of pages(this.#kv, ['life'], ['life~'])) {
      if (decodeRecord<Life>(value).order > 0) edges.add(String(key[1]));
    }
    return [...edges];
  }

  mark(edge: string, epoch: string, stream: string): Mark | undefined {
    const bytes = this.#kv.get(keys.mark(edge, epoch, stream));
    return bytes && decodeMark(bytes);
  }

  epochs(edge: string): readonly string[] {
    const epochs: { epoch: string; order: number }[] = [];
    for (const { key, value } of this.#kv.range({ from: ['life', edge], to: ['life', `${edge} `] })) {
      const { order } = decodeRecord<Life>(value);
      if (order > 0) epochs.push({ epoch: String(key[2]), order });
    }
    return epochs.sort((a, b) => a.order - b.order).map(({ epoch }) => epoch);
  }

  *receiptsBefore(ref: SegmentRef, damaged: (ref: SegmentRef) => void = () => {}): Iterable<Receipt> {
    const prefix = ['receipt', ref.edge, ref.epoch, ref.stream];
    for (let to = ref.sequence; to > 0; ) {
      const page = [
        ...this.#kv.range({ from: [...prefix, 0], to: [...prefix, to], reverse: true, limit: pageEntries }),
      ];
      for (const { key, value } of page) {
        const found = refOf(key, 1);
        const receipt = tryReceipt(found, value);
        if (receipt) yield receipt;
        else damaged(found);
        to = found.sequence;
      }
      if (page.length < pageEntries) return;
    }
  }

  *receipts(edge: string, stream: string, damaged: (ref: SegmentRef) => void = () => {}): Iterable<Receipt> {
    for (const epoch of this.epochs(edge)) {
      const prefix = ['receipt', edge, epoch, stream];
      for (const { key, value } of pages(this.#kv, [...prefix, 0], [...prefix, Number.MAX_SAFE_INTEGER])) {
        const ref = refOf(key, 1);
        const receipt = tryReceipt(ref, value);
        if (receipt) yield receipt;
        else damaged(ref);
      }
    }
  }

  async body(receipt: Receipt): Promise<Uint8Array> {
    const { header, file } = receipt;
    const body = this.#kv.get(keys.body(header)) ?? (await this.#readFile(header, file));
    if (body && sameHash(bodyHash(body), header.bodyHash)) return body;
    throw new FogrunError(
      'store-corrupt',
      `segment ${header.sequence} of stream ${header.stream} of edge ${header.edge}: ${file} ${body ? 'does not match its hash' : 'is gone'}`,
      { advice: 'Restore the file from a copy; the other segments can be read.' },
    );
  }

  sensors(edge: string, countMax: number): readonly string[] {
    const found: string[] = [];
    let from: KvKey = ['mean', edge];
    while (found.length < countMax) {
      const [next] = this.#kv.range({ from, to: ['mean', `${edge} `], limit: 1 });
      if (!next) break;
      const sensor = String(next.key[2]);
      found.push(sensor);
      // Over all that is kept of this one at once.
      from = ['mean', edge, sensor, Number.MAX_SAFE_INTEGER];
    }
    return found;
  }

  means(edge: string, sensor: string, sinceMs: number): readonly Mean[] {
    return [...this.eachMean(edge, sensor, sinceMs)];
  }

  *eachMean(edge: string, sensor: string, sinceMs: number): Iterable<Mean> {
    const from = ['mean', edge, sensor, Math.max(0, sinceMs)];
    for (const { key, value } of pages(this.#kv, from, ['mean', edge, sensor, Number.MAX_SAFE_INTEGER])) {
      yield { ...decodeRecord<Omit<Mean, 'timeMs'>>(value), timeMs: Number(key[3]) };
    }
  }

  /** A reader beside the owner may hold a receipt whose file was named anew since. */
  async #readFile(ref: SegmentRef, file: string): Promise<Uint8Array | undefined> {
    const found = await this.#files.read(file);
    const bytes = this.#kv.get(keys.receipt(ref));
    const now = bytes && decodeReceipt(ref, bytes).file;
    return now === undefined || now === file ? found : this.#files.read(now);
  }
}
