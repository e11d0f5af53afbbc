/**
 * What was committed lately, in memory. A read of LMDB writes its table of readers, which is a file too: on a disk that answers
 * nothing the read waits, and the event loop with it. So what a link needs again right after it was written is not read.
 */
import type { KvKey } from '../contract/kv.ts';

const countMax = 8_192;
/** Larger values are bodies, which have caches of their own. */
const bytesMax = 512;

export class RecentValues {
  /** The latest last. */
  readonly #committed = new Map<string, Uint8Array>();
  /** Put, or removed (`null`), by the transaction that is not committed yet. */
  readonly #written = new Map<string, Uint8Array | null>();

  put(key: KvKey, value: Uint8Array): void {
    this.#written.set(JSON.stringify(key), value.length <= bytesMax ? Buffer.from(value) : null);
  }

  remove(key: KvKey): void {
    this.#written.set(JSON.stringify(key), null);
  }

  /** What was put and removed is on the disk. */
  committed(): void {
    for (const [id, value] of this.#written) {
      this.#committed.delete(id);
      if (value) this.#committed.set(id, value);
    }
    this.#written.clear();
    for (const id of this.#committed.keys()) {
      if (this.#committed.size <= countMax) break;
      this.#committed.delete(id);
    }
  }

  /** A copy, or `undefined` where only the store knows. */
  get(key: KvKey): Uint8Array | undefined {
    const value = this.#committed.get(JSON.stringify(key));
    return value && Buffer.from(value);
  }
}
