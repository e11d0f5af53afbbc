/** The window: segments under way and not answered. Both sides keep the same account. */

interface Unanswered {
  readonly sequence: number;
  readonly bytes: number;
}

export class Window {
  segmentsMax = 0;
  bytesMax = 0;
  segments = 0;
  bytes = 0;
  /** By stream, in the order of their sequences. */
  readonly #streams = new Map<string, Unanswered[]>();

  /** A segment that is larger than the window may go alone. */
  admits(bytes: number): boolean {
    if (this.segments === 0) return true;
    return this.segments < this.segmentsMax && this.bytes + bytes <= this.bytesMax;
  }

  add(stream: string, sequence: number, bytes: number): void {
    let list = this.#streams.get(stream);
    if (!list) {
      list = [];
      this.#streams.set(stream, list);
    }
    // At the end, but for one that was refused and is sent again.
    let at = list.length;
    while (at > 0 && list[at - 1]!.sequence > sequence) at -= 1;
    list.splice(at, 0, { sequence, bytes });
    this.segments += 1;
    this.bytes += bytes;
  }

  /** Answers every segment of the stream up to `sequence`; how many bytes that were. */
  acknowledge(stream: string, sequence: number): number {
    const list = this.#streams.get(stream) ?? [];
    const left = list.findIndex((item) => item.sequence > sequence);
    return this.#remove(stream, list, 0, left < 0 ? list.length : left);
  }

  /** Answers one segment. */
  refuse(stream: string, sequence: number): void {
    const list = this.#streams.get(stream) ?? [];
    const at = list.findIndex((item) => item.sequence === sequence);
    if (at >= 0) this.#remove(stream, list, at, 1);
  }

  #remove(stream: string, list: Unanswered[], at: number, count: number): number {
    let bytes = 0;
    for (const item of list.splice(at, count)) bytes += item.bytes;
    this.segments -= count;
    this.bytes -= bytes;
    if (list.length === 0) this.#streams.delete(stream);
    return bytes;
  }
}
