/**
 * Bodies that are still in memory: while the uploader keeps up, a segment goes from the commit to the wire without being
 * read back from the disk. Everything here is also in the store; losing it costs time, never data.
 */

interface OpenBody {
  /** `seq` of the first reading in it. */
  readonly fromSeq: number;
  readonly buffer: Buffer;
  used: number;
}

/** A whole body and its SHA-256. */
export interface SealedBody {
  readonly hash: Uint8Array;
  readonly body: Uint8Array;
}

const firstCapacity = 4 * 1024;

export class BodyCache {
  readonly #bytesMax: number;
  readonly #open = new Map<string, OpenBody>();
  /** By `stream/sequence`, oldest first. */
  readonly #sealed = new Map<string, SealedBody>();
  /** Capacity that the next segment of a stream will probably need. */
  readonly #expected = new Map<string, number>();
  #sealedBytes = 0;

  /** @param bytesMax most bytes of sealed bodies, and of each open one */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * A place for up to `bytes` behind what the stream's open segment has; `add` says how many were written.
   * @param seq of the reading that comes next
   */
  room(stream: string, bytes: number, seq: number): Uint8Array {
    const open = this.#open.get(stream);
    const used = open?.used ?? 0;
    if (open && open.buffer.length - used >= bytes) return open.buffer.subarray(used);
    const wanted = Math.max(firstCapacity, this.#expected.get(stream) ?? 0, 2 * used);
    const buffer = Buffer.allocUnsafeSlow(Math.max(used + bytes, Math.min(wanted, this.#bytesMax)));
    open?.buffer.copy(buffer, 0, 0, used);
    this.#open.set(stream, { fromSeq: open?.fromSeq ?? seq, buffer, used });
    return buffer.subarray(used);
  }

  /** Takes what was written into `room`. */
  add(stream: string, bytes: number): Uint8Array {
    const open = this.#open.get(stream)!;
    const added = open.buffer.subarray(open.used, open.used + bytes);
    open.used += bytes;
    return added;
  }

  /** Bytes of the open segment that are here. */
  used(stream: string): number {
    return this.#open.get(stream)?.used ?? 0;
  }

  /** Takes back what was added since `used` said so. */
  cut(stream: string, used: number): void {
    const open = this.#open.get(stream);
    if (open) open.used = used;
  }

  /**
   * The open segment is sealed as `sequence`. It is kept if just its bytes are here: an earlier process may have begun it,
   * and a gap in the middle of a commit seals less than was written.
   */
  seal(
    stream: string,
    sequence: number,
    { fromSeq, hash, bytes }: { fromSeq: number; hash: Uint8Array; bytes: number },
  ): void {
    const open = this.#open.get(stream);
    this.#open.delete(stream);
    if (open?.fromSeq !== fromSeq || open.used !== bytes) return;
    this.#expected.set(stream, Math.ceil(bytes * 1.1));
    const whole = open.buffer.subarray(0, bytes);
    // A short body must not hold a long buffer.
    const body = open.buffer.length > 2 * bytes ? Buffer.from(whole) : whole;
    this.#sealed.set(nameOf(stream, sequence), { hash, body });
    this.#sealedBytes += body.length;
    for (const name of this.#sealed.keys()) {
      if (this.#sealedBytes <= this.#bytesMax) break;
      this.#forget(name);
    }
  }

  /** Hands a body out, once: who wants it again reads the store. */
  take(stream: string, sequence: number): SealedBody | undefined {
    const name = nameOf(stream, sequence);
    const found = this.#sealed.get(name);
    this.#forget(name);
    return found;
  }

  /** The numbers of segments change their meaning. */
  clear(): void {
    this.#open.clear();
    this.#sealed.clear();
    this.#sealedBytes = 0;
  }

  #forget(name: string): void {
    this.#sealedBytes -= this.#sealed.get(name)?.body.length ?? 0;
    this.#sealed.delete(name);
  }
}

function nameOf(stream: string, sequence: number): string {
  return `${stream}/${sequence}`;
}
