/** Files in memory, which can be told to refuse. */
import type { Files } from '../../src/contract/files.ts';

export class MemoryFiles implements Files {
  readonly all = new Map<string, Uint8Array>();
  /** While set, writes reject with it. */
  refusal: Error | null = null;
  free = Number.MAX_SAFE_INTEGER;

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.all.set(path, Uint8Array.from(bytes));
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.all.get(path);
  }

  async freeBytes(): Promise<number> {
    return this.free;
  }
}
