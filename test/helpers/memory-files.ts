/** The simulated files on a disk that is ready at once, and that can be told to refuse. */
import type { SimDisk } from '../../src/sim/disk.ts';
import { SimFiles } from '../../src/sim/files.ts';
import { MemoryDisk } from './memory-kv.ts';
import { createVirtualClock } from './virtual-clock.ts';

export class MemoryFiles extends SimFiles {
  /** While set, writes reject with it. */
  refusal: Error | null = null;

  constructor(disk: SimDisk = new MemoryDisk()) {
    super(disk, createVirtualClock());
  }

  protected override async pass(): Promise<void> {
    if (this.refusal) throw this.refusal;
  }
}
