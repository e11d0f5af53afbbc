/** `fogrun FILE…`: one file runs in this process, several as one child each. */
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { formatProblem } from '../pipeline/check.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { drainDeadlineMs, exitCodeOf, runPipeline } from '../runtime/pipeline.ts';
import { bindingsFor } from './bindings.ts';
import { checkFiles } from './plans.ts';

export interface RunOptions {
  readonly log: 'text' | 'json';
}

export async function run(files: readonly string[], options: RunOptions): Promise<number> {
  const { plans, problems, warnings } = await checkFiles(files);
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  if (problems.length > 0) {
    const message = problems.map(formatProblem).join('\n');
    throw new FogrunError('pipeline-invalid', `nothing was started:\n${message}`);
  }
  if (plans.length === 1) return runPlan(plans[0]!, options);
  const { runChildren } = await import('./children.ts');
  return runChildren(plans, { ...options, log: terminalLog(options.log), format: options.log });
}

/** The log on this process's stdout. A closed stdout must not end a pipeline. */
export function terminalLog(format: 'text' | 'json'): Log {
  process.stdout.on('error', () => {});
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colour = format === 'text' && !NO_COLOR && (process.stdout.isTTY || !!FORCE_COLOR);
  return createLog({ format, colour, clock: systemClock, write: (line) => void process.stdout.write(line) });
}

/** Runs one pipeline here until it ends or a signal asks for it. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<number> {
  const log = terminalLog(options.log);
  const report = log.reporter(plan.name, 'pipeline');
  endOnBugs((problem) => report({ type: 'problem', ...problem }));
  const world = { clock: systemClock, random: systemRandom };
  const bindings = await bindingsFor(plan, world);
  const pipeline = await runPipeline({ plan, bindings, clock: systemClock, log });
  onSignals(() => void pipeline.drain(drainDeadlineMs));
  await pipeline.started;
  const parent = await join(plan.name, (deadlineMs) => void pipeline.drain(deadlineMs));
  const problem = await pipeline.ended;
  parent?.close();
  if (problem) report({ type: 'problem', ...problem });
  leaveSoon();
  return exitCodeOf(problem);
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

/** Tells the parent, if there is one, that this pipeline is up; drains when the parent asks or is gone. */
async function join(name: string, drain: (deadlineMs: number) => void): Promise<{ close(): void } | null> {
  const socketPath = process.env.FOGRUN_PARENT_SOCKET;
  const token = process.env.FOGRUN_PARENT_TOKEN;
  if (!socketPath || !token) return null;
  const { joinParent } = await import('../runtime/ipc.ts');
  const parent = await joinParent({
    socketPath,
    token,
    name,
    clock: systemClock,
    timeoutMs: 5_000,
    on: {
      message: (message) => {
        const { type, deadlineMs } = message as { type?: unknown; deadlineMs?: unknown };
        if (type === 'drain') drain(typeof deadlineMs === 'number' ? deadlineMs : drainDeadlineMs);
      },
      lost: () => drain(drainDeadlineMs),
    },
  });
  parent.send({ type: 'ready' });
  return parent;
}

/** Everything is closed by now; what still holds the process open is not worth waiting for. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), 250).unref();
}
