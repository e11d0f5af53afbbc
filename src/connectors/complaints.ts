/** What is wrong with foreign input, told in a bounded number of lines: nobody may fill the log from outside. */
import type { Clock, Timer } from '../contract/clock.ts';
import type { Reporter } from '../contract/report.ts';

const linesMax = 20;
const windowMs = 60_000;

export class Complaints {
  readonly #report: Reporter;
  readonly #clock: Clock;
  #said = 0;
  #leftOut = 0;
  #window: Timer | undefined;

  constructor(report: Reporter, clock: Clock) {
    this.#report = report;
    this.#clock = clock;
  }

  /** One line at level `warn`; beyond 20 a minute they are only counted. */
  say(text: string): void {
    this.#window ??= this.#clock.setTimeout(() => this.end(), windowMs);
    this.#said += 1;
    if (this.#said <= linesMax) this.#report({ type: 'note', text }, 'warn');
    else this.#leftOut += 1;
  }

  /** Tells how many were left out, and begins anew. */
  end(): void {
    this.#clock.clearTimeout(this.#window);
    this.#window = undefined;
    if (this.#leftOut > 0) {
      this.#report({ type: 'note', text: `${this.#leftOut} more lines like these were left out` }, 'warn');
    }
    this.#said = 0;
    this.#leftOut = 0;
  }
}
