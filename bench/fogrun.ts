/** A real `fogrun` process: started, listened to line by line, measured, ended by pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { nowMs, within } from './time.ts';

/** A line of `--log json`. */
export interface LogLine {
  /** When it arrived here, on the clock of `nowMs`. */
  readonly atMs: number;
  readonly time: string;
  readonly actor: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of line has fields of its own
  readonly [field: string]: any;
}

export interface FogrunOptions {
  readonly env: NodeJS.ProcessEnv;
  /** What stands before `node`, such as `strace` and its arguments. */
  readonly before?: readonly string[];
  /** Arguments of node itself. */
  readonly node?: readonly string[];
}

const lineDeadlineMs = 30_000;
const endDeadlineMs = 20_000;
/** Lines that are kept to be looked through; a benchmark that needs more listens. */
const linesKept = 200_000;

export class Fogrun {
  /** The lines so far, oldest first. */
  readonly lines: LogLine[] = [];
  readonly startedAtMs = nowMs();
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(line: LogLine) => void>();
  readonly #ended: Promise<string>;
  #over = false;
  #stderr = '';

  /** @param words arguments after `fogrun`; `--log json` is added */
  constructor(main: string, words: readonly string[], options: FogrunOptions) {
    const command = [
      ...(options.before ?? []),
      process.execPath,
      ...(options.node ?? []),
      main,
      ...words,
      '--log',
      'json',
    ];
    this.#child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env,
    });
    createInterface({ input: this.#child.stdout! }).on('line', (text) => this.#take(text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-10_000);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code, signal) => resolve(`${signal ?? code}`));
    });
    this.#ended.then(() => {
      this.#over = true;
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it said beside the log, the last 10,000 characters. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Calls back with every line from now on, until the returned function is called. */
  listen(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first line, past or future, that fits. Rejects when the process ends or the deadline passes before. */
  line(fits: (line: LogLine) => boolean, deadlineMs = lineDeadlineMs): Promise<LogLine> {
    const found = this.lines.find(fits);
    return found ? Promise.resolve(found) : this.next(fits, deadlineMs);
  }

  /** The same, of lines to come. */
  async next(fits: (line: LogLine) => boolean, deadlineMs = lineDeadlineMs): Promise<LogLine> {
    const found = Promise.withResolvers<LogLine>();
    const stop = this.listen((line) => fits(line) && found.resolve(line));
    const ended = this.#ended.then((how) => {
      throw new Error(`fogrun ended with ${how}: ${this.#story()}`);
    });
    try {
      return await within(
        Promise.race([found.promise, ended]),
        deadlineMs,
        () => `${fits}: ${this.#story()}`,
      );
    } finally {
      ended.catch(() => {});
      stop();
    }
  }

  /** Resolves when that many readings were deleted after their acknowledgement, since the process started. */
  async deleted(readings: number, deadlineMs: number): Promise<LogLine> {
    let sum = 0;
    for (const line of this.lines) {
      if (isDeletion(line)) sum += line.readings;
      if (sum >= readings) return line;
    }
    return this.next((line) => {
      if (isDeletion(line)) sum += line.readings;
      return sum >= readings;
    }, deadlineMs);
  }

  /** Sends the signal and waits for the end; after the deadline the process is killed and the promise rejects. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#over) return;
    this.#child.kill(signal);
    try {
      await within(this.#ended, endDeadlineMs, () => `the end of fogrun: ${this.#story()}`);
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
  }

  /** Ends it without waiting. */
  kill(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
  }

  #take(text: string): void {
    if (!text.startsWith('{')) return;
    const line: LogLine = { atMs: nowMs(), ...JSON.parse(text) };
    this.lines.push(line);
    if (this.lines.length > linesKept) this.lines.splice(0, linesKept / 2);
    for (const listener of [...this.#listeners]) listener(line);
  }

  #story(): string {
    return [...this.lines.slice(-10).map((line) => JSON.stringify(line)), this.#stderr].join('\n');
  }
}

/** Fits the news that a segment of readings is deleted after its acknowledgement. */
export const isDeletion = (line: LogLine): boolean =>
  line.type === 'segment' && line.what === 'deleted' && line.stream === 'readings';

/** Fits a state change of that actor. */
export const moved =
  (actor: string, to: string) =>
  (line: LogLine): boolean =>
    line.type === 'transition' && line.actor === actor && line.to === to;
