/** The channel between two actors: a queue with credit that outlives both of them. */
import type { InPort, OutPort } from '../contract/port.ts';

export interface Port<T> {
  readonly out: OutPort<T>;
  readonly in: InPort<T>;
  /** Resolves once nothing waits or is being handled, or when `signal` aborts. */
  idle(signal: AbortSignal): Promise<void>;
  /** Items that were dealt with so far. */
  readonly accepted: number;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  readonly done: () => void;
}

/**
 * @param credit most items and bytes that may wait; a single larger item passes when the port is empty
 * @param bytesOf how many bytes an item counts
 */
export function createPort<T>(
  credit: { itemsMax: number; bytesMax: number },
  bytesOf: (item: T) => number,
): Port<T> {
  const queue: Entry<T>[] = [];
  let bytes = 0;
  let accepted = 0;
  /** The handler at work, also one of an actor that is gone: the next one waits for it. */
  let handling: Promise<unknown> = Promise.resolve();
  const waiters = new Set<() => void>();

  const changed = () => {
    const all = [...waiters];
    waiters.clear();
    for (const wake of all) wake();
  };
  const change = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        waiters.delete(wake);
        resolve();
      };
      waiters.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  const hasCredit = (size: number) =>
    queue.length === 0 || (queue.length < credit.itemsMax && bytes + size <= credit.bytesMax);

  const out: OutPort<T> = {
    async send(item, signal) {
      const size = bytesOf(item);
      while (!hasCredit(size)) {
        if (signal?.aborted) throw signal.reason;
        await change(signal);
      }
      await new Promise<void>((done) => {
        queue.push({ item, bytes: size, done });
        bytes += size;
        changed();
      });
    },
    get blocked() {
      return !hasCredit(1);
    },
  };

  const take = (limits: { itemsMax: number; bytesMax: number }): readonly Entry<T>[] => {
    let size = 0;
    let count = 0;
    for (const entry of queue) {
      if (count > 0 && (count >= limits.itemsMax || size + entry.bytes > limits.bytesMax)) break;
      size += entry.bytes;
      count += 1;
    }
    return queue.slice(0, count);
  };
  const accept = (entries: readonly Entry<T>[]) => {
    queue.splice(0, entries.length);
    for (const entry of entries) bytes -= entry.bytes;
    accepted += entries.length;
    for (const entry of entries) entry.done();
    changed();
  };

  const input: InPort<T> = {
    async consume(limits, signal, handle) {
      while (!signal.aborted) {
        await handling;
        if (signal.aborted) return;
        if (queue.length === 0) {
          await change(signal);
          continue;
        }
        const entries = take(limits);
        const work = handle(entries.map((entry) => entry.item)).then(() => accept(entries));
        handling = work.then(ignore, ignore);
        await work;
      }
    },
    get pending() {
      return queue.length;
    },
  };

  return {
    out,
    in: input,
    async idle(signal) {
      while (queue.length > 0 && !signal.aborted) await change(signal);
    },
    get accepted() {
      return accepted;
    },
  };
}

function ignore() {}
