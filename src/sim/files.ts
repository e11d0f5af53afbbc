/** Plain files on a simulated disk. */
import type { Clock } from '../contract/clock.ts';
import { sleep } from '../contract/clock.ts';
import type { Files } from '../contract/files.ts';
import { checkedParts } from '../store/node-files.ts';
import type { DiskUser, SimDisk } from './disk.ts';

interface UnderWay {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export class SimFiles implements Files, DiskUser {
  readonly disk: SimDisk;
  readonly #clock: Clock;
  readonly #underWay = new Set<UnderWay>();
  #temporary = 0;
  #dead = false;

  /** @param clock of the process that writes */
  constructor(disk: SimDisk, clock: Clock) {
    this.disk = disk;
    this.#clock = clock;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    checkedParts(path);
    if (this.#dead) return never();
    const written: UnderWay = { path, bytes: new Uint8Array(bytes) };
    this.#underWay.add(written);
    this.disk.join(this);
    try {
      await this.pass();
      // Nobody hears what becomes of it.
      if (this.#dead) return await never();
      this.disk.assertTakes(this.#growth(path, written.bytes));
      this.disk.keepFile(path, written.bytes);
    } finally {
      this.#underWay.delete(written);
      if (this.#underWay.size === 0) this.disk.leave(this);
    }
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    checkedParts(path);
    const bytes = this.disk.files.get(path);
    return bytes && new Uint8Array(bytes);
  }

  async freeBytes(): Promise<number> {
    return Math.min(this.disk.freeBytes, Number.MAX_SAFE_INTEGER);
  }

  /** What was being written is there whole, or a part of it stands beside where it was to be. */
  die(written: boolean): void {
    this.#dead = true;
    for (const { path, bytes } of this.#underWay) {
      const beside = `${path.slice(0, path.lastIndexOf('/') + 1)}.sim-${this.#temporary++}.tmp`;
      if (!this.disk.takes(this.#growth(path, bytes))) continue;
      if (written) this.disk.keepFile(path, bytes);
      else this.disk.keepFile(beside, this.disk.torn(bytes));
    }
    this.#underWay.clear();
  }

  /** Resolves when the disk has what was written. */
  protected pass(): Promise<void> {
    return sleep(this.#clock, this.disk.syncMs());
  }

  #growth(path: string, bytes: Uint8Array): number {
    return bytes.length - (this.disk.files.get(path)?.length ?? 0);
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
