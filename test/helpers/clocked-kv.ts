/** A key-value store in memory whose commits take time on the test's clock, and which can die with its process. */
import type { Clock } from '../../src/contract/clock.ts';
import type { KvWriter } from '../../src/contract/kv.ts';
import { type MemoryDisk, MemoryKv } from './memory-kv.ts';

export class ClockedKv extends MemoryKv {
  /** How long the next commit takes, ms. */
  commitMs: () => number;
  readonly #clock: Clock;
  #waiting = false;
  #gone = false;

  constructor(disk: MemoryDisk, clock: Clock, commitMs: () => number = () => 1) {
    super(disk);
    this.held = true;
    this.commitMs = commitMs;
    this.#clock = clock;
  }

  override transaction<T>(work: (writer: KvWriter) => T): Promise<T> {
    const done = super.transaction(work);
    if (!this.#waiting) {
      this.#waiting = true;
      this.#clock.setTimeout(() => {
        this.#waiting = false;
        this.commit();
      }, this.commitMs());
    }
    // What a process that is gone would have heard, nobody hears.
    return new Promise((resolve, reject) => {
      done.then(
        (value) => this.#gone || resolve(value),
        (thrown) => this.#gone || reject(thrown),
      );
    });
  }

  /** The process is gone. `written` says whether the commit under way reached the disk before. */
  die(written: boolean): void {
    if (written) this.commit();
    this.#gone = true;
    this.crash();
  }
}
