/**
 * How closely the next start looks at the store, told by two small files: `<dir>/start.json` counts starts in a row that
 * neither ended cleanly nor lasted a minute, `<dir>/suspect` holds what a run saw that may be damage.
 */
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asUnwritable } from './directory.ts';
import type { Look } from './lmdb-check.ts';

/** A process that lived so long did not die of opening the store. */
export const settledMs = 60_000;
/** After so many quick deaths in a row the store is read through: one or two may be somebody's kill -9. */
const quickDeathsMax = 2;

interface StartRecord {
  readonly inARow: number;
  /** The store came open. */
  readonly opened: boolean;
}

export class Starts {
  readonly look: Look;
  readonly #path: string;
  readonly #mark: string;
  #inARow: number;

  private constructor(dir: string, look: Look, inARow: number) {
    this.#path = join(dir, 'start.json');
    this.#mark = join(dir, 'suspect');
    this.look = look;
    this.#inARow = inARow;
  }

  /**
   * Notes that the store in `dir` is about to be opened. Rejects with `store-unwritable`.
   * @param uncleanly the owner before did not end by itself
   */
  static async begin(dir: string, uncleanly: boolean): Promise<Starts> {
    const before = await readStart(join(dir, 'start.json'));
    const marked = await there(join(dir, 'suspect'));
    const close = marked || (before !== undefined && (!before.opened || before.inARow >= quickDeathsMax));
    const look = close ? 'thorough' : before || uncleanly ? 'brief' : 'first';
    const starts = new Starts(dir, look, (close ? 0 : (before?.inARow ?? 0)) + 1);
    try {
      await starts.#write(false);
    } catch (error) {
      throw asUnwritable(dir, error);
    }
    return starts;
  }

  /** The store is open and was found well, or is a fresh one. */
  async opened(): Promise<void> {
    await remove(this.#mark);
    // A disk too full for this note makes the next start after a kill look closer, no more.
    await this.#write(true).catch(() => {});
  }

  /** Makes the next start look closely. */
  async suspect(what: string): Promise<void> {
    await writeFile(this.#mark, `${what}\n`);
  }

  /** The run lasted long enough, or ended by itself. */
  async settled(): Promise<void> {
    await remove(this.#path);
  }

  #write(opened: boolean): Promise<void> {
    return writeFile(
      this.#path,
      `${JSON.stringify({ inARow: this.#inARow, opened } satisfies StartRecord)}\n`,
    );
  }
}

/** What cannot be read counts as a start that died on the way. */
async function readStart(path: string): Promise<StartRecord | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : '',
  );
  if (text === undefined) return undefined;
  try {
    const { inARow, opened } = JSON.parse(text) as Partial<StartRecord>;
    if (Number.isSafeInteger(inARow)) return { inARow: inARow!, opened: opened === true };
  } catch {
    // As below.
  }
  return { inARow: 0, opened: false };
}

async function there(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
