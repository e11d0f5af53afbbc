/** What people are told of a followed file. */
import { formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { waitingMax } from './file-position.ts';
import type { FoundAgain } from './found-again.ts';
import { isSame } from './opened-file.ts';
import type { FileFacts } from './source-files.ts';
import type { TailEnv } from './tail-env.ts';

export class TailNotes {
  readonly #name: string;
  readonly #note: TailEnv['note'];
  /** What was at the path when no more files could wait. */
  #leftOut: FileFacts | undefined;

  constructor(path: string, note: TailEnv['note']) {
    this.#name = printable(path);
    this.#note = note;
  }

  /** @param line that came next when reading stopped */
  found({ read, isCopy, unseen, gone, tooMany }: FoundAgain, line: number): void {
    const name = this.#name;
    const rotated = (count: number) =>
      `${count} more ${count === 1 ? 'file' : 'files'} rotated away from ${name}`;
    if (!read) {
      const lost = 'what was written to it afterwards, if anything, is lost';
      this.#note(`the file that was read up to line ${line} as ${name} is gone: ${lost}`, 'warn');
    } else if (isCopy) {
      this.#note(`${name} is another file now that holds what was read: line ${line} comes next`, 'info');
    }
    if (unseen > 0) this.#note(`${rotated(unseen)} while nobody looked: read in their turn`, 'info');
    if (gone > 0)
      this.#note(`${rotated(gone)} waited to be read and cannot be found: their lines are lost`, 'warn');
    if (tooMany > 0) this.#note(`${rotated(tooMany)} are not read: at most ${waitingMax} may wait`, 'warn');
  }

  /** @param unreadMin bytes at least that were never read */
  changed(unreadMin: number): void {
    const lost = unreadMin > 0 ? `, with at least ${formatSize(unreadMin)} that were never read` : '';
    this.#startsAgain(lost);
  }

  changedUnseen(): void {
    this.#startsAgain(' while nobody read it');
  }

  #startsAgain(more: string): void {
    this.#note(`${this.#name} was truncated or written anew${more}: it is read from its start again`, 'warn');
  }

  hole(): void {
    const cause = 'was it truncated while its writer does not append?';
    this.#note(`${this.#name} begins with zero bytes, which are passed over: ${cause}`, 'warn');
  }

  /** Told once for each file. */
  leftOut(facts: FileFacts): void {
    if (this.#leftOut && isSame(this.#leftOut, facts)) return;
    this.#leftOut = facts;
    const lost = 'the one there now is lost if it is rotated away before they are read';
    this.#note(`${waitingMax} files rotated away from ${this.#name} wait to be read: ${lost}`, 'warn');
  }
}
