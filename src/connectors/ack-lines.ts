/** What a sender is told on its own connection, as lines of JSON: refusals one by one, then the sums so far. */
import type { Clock, Timer } from '../contract/clock.ts';
import type { Connection } from '../contract/transport.ts';
import type { JudgedBlock, Total } from './ledger.ts';

export class AckLines {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #tooLate: () => void;
  /** Not written yet; bounded, because nothing is read while the sender does not read. */
  #lines: string[] = [];
  #total: Total | undefined;
  #unread = false;
  #timer: Timer | undefined;
  #stopped = false;

  /** @param tooLate called when the sender has left what it is told unread for `timeoutMs` */
  constructor(connection: Connection, clock: Clock, timeoutMs: number, tooLate: () => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#tooLate = tooLate;
  }

  /** The sender does not read what it is told: nothing should be taken from it. */
  get unread(): boolean {
    return this.#unread;
  }

  tell(blocks: readonly JudgedBlock[], total: Total): void {
    for (const { refusals, refused, line: last } of blocks) {
      for (const { line, reason } of refusals) this.#lines.push(JSON.stringify({ line, refused: reason }));
      const more = refused - refusals.length;
      if (more > 0) this.#lines.push(JSON.stringify({ line: last, refusedMore: more }));
    }
    this.#total = total;
    this.#write();
  }

  /** The sender has read on. */
  drained(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#unread = false;
    this.#write();
  }

  /** The connection is closed. */
  stop(): void {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #write(): void {
    if (this.#unread || this.#stopped || !this.#total) return;
    const text = `${[...this.#lines, JSON.stringify(this.#total)].join('\n')}\n`;
    this.#lines = [];
    this.#total = undefined;
    if (this.#connection.write(Buffer.from(text, 'utf8'))) return;
    this.#unread = true;
    this.#timer = this.#clock.setTimeout(this.#tooLate, this.#timeoutMs);
  }
}
