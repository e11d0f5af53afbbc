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
  readonly #streams = new Map<string, Unanswered[]>();

  /** A segment that is larger than the window may go alone. */
  admits(bytes: number): boolean {
    if (this.segments === 0) return true;
    return this.segments < this.segmentsMax && this.bytes + bytes <= this.bytesMax;
  }

  add(stream: string, sequence: number, bytes: number): void {
    const list = this.#streams.get(stream);
    if (list) list.push({ sequence, bytes });
    else this.#streams.set(stream, [{ sequence, bytes }]);
    this.segments += 1;
    this.bytes += bytes;
  }

  /** Answers every segment of the stream up to `sequence`. */
  acknowledge(stream: string, sequence: number): void {
    this.#remove(stream, (item) => item.sequence <= sequence);
  }

  /** Answers one segment. */
  refuse(stream: string, sequence: number): void {
    let found = false;
    this.#remove(stream, (item) => {
      if (found || item.sequence !== sequence) return false;
      found = true;
      return true;
    });
  }

  #remove(stream: string, answered: (item: Unanswered) => boolean): void {
    const kept: Unanswered[] = [];
    for (const item of this.#streams.get(stream) ?? []) {
      if (answered(item)) {
        this.segments -= 1;
        this.bytes -= item.bytes;
      } else kept.push(item);
    }
    if (kept.length > 0) this.#streams.set(stream, kept);
    else this.#streams.delete(stream);
  }
}
