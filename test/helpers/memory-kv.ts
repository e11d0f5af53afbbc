/** The simulated store on a disk that is ready at once, or when told. */
import { SimDisk } from '../../src/sim/disk.ts';
import { SimKv } from '../../src/sim/kv.ts';
import { entriesIn, type SortedWriter } from '../../src/sim/sorted.ts';
import { seededRandom } from './store-fixtures.ts';
import { createVirtualClock } from './virtual-clock.ts';

export { compareKeys } from '../../src/sim/sorted.ts';

/** Everything in a disk's store, as it stands there: what is changed in it is changed on the disk. */
export const entriesOf = (disk: SimDisk) => [...entriesIn(disk.store, { from: [0], to: ['\uffff'] })];

/** What lasts: hand the same one to a new `MemoryKv` to reopen. */
export class MemoryDisk extends SimDisk {
  constructor() {
    super({ clock: createVirtualClock(), random: seededRandom('disk') });
  }
}

export class MemoryKv extends SimKv {
  /** When true, commits wait for `release()`. */
  held = false;
  /** Set to let the next commit fail. */
  failNext: string | null = null;
  #land: (() => void) | null = null;

  constructor(disk: SimDisk = new MemoryDisk(), clock = createVirtualClock()) {
    super(disk, { clock });
  }

  /** Lets held commits go on. */
  release(): void {
    this.held = false;
    this.#land?.();
  }

  /** The process is gone: what was not committed is forgotten and nothing settles any more. */
  crash(): SimDisk {
    this.die(false);
    return this.disk;
  }

  protected override pass(landed: () => void): void {
    this.#land = landed;
    setImmediate(() => {
      if (!this.held) landed();
    });
  }

  protected override complaint(writer: SortedWriter): string | null {
    return this.failNext ?? super.complaint(writer);
  }
}
