/** Reads the body of a request into memory, within the bounds of one request and of all together. */
import type { IncomingMessage } from 'node:http';
import type { Clock, Timer } from '../contract/clock.ts';

/** Bytes that all requests share. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** False when there are not so many left; then none are taken. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** One request's part of the budget, given back as a whole. */
export class Share {
  readonly #budget: Budget;
  #bytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }
}

/** Why a body was not read to its end. */
export type Unread = 'tooLarge' | 'noMemory' | 'stopped' | 'gone';

const firstBytes = 16 * 2 ** 10;

/**
 * Copied into one buffer that grows: a body may come in a million pieces, each with an object of its own.
 * @param signal ends the reading with `stopped`
 * @param pace for how long to read no further after so many bytes more, ms
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  share: Share,
  signal: AbortSignal,
  pace: (bytes: number) => number,
  clock: Clock,
): Promise<Buffer | Unread> {
  return new Promise((resolve) => {
    let buffer = Buffer.alloc(0);
    let bytes = 0;
    let timer: Timer | undefined;
    const end = (result: Buffer | Unread) => {
      request.off('data', take).off('end', whole).off('close', gone);
      signal.removeEventListener('abort', stopped);
      clock.clearTimeout(timer);
      request.pause();
      resolve(result);
    };
    const take = (chunk: Buffer) => {
      if (bytes + chunk.length > bytesMax) return end('tooLarge');
      if (bytes + chunk.length > buffer.length) {
        const grown = Math.min(bytesMax, Math.max(firstBytes, buffer.length * 2, bytes + chunk.length));
        if (!share.take(grown - buffer.length)) return end('noMemory');
        const larger = Buffer.allocUnsafeSlow(grown);
        buffer.copy(larger, 0, 0, bytes);
        buffer = larger;
      }
      bytes += chunk.copy(buffer, bytes);
      const waitMs = pace(chunk.length);
      if (waitMs === 0) return;
      request.pause();
      timer = clock.setTimeout(() => request.resume(), waitMs);
    };
    const whole = () => end(buffer.subarray(0, bytes));
    const gone = () => end('gone');
    const stopped = () => end('stopped');
    if (signal.aborted) return resolve('stopped');
    signal.addEventListener('abort', stopped, { once: true });
    request.on('data', take).once('end', whole).once('close', gone);
  });
}
