/** The simulated store whose commits take time on the test's clock. */
import type { Clock } from '../../src/contract/clock.ts';
import type { SimDisk } from '../../src/sim/disk.ts';
import { SimKv } from '../../src/sim/kv.ts';
import type { SortedWriter } from '../../src/sim/sorted.ts';

export class ClockedKv extends SimKv {
  /** Set to let the next commit fail. */
  failNext: string | null = null;
  /** How long the next commit takes. */
  commitMs: () => number;
  readonly #clock: Clock;

  constructor(disk: SimDisk, clock: Clock, commitMs: () => number = () => 1) {
    super(disk, { clock });
    this.#clock = clock;
    this.commitMs = commitMs;
  }

  protected override pass(landed: () => void): void {
    this.#clock.setTimeout(landed, this.commitMs());
  }

  protected override complaint(writer: SortedWriter): string | null {
    return this.failNext ?? super.complaint(writer);
  }
}
