/** Timers by the time they are due, and those of one time by age: adding, taking and removing cost O(log n). */

interface HeapTimer {
  readonly dueMs: number;
  readonly callback: () => void;
  /** Counts up from timer to timer. */
  readonly age: number;
  /** Its place in the heap; -1 once it is out. */
  at: number;
}

export class TimerHeap {
  readonly #heap: HeapTimer[] = [];
  #made = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the next one is due; NaN for none. */
  get nextMs(): number {
    return this.#heap[0]?.dueMs ?? Number.NaN;
  }

  add(dueMs: number, callback: () => void): unknown {
    const timer: HeapTimer = { dueMs, callback, age: this.#made++, at: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  shift(): HeapTimer | undefined {
    const first = this.#heap[0];
    if (first) this.remove(first);
    return first;
  }

  /** @param timer as `add` returned it; one that is out already, or none, is passed over */
  remove(timer: unknown): void {
    const { at } = (timer ?? { at: -1 }) as HeapTimer;
    if (at < 0 || this.#heap[at] !== timer) return;
    (timer as HeapTimer).at = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    this.#place(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(timer: HeapTimer): void {
    while (timer.at > 0) {
      const above = this.#heap[(timer.at - 1) >> 1]!;
      if (isBefore(above, timer)) return;
      this.#swap(above, timer);
    }
  }

  #sink(timer: HeapTimer): void {
    for (;;) {
      const left = this.#heap[2 * timer.at + 1];
      if (!left) return;
      const right = this.#heap[2 * timer.at + 2];
      const below = right && isBefore(right, left) ? right : left;
      if (isBefore(timer, below)) return;
      this.#swap(timer, below);
    }
  }

  #swap(a: HeapTimer, b: HeapTimer): void {
    const at = a.at;
    this.#place(a, b.at);
    this.#place(b, at);
  }

  #place(timer: HeapTimer, at: number): void {
    this.#heap[at] = timer;
    timer.at = at;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueMs === b.dueMs ? a.age < b.age : a.dueMs < b.dueMs;
}
