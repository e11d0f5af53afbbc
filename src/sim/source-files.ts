/** Files that sources of a simulated machine read: put there before the start, or growing while it runs. */
import { resolve } from 'node:path';
import { type FileFacts, type OpenFile, type SourceFiles, unreadable } from '../connectors/source-files.ts';
import type { Clock } from '../contract/clock.ts';
import { diskError } from './disk.ts';

/** A file, whatever names lead to it. */
interface Inode {
  readonly ino: string;
  bytes: Buffer;
  /** Bytes of the buffer that are contents. */
  length: number;
  changed: number;
  links: number;
}

export class SimSourceFiles implements SourceFiles {
  /** While set, everything fails with it. */
  failure: 'EIO' | null = null;
  /** How long each operation takes, ms; none for 0, for ever for Infinity. */
  answerMs = 0;
  readonly #clock: Clock;
  readonly #names = new Map<string, Inode>();
  #made = 0;
  #changes = 0;

  /** @param clock of the world: files do not end with a process */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new file, in place of what was there. */
  put(path: string, bytes: Uint8Array): void {
    this.remove(path);
    this.#made += 1;
    const contents = Buffer.from(bytes);
    this.#names.set(placeOf(path), {
      ino: String(this.#made),
      bytes: contents,
      length: contents.length,
      changed: ++this.#changes,
      links: 1,
    });
  }

  /** Adds to a file, which is made when there is none. */
  append(path: string, bytes: Uint8Array): void {
    const inode = this.#names.get(placeOf(path));
    if (!inode) {
      this.put(path, bytes);
      return;
    }
    const length = inode.length + bytes.length;
    if (length > inode.bytes.length) {
      const larger = Buffer.alloc(2 * length);
      inode.bytes.copy(larger, 0, 0, inode.length);
      inode.bytes = larger;
    }
    inode.bytes.set(bytes, inode.length);
    inode.length = length;
    inode.changed = ++this.#changes;
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(placeOf(from));
    if (!inode) return;
    this.remove(to);
    this.#names.delete(placeOf(from));
    this.#names.set(placeOf(to), inode);
  }

  remove(path: string): void {
    const inode = this.#names.get(placeOf(path));
    if (inode) inode.links -= 1;
    this.#names.delete(placeOf(path));
  }

  async look(path: string): Promise<FileFacts | undefined> {
    await this.#answer(path);
    const inode = this.#names.get(placeOf(path));
    if (inode) return factsOf(inode);
    return this.#namesIn(path).length > 0 ? { ...directoryFacts } : undefined;
  }

  async open(path: string): Promise<OpenFile | undefined> {
    await this.#answer(path);
    const inode = this.#names.get(placeOf(path));
    return (
      inode && {
        facts: async () => {
          await this.#answer(path);
          return factsOf(inode);
        },
        read: async (into, at) => {
          await this.#answer(path);
          const found = inode.bytes.subarray(at, Math.min(inode.length, at + into.length));
          into.set(found);
          return found.length;
        },
        close: async () => {},
      }
    );
  }

  async resolve(path: string): Promise<string | undefined> {
    return (await this.look(path)) && placeOf(path);
  }

  async list(directory: string): Promise<readonly string[] | undefined> {
    await this.#answer(directory);
    const names = this.#namesIn(directory);
    return names.length > 0 ? names : undefined;
  }

  #namesIn(directory: string): string[] {
    const start = placeOf(directory) === '/' ? '/' : `${placeOf(directory)}/`;
    const below = [...this.#names.keys()].filter((path) => path.startsWith(start));
    return [...new Set(below.map((path) => path.slice(start.length).split('/')[0]!))];
  }

  async #answer(path: string): Promise<void> {
    if (this.answerMs > 0) {
      await new Promise<void>((resolve) => void this.#clock.setTimeout(resolve, this.answerMs));
    }
    if (this.failure) throw unreadable(path, diskError(this.failure));
  }
}

const directoryFacts: FileFacts = {
  dev: '1',
  ino: '0',
  birth: '0',
  size: 0,
  changed: '0',
  links: 1,
  what: 'a directory',
};

/** Seen from the directory that fogrun runs in, as sources see it. */
function placeOf(path: string): string {
  return resolve(path);
}

function factsOf({ ino, length, changed, links }: Inode): FileFacts {
  return { dev: '1', ino, birth: ino, size: length, changed: String(changed), links, what: 'file' };
}
