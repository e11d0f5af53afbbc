/** The files that have been at a path: those that wait to be read, and where the last few were left. */
import { type FileMark, isMarkOf, type LeftFile, leftMax, waitingMax } from './file-position.ts';
import { fileStart, LineReader, type LineReaderOptions, type Place } from './line-reader.ts';
import { isSame, type Opened } from './opened-file.ts';
import type { FileFacts } from './source-files.ts';

/** A file and the place to begin at. */
export interface Due {
  readonly opened: Opened;
  readonly place: Place;
  /** Fingerprint of what stands before the place, unless that is the start. */
  readonly print?: string;
}

export class FileQueue {
  readonly #options: LineReaderOptions;
  /** Oldest first. */
  readonly #waiting: Due[] = [];
  #left: readonly LeftFile[] = [];

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.#waiting.length >= waitingMax;
  }

  get waiting(): readonly FileMark[] {
    return this.#waiting.map(({ opened }) => opened.facts);
  }

  get left(): readonly LeftFile[] {
    return this.#left;
  }

  /** Takes over what an earlier run remembered. */
  remember(left: readonly LeftFile[]): void {
    this.#left = left;
  }

  holds(facts: FileFacts): boolean {
    return this.#waiting.some(({ opened }) => isSame(opened.facts, facts));
  }

  async add(opened: Opened): Promise<void> {
    this.#waiting.push(await this.due(opened));
  }

  next(): Due | undefined {
    return this.#waiting.shift();
  }

  /** A file that was left before and still holds what was read of it goes on there. */
  async due(opened: Opened): Promise<Due> {
    const left = this.#left.find((mark) => isMarkOf(mark, opened.facts));
    const isKept = left && (await LineReader.at(opened.file, this.#options, left, left.print)) !== undefined;
    return isKept ? { opened, place: left, print: left.print } : { opened, place: fileStart };
  }

  leave({ ino, birth }: FileMark, { place, print }: LineReader): void {
    const others = this.#left.filter((file) => !isMarkOf(file, { ino, birth }));
    this.#left = [...others, { ino, birth, ...place, print }].slice(-leftMax);
  }
}
