/** The channel between two actors: a queue with credit that outlives both of them. */
import type { ConsumeLimits, InPort, OutPort, Staying } from '../contract/port.ts';

export interface Port<T> {
  readonly out: OutPort<T>;
  /** Another sender's end; `accepted` hears of each of its items once that is dealt with, `counts` goes along with them. */
  sender(accepted: (item: T) => void, counts?: SenderCounts): OutPort<T>;
  readonly in: InPort<T>;
  /** Resolves once nothing waits or is being handled, or when `signal` aborts. */
  idle(signal: AbortSignal): Promise<void>;
  /** Resolves once what it holds now, or was sent to it by now, is dealt with, or when `signal` aborts. */
  caughtUp(signal: AbortSignal): Promise<void>;
  /** From now on nothing is left to gather: what waits is handed out at once. */
  hurry(): void;
  /** Items that were dealt with so far. */
  readonly accepted: number;
  counts(): PortCounts;
}

/** What went into a port and came out of it so far; the difference is what it holds. */
export interface PortCounts {
  readonly readingsIn: number;
  readonly bytesIn: number;
  readonly readingsOut: number;
  readonly bytesOut: number;
  /** When the oldest item that it holds came into it, ms since 1970. */
  readonly oldestMs: number | null;
}

/** What of a port is one sender's, also over several of its lives: kept by the port, read by whoever gave it. */
export interface SenderCounts {
  /** That it holds. */
  items: number;
  bytes: number;
  /** That wait for credit. */
  waiting: number;
  /** That were dealt with. */
  itemsOut: number;
  readingsOut: number;
}

/** What a port counts besides its credit. */
export interface PortMeter<T> {
  /** Wall clock, ms since 1970. */
  now(): number;
  readingsOf(item: T): number;
  /** Called when an item has been dealt with. */
  accepted(item: T): void;
}

const noMeter: PortMeter<unknown> = { now: () => 0, readingsOf: () => 0, accepted: () => {} };

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  /** When it came into the queue, ms since 1970. */
  sinceMs: number;
  readonly done: () => void;
  readonly counts: SenderCounts | undefined;
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
  meter: PortMeter<T> = noMeter,
): Port<T> {
  const queue: Entry<T>[] = [];
  /** What waits for credit, oldest first: a small item must not overtake a large one. */
  const senders: Entry<T>[] = [];
  let bytes = 0;
  let accepted = 0;
  const counts = { readingsIn: 0, bytesIn: 0, readingsOut: 0, bytesOut: 0 };
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
    entry.sinceMs = meter.now();
    queue.push(entry);
    bytes += entry.bytes;
    counts.bytesIn += entry.bytes;
    counts.readingsIn += meter.readingsOf(entry.item);
    if (entry.counts) {
      entry.counts.items += 1;
      entry.counts.bytes += entry.bytes;
    }
    entry.taken?.();
  };
  const admit = () => {
    while (senders.length > 0 && hasCredit(senders[0]!.bytes)) push(senders.shift()!);
    changed();
  };

  const sender = (heard?: (item: T) => void, own?: SenderCounts): OutPort<T> => ({
    send(item, signal) {
      return new Promise<void>((resolve, reject) => {
        const done = heard
          ? () => {
              heard(item);
              resolve();
            }
          : resolve;
        const size = bytesOf(item);
        if (!mustWait(size)) {
          push({ item, bytes: size, sinceMs: 0, done, counts: own });
          return changed();
        }
        if (signal?.aborted) return reject(signal.reason);
        const giveUp = () => {
          senders.splice(senders.indexOf(entry), 1);
          if (own) own.waiting -= 1;
          reject(signal?.reason);
          // Those behind it may be small enough.
          admit();
        };
        const taken = () => {
          if (own) own.waiting -= 1;
          signal?.removeEventListener('abort', giveUp);
        };
        const entry: Entry<T> = { item, bytes: size, sinceMs: 0, done, counts: own, taken };
        if (own) own.waiting += 1;
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
  });

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
  const accept = (taken: readonly Entry<T>[], staying: ReadonlySet<T>) => {
    const entries = taken.filter(({ item }) => !staying.has(item));
    queue.splice(0, taken.length, ...taken.filter(({ item }) => staying.has(item)));
    for (const { item, bytes: size, counts: own } of entries) {
      const readings = meter.readingsOf(item);
      bytes -= size;
      counts.bytesOut += size;
      counts.readingsOut += readings;
      if (own) {
        own.items -= 1;
        own.bytes -= size;
        own.itemsOut += 1;
        own.readingsOut += readings;
      }
      meter.accepted(item);
    }
    accepted += entries.length;
    flushed = Math.max(0, flushed - entries.length);
    for (const entry of entries) entry.done();
    admit();
  };

  /** Until those that stay may go on, or something new has come. */
  const newsOf = async (stay: Staying<T>, signal: AbortSignal): Promise<void> => {
    const before = queue.length;
    let over = false;
    const end = () => {
      over = true;
      changed();
    };
    stay.until.then(end, end);
    while (!over && queue.length === before && !signal.aborted) await change(signal);
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
        let stay: Staying<T> | undefined;
        try {
          stay = (await handle(entries.map((entry) => entry.item))) ?? undefined;
        } catch (thrown) {
          handling = false;
          changed();
          throw thrown;
        }
        handling = false;
        accept(entries, new Set(stay?.items));
        if (stay) await newsOf(stay, signal);
      }
    },
    get pending() {
      return queue.length;
    },
  };

  return {
    out: sender(),
    sender,
    in: input,
    async idle(signal) {
      while (queue.length > 0 && !signal.aborted) await change(signal);
    },
    async caughtUp(signal) {
      const now = new Set([...queue, ...senders]);
      while (!signal.aborted && [...queue, ...senders].some((entry) => now.has(entry))) await change(signal);
    },
    hurry() {
      hurried = true;
      changed();
    },
    get accepted() {
      return accepted;
    },
    counts: () => ({ ...counts, oldestMs: queue[0]?.sinceMs ?? null }),
  };
}
