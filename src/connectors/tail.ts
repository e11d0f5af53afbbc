/** Follows what stands at a path: through growth, rotation, truncation and absence. */
import { sleep } from '../contract/clock.ts';
import type { Taken } from '../domain/intake.ts';
import { encodePosition, type FilePosition, pathMark } from './file-position.ts';
import { type Due, FileQueue } from './file-queue.ts';
import { findAgain } from './found-again.ts';
import { endOf, fileStart, LineReader, type Next } from './line-reader.ts';
import { isSame, type Opened, openRegular } from './opened-file.ts';
import { passOver } from './source-files.ts';
import type { TailEnv, TailOptions } from './tail-env.ts';
import { TailNotes } from './tail-notes.ts';

/** Reading for so long without coming to the end counts as being behind, ms. */
const behindAfterMs = 1_000;

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
  readonly #notes: TailNotes;
  #followed: Followed | undefined;
  readonly #open = new Set<Opened>();
  readonly #queue: FileQueue;
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
    this.#notes = new TailNotes(options.path, env.note);
    this.#queue = new FileQueue(options);
  }

  close(): void {
    for (const opened of this.#open) this.#close(opened);
  }

  /** Finds the files that are to be read, wherever they are now; else begins with what is at the path. */
  async begin(start: FilePosition | undefined): Promise<void> {
    const { path, from } = this.#options;
    const { files } = this.#env;
    if (!start) return this.#openPath(from);
    // Another path in the pipeline file means another file.
    const isElsewhere = start.path !== pathMark(path);
    if (isElsewhere && (await files.look(path))?.ino !== start.ino) return this.#openPath(from);
    const open = (at: string) => this.#openAt(at);
    const close = (opened: Opened) => this.#close(opened);
    const [options, signal] = [this.#options, this.#signal];
    const found = await findAgain({ path, position: start, files, options, open, close, signal });
    this.#queue.remember(start.left);
    for (const opened of found.waiting) await this.#queue.add(opened);
    if (signal.aborted) return;
    this.#notes.found(found, start.line);
    if (found.read) return this.#follow({ opened: found.read, place: start, print: start.print });
    const next = this.#queue.next();
    return next ? this.#follow(next) : this.#openPath('start');
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

  async #take(next: Extract<Next, { found: 'lines' | 'tooLong' | 'hole' }>): Promise<void> {
    const { reader } = this.#followed!;
    if (next.found === 'hole') {
      if (next.offset === 0) this.#notes.hole();
      await this.#send(null);
    } else if (next.found === 'tooLong') {
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
    this.#noteBusy(reader.isBehind);
  }

  #noteBusy(isBehind: boolean): void {
    const now = this.#env.clock.monotonic();
    this.#busySinceMs ??= now;
    const isLong = this.#told !== 'CAUGHT_UP' || now - this.#busySinceMs >= behindAfterMs;
    if (isBehind && isLong) this.#tell('BEHIND');
  }

  /** Everything in the file was read: is it still the one at the path? */
  async #atEnd(unread: number): Promise<void> {
    const { mode, everyMs, rotationGraceMs } = this.#options;
    this.#busySinceMs = undefined;
    if (this.#finished) return this.#goOnWithNext();
    const there = await this.#lookAtPath();
    if (this.#signal.aborted) return;
    const isElsewhere = there !== 'followed';
    // It came back to the path: others that were there meanwhile come first, and then this one goes on.
    if (!isElsewhere && this.#queue.length > 0) return this.#goOnWithNext();
    if (mode === 'once' && this.#queue.length === 0) return this.#finishAll();
    const now = this.#env.clock.monotonic();
    if (!isElsewhere) this.#quietSinceMs = undefined;
    else if (unread !== this.#unread) this.#quietSinceMs = now;
    else this.#quietSinceMs ??= now;
    this.#unread = unread;
    const isQuiet = this.#quietSinceMs !== undefined && now - this.#quietSinceMs >= rotationGraceMs;
    const isOver = isQuiet || mode === 'once' || this.#queue.length > 1;
    if (isOver && this.#queue.length > 0) {
      this.#finished = true;
      return;
    }
    if (isQuiet) {
      this.#tell('MISSING');
      await this.#letGoIfDeleted();
    } else this.#tell('CAUGHT_UP');
    await sleep(this.#env.clock, everyMs, this.#signal);
  }

  /** Opens a new file at the path at once, since it may be rotated away too. */
  async #lookAtPath(): Promise<'followed' | 'another' | 'nothing'> {
    const { path } = this.#options;
    this.#lookedMs = this.#env.clock.monotonic();
    const facts = await this.#env.files.look(path);
    if (!facts) return 'nothing';
    if (isSame(this.#followed!.opened.facts, facts)) return 'followed';
    if (this.#queue.holds(facts)) return 'another';
    if (this.#queue.isFull) {
      this.#notes.leftOut(facts);
      return 'another';
    }
    const opened = await this.#openAt(path);
    if (!opened) return 'nothing';
    if (!isSame(opened.facts, facts)) {
      // Renamed just now: what is there is seen at the next look.
      this.#close(opened);
      return 'another';
    }
    await this.#queue.add(opened);
    // Who reads on after us must know of it.
    if (!this.#signal.aborted) this.#env.send(null, this.#position());
    return 'another';
  }

  async #goOnWithNext(): Promise<void> {
    const { opened, reader } = this.#followed!;
    const { links } = await opened.file.facts();
    // What has no name any more cannot come back.
    if (links > 0) this.#queue.leave(opened.facts, reader);
    this.#close(opened);
    this.#followed = undefined;
    const next = this.#queue.next();
    if (next) await this.#follow(next);
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
    this.#notes.changed(unreadMin);
    await this.#follow({ opened: this.#followed!.opened, place: fileStart });
    // A file that is written anew again and again must not keep us busy.
    await sleep(this.#env.clock, this.#options.everyMs, this.#signal);
  }

  async #openPath(from: 'start' | 'end'): Promise<void> {
    const opened = await this.#openAt(this.#options.path);
    if (!opened) return;
    if (from === 'start') await this.#follow(await this.#queue.due(opened));
    else await this.#follow({ opened, place: await endOf(opened.file, opened.facts) });
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

  /** Where something else stands before the place than the fingerprint says, reading starts again. */
  async #follow({ opened, place, print }: Due): Promise<void> {
    const found = await LineReader.at(opened.file, this.#options, place, print);
    const reader = found ?? (await LineReader.at(opened.file, this.#options, fileStart))!;
    this.#followed = { opened, reader };
    this.#finished = false;
    this.#quietSinceMs = undefined;
    this.#unread = 0;
    if (this.#signal.aborted) return;
    if (!found) this.#notes.changedUnseen();
    if (this.#options.mode === 'once') this.#tell('BEHIND');
    await this.#send(null);
  }

  /** Resolves when more may be read. That may be long, say with a full store, and files are rotated meanwhile. */
  async #send(taken: Taken | null): Promise<void> {
    this.#env.send(taken, this.#position());
    await this.#lookIfDue();
    while (this.#env.isFull() && !this.#signal.aborted) {
      this.#noteBusy(true);
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
    const { waiting, left } = this.#queue;
    const { ino } = opened.facts;
    return encodePosition({ path, ino, offset, line, skipping, print: reader.print, waiting, left });
  }

  #tell(event: Parameters<TailEnv['tell']>[0]): void {
    if (this.#told === event || this.#signal.aborted) return;
    this.#told = event;
    this.#env.tell(event);
  }
}
