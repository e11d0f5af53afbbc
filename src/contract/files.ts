/** Plain files, for what leaves a store. Real: src/store/node-files.ts; simulated: src/sim. */
export interface Files {
  /**
   * Puts the whole file there or nothing: write beside it, fsync, rename, fsync the directory (made if needed).
   * @param path relative to the root this was opened for, `/` between parts
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or `undefined` when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Bytes free for us on the file system. */
  freeBytes(): Promise<number>;
}
