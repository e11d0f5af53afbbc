/** Follows what stands at a path: through growth, rotation, truncation and absence. */
import { sleep } from '../contract/clock.ts';
import type { Taken } from '../domain/intake.ts';
import { formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { encodePosition, type FilePosition, pathMark } from './file-position.ts';
import { endOf, fileStart, LineReader, type Next, type Place } from './line-reader.ts';
import { isSame, type Opened, openRegular } from './opened-file.ts';
import { findRotated } from './rotated.ts';
import { passOver } from './source-files.ts';
import type { TailEnv, TailOptions } from './tail-env.ts';

/** Reading for so long without coming to the end counts as being behind, ms. */
const behindAfterMs = 1_000;
/** Most files that are kept open until their turn. */
const successorsMax = 64;

/**
 * Reads until `signal` aborts, or with `mode: once` until everything is accepted.
 * @param start where the store says that reading stopped; `undefined` for a file never seen
 */
export async function follow(
  options: TailOptions,
  env: TailEnv,
  start: FilePosition | undefined,
  signal: AbortSignal,
): Promise<void> {
  const tail = new Tail(options, env, signal);
  try {
    await tail.begin(start);
    while (!signal.aborted && !tail.isDone) await tail.turn();
  } finally {
    tail.close();
  }
}

interface Followed {
  readonly opened: Opened;
  readonly reader: LineReader;
}

class Tail {
  readonly #options: TailOptions;
  readonly #env: TailEnv;
  readonly #signal: AbortSignal;
  readonly #name: string;
  #followed: Followed | undefined;
  readonly #open = new Set<Opened>();
  /** Files that appeared at the path since, oldest first. */
  #successors: Opened[] = [];
  /** When the path was looked at last, monotonic ms. */
  #lookedMs = Number.NEGATIVE_INFINITY;
  #told: Parameters<TailEnv['tell']>[0] | undefined;
  /** Since when it has read without coming to the end, monotonic ms. */
  #busySinceMs: number | undefined;
  /** Since when the file is no longer at the path and has not grown, monotonic ms. */
  #quietSinceMs: number | undefined;
  #unread = 0;
  /** Nothing more is expected of the file: another one is to be read. */
  #finished = false;
  isDone = false;

  constructor(options: TailOptions, env: TailEnv, signal: AbortSignal) {
    this.#options = options;
    this.#env = env;
    this.#signal = signal;
    this.#name = printable(options.path);
  }

  close(): void {
    for (const opened of this.#open) this.#close(opened);
  }

  /** Finds the file that was read before, wherever it is now; else begins with what is at the path. */
  async begin(start: FilePosition | undefined): Promise<void> {
    const { path, from } = this.#options;
    const { files } = this.#env;
    if (!start) return this.#openPath(from);
    // It may be renamed between being found and being opened.
    for (let attempt = 1; attempt <= 3 && !this.#signal.aborted; attempt++) {
      const isThere = (await files.look(path))?.ino === start.ino;
      // Another path in the pipeline file means another file.
      if (!isThere && start.path !== pathMark(path)) return this.#openPath(from);
      const found = isThere ? path : await findRotated(path, start, files, this.#options, this.#signal);
      const opened = found === undefined ? undefined : await this.#openAt(found);
      if (opened?.facts.ino === start.ino) return this.#follow(opened, start, start.print);
      if (opened) this.#close(opened);
      if (found === undefined) break;
    }
    if (this.#signal.aborted) return;
    this.#env.note(
      `the file that was read up to line ${start.line} as ${this.#name} is gone: what was written to it afterwards, if anything, is lost`,
      'warn',
    );
    return this.#openPath('start');
  }

  /** One look at the file, and what follows from it. */
  async turn(): Promise<void> {
    const { mode, everyMs } = this.#options;
    if (!this.#followed) {
      await this.#openPath('start');
      if (this.#followed || this.#signal.aborted) return;
      this.#tell('MISSING');
      return sleep(this.#env.clock, everyMs, this.#signal);
    }
    const next = await this.#followed.reader.next(this.#finished || mode === 'once');
    if (this.#signal.aborted) return;
    if (next.found === 'end') return this.#atEnd(next.unread);
    this.#quietSinceMs = undefined;
    if (next.found === 'changed') return this.#startAgain(next.unreadMin);
    await this.#take(next);
  }

  async #take(next: Extract<Next, { found: 'lines' | 'tooLong' }>): Promise<void> {
    const { reader } = this.#followed!;
    if (next.found === 'tooLong') {
      if (next.begins) this.#env.tooLong(next.line);
      await this.#send(null);
    } else {
      for (let rest = next.bytes; rest.length > 0 && !this.#signal.aborted; ) {
        const taken = this.#env.judge(rest, reader.place.line);
        reader.advance(rest.subarray(0, taken.bytesRead), taken.linesRead);
        await this.#send(taken);
        rest = rest.subarray(taken.bytesRead);
      }
    }
    const now = this.#env.clock.monotonic();
    this.#busySinceMs ??= now;
    const isLong = this.#told !== 'CAUGHT_UP' || now - this.#busySinceMs >= behindAfterMs;
    if (reader.isBehind && isLong) this.#tell('BEHIND');
  }

  /** Everything in the file was read: is it still the one at the path? */
  async #atEnd(unread: number): Promise<void> {
    const { mode, everyMs, rotationGraceMs } = this.#options;
    this.#busySinceMs = undefined;
    if (this.#finished) return this.#goOnWithNext();
    const isMissing = !(await this.#lookAtPath());
    if (this.#signal.aborted) return;
    const isElsewhere = isMissing || this.#successors.length > 0;
    if (mode === 'once' && this.#successors.length === 0) return this.#finishAll();
    const now = this.#env.clock.monotonic();
    if (!isElsewhere) this.#quietSinceMs = undefined;
    else if (unread !== this.#unread) this.#quietSinceMs = now;
    else this.#quietSinceMs ??= now;
    this.#unread = unread;
    const isQuiet = this.#quietSinceMs !== undefined && now - this.#quietSinceMs >= rotationGraceMs;
    const isOver = isQuiet || mode === 'once' || this.#successors.length > 1;
    if (isOver && this.#successors.length > 0) {
      this.#finished = true;
      return;
    }
    if (isQuiet) {
      this.#tell('MISSING');
      await this.#letGoIfDeleted();
    } else this.#tell('CAUGHT_UP');
    await sleep(this.#env.clock, everyMs, this.#signal);
  }

  /** Opens a new file at the path at once, since it may be rotated away too; false when nothing is there. */
  async #lookAtPath(): Promise<boolean> {
    const { path } = this.#options;
    this.#lookedMs = this.#env.clock.monotonic();
    const facts = await this.#env.files.look(path);
    const isKnown = (file: Opened) => facts !== undefined && isSame(file.facts, facts);
    if (!facts || [this.#followed!.opened, ...this.#successors].some(isKnown)) return facts !== undefined;
    if (this.#successors.length >= successorsMax) return true;
    const opened = await this.#openAt(path);
    if (opened) this.#successors.push(opened);
    return opened !== undefined;
  }

  async #goOnWithNext(): Promise<void> {
    this.#close(this.#followed!.opened);
    this.#followed = undefined;
    const next = this.#successors.shift();
    if (next) await this.#follow(next, fileStart);
  }

  async #finishAll(): Promise<void> {
    await this.#env.accepted();
    if (this.#signal.aborted) return;
    this.isDone = true;
    this.#tell('DONE');
  }

  /** A deleted file that is kept open takes room on the disk. */
  async #letGoIfDeleted(): Promise<void> {
    const { links } = await this.#followed!.opened.file.facts();
    if (links === 0) this.#finished = true;
  }

  async #startAgain(unreadMin: number): Promise<void> {
    const lost = unreadMin > 0 ? `, with at least ${formatSize(unreadMin)} that were never read` : '';
    this.#noteChange(lost);
    await this.#follow(this.#followed!.opened, fileStart);
    // A file that is written anew again and again must not keep us busy.
    await sleep(this.#env.clock, this.#options.everyMs, this.#signal);
  }

  async #openPath(from: 'start' | 'end'): Promise<void> {
    const opened = await this.#openAt(this.#options.path);
    if (opened)
      await this.#follow(opened, from === 'end' ? await endOf(opened.file, opened.facts) : fileStart);
  }

  async #openAt(path: string): Promise<Opened | undefined> {
    const opened = await openRegular(this.#env.files, path);
    if (opened) this.#open.add(opened);
    return opened;
  }

  #close(opened: Opened): void {
    this.#open.delete(opened);
    void opened.file.close();
  }

  /** @param print of what stood before the place; where something else stands now, reading starts again */
  async #follow(opened: Opened, place: Place, print?: string): Promise<void> {
    const found = await LineReader.at(opened.file, this.#options, place, print);
    const reader = found ?? (await LineReader.at(opened.file, this.#options, fileStart))!;
    this.#followed = { opened, reader };
    this.#finished = false;
    this.#quietSinceMs = undefined;
    this.#unread = 0;
    if (this.#signal.aborted) return;
    if (!found) this.#noteChange(' while nobody read it');
    if (this.#options.mode === 'once') this.#tell('BEHIND');
    if (!found || print === undefined) await this.#send(null);
  }

  #noteChange(more: string): void {
    const text = `${this.#name} was truncated or written anew${more}: it is read from its start again`;
    this.#env.note(text, 'warn');
  }

  /** Resolves when more may be read. That may be long, say with a full store, and files are rotated meanwhile. */
  async #send(taken: Taken | null): Promise<void> {
    this.#env.send(taken, this.#position());
    await this.#lookIfDue();
    while (this.#env.isFull() && !this.#signal.aborted) {
      const over = new AbortController();
      const until = AbortSignal.any([this.#signal, over.signal]);
      await Promise.race([this.#env.room(until), sleep(this.#env.clock, this.#options.everyMs, until)]);
      over.abort();
      await this.#lookIfDue();
    }
  }

  async #lookIfDue(): Promise<void> {
    const { mode, everyMs } = this.#options;
    const isDue = this.#env.clock.monotonic() - this.#lookedMs >= everyMs;
    if (isDue && mode === 'tail') await this.#lookAtPath().catch(passOver);
  }

  #position(): string {
    const { reader, opened } = this.#followed!;
    const { offset, line, skipping } = reader.place;
    const path = pathMark(this.#options.path);
    return encodePosition({ path, ino: opened.facts.ino, offset, line, skipping, print: reader.print });
  }

  #tell(event: Parameters<TailEnv['tell']>[0]): void {
    if (this.#told === event || this.#signal.aborted) return;
    this.#told = event;
    this.#env.tell(event);
  }
}
