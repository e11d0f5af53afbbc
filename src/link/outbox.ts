/** What is sealed, in order, made ready for the link: read from the store and compressed ahead of its turn. */
import type { Compression } from '../contract/link.ts';
import type { EdgeStore } from '../contract/store.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { type Compress, maySendFrame } from './zstd.ts';

/** A segment as it is going to travel. */
export interface Packed {
  readonly header: SegmentHeader;
  readonly body: Uint8Array;
  readonly compression: Compression;
}

export interface Packing {
  readonly compress: Compress;
  readonly level: number;
}

/** A segment whose turn it is, while it is made ready. `packed` rejects as the store's `body` does. */
export interface Coming {
  readonly header: SegmentHeader;
  readonly packed: Promise<Packed>;
}

/** Compressed at the same time: as many as the thread pool has threads. */
const aheadMax = 4;
/** Bytes of bodies in memory ahead of their turn from which on no other one is begun. */
const aheadBytesMax = 8 * 1024 * 1024;
/** Shorter bodies are not worth a way to the thread pool. */
const packBytesMin = 256;

export class Outbox {
  readonly #store: EdgeStore;
  readonly #cursor: string;
  readonly #packing: Packing | null;
  /** Next sequence to take from the store, by stream. */
  readonly #next = new Map<string, number>();
  #ahead: Coming[] = [];
  #aheadBytes = 0;

  /** @param packing `null` for plain bodies, which are read when it is their turn */
  constructor(store: EdgeStore, cursor: string, packing: Packing | null) {
    this.#store = store;
    this.#cursor = cursor;
    this.#packing = packing;
  }

  /** Goes on with that sequence of the stream. */
  startAt(stream: string, sequence: number): void {
    this.#next.set(stream, sequence);
  }

  /** The next segment, or `null` when everything sealed was taken. */
  take(): Coming | null {
    this.#fill();
    const first = this.#ahead.shift();
    if (!first) return null;
    this.#aheadBytes -= first.header.bytes;
    return first;
  }

  #fill(): void {
    const countMax = this.#packing ? aheadMax : 1;
    while (this.#ahead.length < countMax && (this.#ahead.length === 0 || this.#aheadBytes < aheadBytesMax)) {
      const header = this.#nextHeader();
      if (!header) return;
      this.#next.set(header.stream, header.sequence + 1);
      this.#store.policies.sending(this.#cursor, header.stream, header.sequence);
      this.#aheadBytes += header.bytes;
      const packed = this.#pack(header);
      // Heard of when it is taken; a link that ends takes no more.
      packed.catch(() => {});
      this.#ahead.push({ header, packed });
    }
  }

  #nextHeader(): SegmentHeader | undefined {
    for (const stream of this.#store.streams()) {
      const wanted = this.#next.get(stream);
      const header = wanted === undefined ? undefined : this.#store.header(stream, wanted);
      if (header) return header;
      // A stream that is new, or of which the cloud turned out to have more.
      const first = this.#store.head(this.#cursor, stream).acknowledged + 1;
      if (wanted !== undefined && first <= wanted) continue;
      const oldest = this.#store.header(stream, first);
      if (oldest) return oldest;
    }
    return undefined;
  }

  async #pack(header: SegmentHeader): Promise<Packed> {
    const plain = await this.#store.body(header);
    if (this.#packing && plain.length >= packBytesMin) {
      const { compress, level } = this.#packing;
      const body = await compress(plain, level);
      if (maySendFrame(body.length, plain.length)) return { header, body, compression: 'zstd' };
    }
    return { header, body: plain, compression: 'none' };
  }
}
