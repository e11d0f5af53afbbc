/** This process and the outside: its stdout, its signals, its end. */
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog, type Log } from '../runtime/log.ts';

/** The log on this process's stdout. A closed stdout must not end a pipeline. */
export function terminalLog(format: 'text' | 'json'): Log {
  process.stdout.on('error', () => {});
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colour = format === 'text' && !NO_COLOR && (process.stdout.isTTY || !!FORCE_COLOR);
  return createLog({ format, colour, clock: systemClock, write: (line) => void process.stdout.write(line) });
}

/** The first signal drains, a second one ends the process at once. */
export function onSignals(drain: () => void, endNow: () => void = () => {}): void {
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) {
        endNow();
        process.exit(1);
      }
      asked = true;
      drain();
    });
  }
}

/** A programming error outside every actor: said, then the process ends so that its supervisor starts it anew. */
export function endOnBugs(report: (problem: Problem) => void): void {
  const end = (thrown: unknown) => {
    report(toProblem(thrown));
    if (thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
    process.exit(thrown instanceof FogrunError ? thrown.exitCode : 1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Everything is closed by now; what still holds the process open is not worth waiting for. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), 250).unref();
}
