/** The channel between two actors: a queue with credit that outlives both of them. */
import type { ConsumeLimits, InPort, OutPort } from '../contract/port.ts';

export interface Port<T> {
  readonly out: OutPort<T>;
  readonly in: InPort<T>;
  /** Resolves once nothing waits or is being handled, or when `signal` aborts. */
  idle(signal: AbortSignal): Promise<void>;
  /** From now on nothing is left to gather: what waits is handed out at once. */
  hurry(): void;
  /** Items that were dealt with so far. */
  readonly accepted: number;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  readonly done: () => void;
  /** Called when it has credit and is no longer its sender's to take back. */
  readonly taken?: () => void;
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
  /** What waits for credit, oldest first: a small item must not overtake a large one. */
  const senders: Entry<T>[] = [];
  let bytes = 0;
  let accepted = 0;
  /** A handler is at work, perhaps one of an actor that is gone: the next one waits for it. */
  let handling = false;
  let hurried = false;
  /** So many items, from the head, must not be left to gather. */
  let flushed = 0;
  const waiters = new Set<() => void>();

  const changed = () => {
    const all = [...waiters];
    waiters.clear();
    for (const wake of all) wake();
  };
  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        signal.removeEventListener('abort', wake);
        waiters.delete(wake);
        resolve();
      };
      waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  const hasCredit = (size: number) =>
    queue.length === 0 || (queue.length < credit.itemsMax && bytes + size <= credit.bytesMax);
  const mustWait = (size: number) => senders.length > 0 || !hasCredit(size);
  const push = (entry: Entry<T>) => {
    queue.push(entry);
    bytes += entry.bytes;
    entry.taken?.();
  };
  const admit = () => {
    while (senders.length > 0 && hasCredit(senders[0]!.bytes)) push(senders.shift()!);
    changed();
  };

  const out: OutPort<T> = {
    send(item, signal) {
      return new Promise<void>((done, reject) => {
        const size = bytesOf(item);
        if (!mustWait(size)) {
          push({ item, bytes: size, done });
          return changed();
        }
        if (signal?.aborted) return reject(signal.reason);
        const giveUp = () => {
          senders.splice(senders.indexOf(entry), 1);
          reject(signal?.reason);
          // Those behind it may be small enough.
          admit();
        };
        const taken = () => signal?.removeEventListener('abort', giveUp);
        const entry: Entry<T> = { item, bytes: size, done, taken };
        senders.push(entry);
        changed();
        signal?.addEventListener('abort', giveUp, { once: true });
      });
    },
    get blocked() {
      return mustWait(1);
    },
    flush() {
      flushed = queue.length + senders.length;
      changed();
    },
  };

  const gather = async (limits: ConsumeLimits, signal: AbortSignal): Promise<void> => {
    const enough = new AbortController();
    let gathered = false;
    const end = () => {
      gathered = true;
      changed();
    };
    limits.gather?.(AbortSignal.any([enough.signal, signal])).then(end, end);
    const full = () =>
      hurried || flushed > 0 || mustWait(1) || queue.length >= limits.itemsMax || bytes >= limits.bytesMax;
    while (!gathered && !full() && !signal.aborted) await change(signal);
    enough.abort();
  };
  const take = (limits: ConsumeLimits): readonly Entry<T>[] => {
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
    flushed = Math.max(0, flushed - entries.length);
    for (const entry of entries) entry.done();
    admit();
  };

  const input: InPort<T> = {
    async consume(limits, signal, handle) {
      while (!signal.aborted) {
        if (handling || queue.length === 0) {
          await change(signal);
          continue;
        }
        if (limits.gather) {
          await gather(limits, signal);
          if (signal.aborted || handling) continue;
        }
        const entries = take(limits);
        handling = true;
        try {
          await handle(entries.map((entry) => entry.item));
        } catch (thrown) {
          handling = false;
          changed();
          throw thrown;
        }
        handling = false;
        accept(entries);
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
    hurry() {
      hurried = true;
      changed();
    },
    get accepted() {
      return accepted;
    },
  };
}
