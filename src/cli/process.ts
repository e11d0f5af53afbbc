/** This process and the outside: its stdout, its signals, its end. */
import { spawn } from 'node:child_process';
import { fstatSync, readFileSync } from 'node:fs';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Level, Reporter } from '../contract/report.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog, type Log, type LogFormat } from '../runtime/log.ts';
import { mayLoseLines } from './stdout.ts';

/** How this process tells what happens. */
export interface LogChoice {
  readonly log: LogFormat;
  readonly level: Level;
}

/** Whether the journal of systemd reads that stream of this process; source: systemd.exec(5), JOURNAL_STREAM. */
export function isJournal(stream: 1 | 2): boolean {
  const { JOURNAL_STREAM } = process.env;
  if (!JOURNAL_STREAM) return false;
  try {
    const { dev, ino } = fstatSync(stream, { bigint: true });
    return JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** The log on this process's stdout. A closed stdout must not end a pipeline. */
export function terminalLog({ log: format, level: levelMin }: LogChoice): Log {
  process.stdout.on('error', () => {});
  mayLoseLines();
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colour = format === 'text' && !NO_COLOR && (process.stdout.isTTY || !!FORCE_COLOR);
  process.stderr.on('error', () => {});
  const write = gathered(
    whileRead(process.stdout, (lines) => {
      const text = `${lines} lines were left out: nobody read them`;
      log.reporter('fogrun', 'log')({ type: 'note', text }, 'warn');
    }),
  );
  const log = createLog({ format, levelMin, colour, clock: systemClock, write });
  return log;
}

/** Text that nobody has read yet, in bytes; only pipes let it gather. */
const unreadMax = 16 * 2 ** 20;

/**
 * Leaves lines out while too many are unread: those for a reader that was suspended, say, would gather in memory for as long.
 * @param told how many lines were left out, once some are read again
 */
export function whileRead(
  output: { readonly writableLength: number; write(text: string): unknown },
  told: (lines: number) => void,
): (text: string) => void {
  let leftOut = 0;
  return (text) => {
    if (output.writableLength > unreadMax) {
      leftOut += text.split('\n').length - 1;
      return;
    }
    output.write(text);
    const lines = leftOut;
    leftOut = 0;
    if (lines > 0) told(lines);
  };
}

/** True where people look on, and nobody asked for plain lines. A pipeline's child process has no terminal of its own. */
export function hasViewers(env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR || env.CI || env.TERM === 'dumb' || env.FOGRUN_PARENT_SOCKET) return false;
  return !!process.stdin.isTTY && !!process.stdout.isTTY;
}

/** Text that is not held back for the end of a turn of the event loop, in UTF-16 code units. */
const gatheredMax = 65_536;

/**
 * One write for all lines of a turn of the event loop: to a pipe each write is a system call that the loop waits for, and a
 * cloud with a thousand edges has thousands of lines a second. What is gathered when the process exits is still written.
 */
function gathered(write: (text: string) => void): (line: string) => void {
  let text = '';
  const flush = () => {
    const all = text;
    text = '';
    if (all !== '') write(all);
  };
  process.on('exit', flush);
  return (line) => {
    if (text === '') setImmediate(flush);
    text += line;
    if (text.length > gatheredMax) flush();
  };
}

/**
 * The first signal drains, a second one ends the process at once.
 * @param hangUp whether SIGHUP is one of them
 * @returns does the same for whatever else may ask for the end
 */
export function onSignals(
  report: Reporter,
  drain: () => void,
  { endNow = () => {}, hangUp = false }: { readonly endNow?: () => void; readonly hangUp?: boolean } = {},
): (why: string) => void {
  let asked = false;
  const ask = (why: string) => {
    if (asked) {
      endNow();
      exitNow(1);
    }
    asked = true;
    report({ type: 'note', text: `${why}: ending in order; once more ends at once` });
    drain();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ask(signal));
  if (hangUp) process.on('SIGHUP', () => ask('SIGHUP'));
  return ask;
}

/** Signals that people and systems send; the others a process brings upon itself. */
const fromOutside: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** Whether it was somebody else who ended a child process. */
export function endedFromOutside(signal: NodeJS.Signals | null): boolean {
  return signal !== null && fromOutside.has(signal);
}

/**
 * A programming error outside every actor: said, then the process ends so that its supervisor starts it anew.
 * @param shown its words as anybody may read them
 */
export function endOnBugs(
  report: (problem: Problem) => void,
  shown: (text: string) => string = (text) => text,
): void {
  const end = (thrown: unknown) => {
    const problem = toProblem(thrown);
    report({ ...problem, message: shown(problem.message) });
    if (thrown instanceof Error) process.stderr.write(`${shown(String(thrown.stack))}\n`);
    exitNow(thrown instanceof FogrunError ? thrown.exitCode : 1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Everything is closed by now; what still holds the process open is not worth waiting for. */
export function leaveSoon(): void {
  setTimeout(() => exitNow(process.exitCode), 250).unref();
}

/**
 * Ends this process, also when a thread of it does not end: Node.js waits for all of them, and LMDB's writer may in turn wait
 * for this one, or anybody for a disk. So somebody outside looks after it.
 */
export function exitNow(code: typeof process.exitCode): never {
  if (process.platform !== 'win32') {
    const words = `sleep ${exitDeadlineMs / 1_000}; kill -9 ${process.pid}`;
    try {
      spawn('sh', ['-c', words], { stdio: 'ignore', detached: true })
        .on('error', () => {})
        .unref();
    } catch {
      // No more processes, or no shell: it ends by itself in nearly every case.
    }
  }
  process.exit(code);
}

const exitDeadlineMs = 1_000;

const launcherPollMs = 500;

/**
 * Under `npm start` and `npx` a shell stands between npm and this process, and hands no signal on: who ends npm would leave
 * this process behind, on its port and its store. So the end of either of them counts as a signal. Linux only.
 */
export function endWithLauncher(report: Reporter, drain: () => void): void {
  if (!process.env.npm_execpath || process.env.FOGRUN_PARENT_SOCKET) return;
  const launchers = ancestors();
  if (launchers === null) return;
  const timer = setInterval(() => {
    if (ancestors() === launchers) return;
    clearInterval(timer);
    report({ type: 'note', text: 'npm, which started this process, is gone: ending in order' });
    drain();
  }, launcherPollMs);
  timer.unref();
}

/** Parent and grandparent, as text; `null` where the system does not tell. */
function ancestors(): string | null {
  const { ppid } = process;
  try {
    // The fourth field; the second is a name in parentheses that may hold anything.
    const fields = readFileSync(`/proc/${ppid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return `${ppid} ${fields[1]}`;
  } catch {
    return null;
  }
}
