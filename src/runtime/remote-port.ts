/** A port whose two ends are in two processes: one end numbers and keeps, the other takes each number once, in order. */
import type { OutPort } from '../contract/port.ts';

export interface RemoteOut<T> {
  readonly out: OutPort<T>;
  /** Everything up to that number was dealt with. Words that come late or twice change nothing. */
  accepted(number: number): void;
  /** Resolves once nothing waits for credit: all that was sent is on its way. */
  handedOver(): Promise<void>;
}

export interface RemoteOutOptions<T> {
  /** Most items and bytes that may be kept; a single larger item passes when nothing is. */
  readonly credit: { readonly itemsMax: number; readonly bytesMax: number };
  readonly bytesOf: (item: T) => number;
  /** Sends an item to the other process; `flush`: the credit is used up, so nothing should be left to gather there. */
  readonly emit: (number: number, item: T, flush: boolean) => void;
  readonly flush: () => void;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  readonly done: () => void;
  /** Called when it has credit and is no longer its sender's to take back. */
  readonly taken?: () => void;
}

/**
 * The sender's end, for one life of its process: an item is kept, and counts against the credit, until the other end says
 * that the receiving actor has dealt with it. It outlives the actor that sends, as every port does.
 */
export function createRemoteOut<T>(options: RemoteOutOptions<T>): RemoteOut<T> {
  const { credit, bytesOf } = options;
  /** Sent and not accepted, oldest first; the first has the number after `acceptedUpTo`. */
  const kept: Entry<T>[] = [];
  /** What waits for credit, oldest first: a small item must not overtake a large one. */
  const senders: Entry<T>[] = [];
  let bytes = 0;
  let acceptedUpTo = 0;
  const waiting: (() => void)[] = [];

  const hasCredit = (size: number) =>
    kept.length === 0 || (kept.length < credit.itemsMax && bytes + size <= credit.bytesMax);
  const mustWait = (size: number) => senders.length > 0 || !hasCredit(size);
  const push = (entry: Entry<T>) => {
    kept.push(entry);
    bytes += entry.bytes;
    entry.taken?.();
    options.emit(acceptedUpTo + kept.length, entry.item, mustWait(1));
  };
  const admit = () => {
    while (senders.length > 0 && hasCredit(senders[0]!.bytes)) push(senders.shift()!);
    if (senders.length > 0) return;
    for (const wake of waiting.splice(0)) wake();
  };

  return {
    out: {
      send(item, signal) {
        return new Promise<void>((done, reject) => {
          const size = bytesOf(item);
          if (!mustWait(size)) return push({ item, bytes: size, done });
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
          if (senders.length === 1) options.flush();
          signal?.addEventListener('abort', giveUp, { once: true });
        });
      },
      get blocked() {
        return mustWait(1);
      },
      flush: () => options.flush(),
    },
    accepted(number) {
      const count = Math.min(number - acceptedUpTo, kept.length);
      if (count <= 0) return;
      acceptedUpTo += count;
      const entries = kept.splice(0, count);
      for (const entry of entries) bytes -= entry.bytes;
      for (const entry of entries) entry.done();
      admit();
    },
    handedOver: () =>
      new Promise((resolve) => {
        if (senders.length === 0) resolve();
        else waiting.push(resolve);
      }),
  };
}

/**
 * The receiver's end, for one life of the other process. Hands each number on once and in order, and says, once for what
 * was dealt with together, how far it has come.
 * @param accepted may be called when the other process is gone
 */
export function createRemoteIn<T>(
  port: OutPort<T>,
  accepted: (number: number) => void,
): { take(number: number, item: T): void } {
  let taken = 0;
  let done = 0;
  let told = 0;
  let soon = false;
  const tell = () => {
    soon = false;
    if (done === told) return;
    told = done;
    accepted(done);
  };
  const dealtWith = (number: number) => {
    done = Math.max(done, number);
    if (soon) return;
    soon = true;
    // What one commit accepted is accepted one right after the other.
    queueMicrotask(tell);
  };
  return {
    take(number, item) {
      if (number <= taken) return;
      if (number !== taken + 1) throw new Error(`item ${number} came after item ${taken}`);
      taken = number;
      // Whoever sends has credit of its own, so that what waits here for the port's is bounded.
      port.send(item).then(() => dealtWith(number));
    },
  };
}
