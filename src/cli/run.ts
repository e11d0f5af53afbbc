/** `fogrun FILE…`: one file runs in this process, several as one child each. */
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import type { Reporter } from '../contract/report.ts';
import { Redactor } from '../inspect/redact.ts';
import { formatProblem } from '../pipeline/check.ts';
import { systemClock } from '../runtime/clock.ts';
import { journalPrefix } from '../runtime/log.ts';
import { drainDeadlineMs, exitCodeOf, runPipeline } from '../runtime/pipeline.ts';
import { sendBeats } from './beats.ts';
import { bindingsFor } from './bindings.ts';
import type { ConsoleAddress } from './console-address.ts';
import { chosenConsole } from './console-choice.ts';
import { auditOf, offerControl } from './control-socket.ts';
import { fleetKeeper } from './fleet-keeper.ts';
import { type HangUp, hearHangUps, oneAtATime } from './hang-up.ts';
import { withIdentity } from './identity.ts';
import type { Live } from './live.ts';
import { createNotifier, sendBySystemdNotify, watchedLog } from './notify.ts';
import { checkFiles } from './plans.ts';
import {
  endOnBugs,
  endWithLauncher,
  hasViewers,
  isJournal,
  type LogChoice,
  leaveSoon,
  onSignals,
  terminalLog,
} from './process.ts';
import { systemPlatform } from './system-platform.ts';
import { userName } from './user.ts';
import { version } from './version.ts';

export interface RunOptions extends LogChoice {
  /** The live view instead of lines, where people look on. */
  readonly live?: boolean;
  /** Whether it can be controlled from outside; true unless given. */
  readonly control?: boolean;
  /** Where to serve the console; nowhere unless given. */
  readonly console?: ConsoleAddress | null;
  /** An inspector to be told what happens. */
  readonly push?: URL | null;
  /** Whether a file can be read again for a reload; true unless given. */
  readonly isFile?: boolean;
}

export async function run(files: readonly string[], options: RunOptions): Promise<number> {
  const hangUp = hearHangUps();
  const { plans, problems, warnings } = await checkFiles(files);
  const mark = isJournal(2) ? journalPrefix.warn : '';
  for (const warning of warnings) process.stderr.write(`${mark}warning: ${formatProblem(warning)}\n`);
  if (problems.length > 0) {
    const message = problems.map(formatProblem).join('\n');
    throw new FogrunError('pipeline-invalid', `nothing was started:\n${message}`);
  }
  const live = options.live && hasViewers() ? (await import('./live.ts')).goLive(plans) : null;
  for (const warning of warnings) live?.view.line('fogrun/check', formatProblem(warning));
  try {
    if (plans.length === 1) return await runPlan(plans[0]!, options, live, hangUp);
    const config = chosenConsole(options.console ?? null, undefined, process.env);
    const shown = { config, push: options.push ?? null };
    const { runChildren } = await import('./children.ts');
    const log = live?.log('parent') ?? terminalLog(options);
    return await runChildren(plans, { log, choice: options, live, hangUp, shown });
  } finally {
    live?.end();
  }
}

/** Runs one pipeline here until it ends or a signal asks for it. */
export async function runPlan(
  written: Plan,
  options: RunOptions,
  live: Live | null = null,
  hangUp: HangUp | null = null,
): Promise<number> {
  const config = chosenConsole(options.console ?? null, written.console, process.env);
  const plan = await withIdentity(written);
  const { push = null } = options;
  const { log, trouble } = watchedLog(live?.log() ?? terminalLog(options));
  const report = log.reporter(plan.name, 'pipeline');
  const notifier = createNotifier({
    variables: process.env,
    pid: process.pid,
    clock: systemClock,
    send: sendBySystemdNotify,
    warn: (text) => report({ type: 'note', text }, 'warn'),
    summary: () => trouble() ?? `${plan.name} runs: ${actorsOf().length} actors`,
  });
  let actorsOf = () => plan.actors;
  /** Of the pipeline, once it runs. */
  let redactor = new Redactor();
  endOnBugs(
    (problem) => report({ type: 'problem', ...problem }),
    (text) => redactor.withoutSecrets(text),
  );
  const bindings = await bindingsFor(plan, systemPlatform);
  const host = async () =>
    (await import('./placed.ts')).hostProcesses(plan.name, live ? showIn(live, plan.name) : undefined);
  const processes = plan.actors.some((actor) => actor.process !== null) ? await host() : undefined;
  const audit = auditOf(plan.name, report);
  const pipeline = await runPipeline({
    plan,
    bindings,
    clock: systemClock,
    log,
    version,
    audit: audit.write,
    fleet: fleetKeeper(plan.name),
    processes,
    ...(options.isFile === false
      ? {}
      : { reread: async () => (await import('./reread.ts')).rereadPlan(plan, host) }),
  }).catch(async (thrown) => {
    await processes?.close();
    throw thrown;
  });
  redactor = pipeline.redactor;
  // Actors may come to wait for each other alone; that must not end the process.
  const alive = setInterval(() => {}, 2 ** 30);
  live?.view.attach(pipeline.control, { entries: false });
  const drain = (deadlineMs = drainDeadlineMs) => {
    live?.view.ending();
    notifier.stopping();
    void pipeline.drain(deadlineMs);
  };
  actorsOf = () => pipeline.plan.actors;
  const reload = oneAtATime(async () => {
    notifier.reloading();
    await pipeline.control.reload({ user: userName(), command: 'SIGHUP' }).finally(() => notifier.ready());
  });
  const ask = onSignals(report, drain, { hangUp: hangUp === null });
  hangUp?.(reload);
  live?.onQuit(() => ask('q'));
  endWithLauncher(report, drain);
  await pipeline.started;
  const control =
    options.control === false
      ? null
      : offerControl(pipeline.control, pipeline.log.reporter(plan.name, 'pipeline'));
  const page =
    config || push
      ? await (await import('./console-run.ts')).showPipeline(pipeline.control, plan, {
          ...{ config, push, log: pipeline.log, live, audit },
        })
      : null;
  notifier.ready();
  const parent = await join(plan.name, report, { drain, reload }).catch((thrown) => {
    // Without its parent nobody would ever stop it.
    report({ type: 'problem', ...toProblem(thrown) });
    drain();
    return null;
  });
  const problem = await pipeline.ended;
  await Promise.all([control?.close(), page?.close(), audit.settled()]);
  clearInterval(alive);
  await parent?.close();
  if (problem) report({ type: 'problem', ...problem });
  live?.view.over(plan.name, problem);
  leaveSoon();
  return exitCodeOf(problem);
}

/** What a process that actors are placed in prints is a line of the view: the terminal is the view's. */
function showIn({ view }: Live, pipeline: string) {
  return (name: string, line: string) => view.line(`${pipeline}/process/${name}`, line);
}

/** Tells the parent, if there is one, that this pipeline is up; drains or reloads when the parent asks, and drains when it is gone. */
async function join(
  name: string,
  report: Reporter,
  on: { readonly drain: (deadlineMs?: number) => void; readonly reload: () => void },
): Promise<{ close(): Promise<void> } | null> {
  const socketPath = process.env.FOGRUN_PARENT_SOCKET;
  const token = process.env.FOGRUN_PARENT_TOKEN;
  if (!socketPath || !token) return null;
  const { joinParent } = await import('../runtime/ipc.ts');
  let abandoned = Promise.resolve();
  const parent = await joinParent({
    socketPath,
    token,
    name,
    clock: systemClock,
    timeoutMs: 5_000,
    on: {
      message: (message) => {
        const { type, deadlineMs } = message as { type?: unknown; deadlineMs?: unknown };
        if (type === 'drain') on.drain(typeof deadlineMs === 'number' ? deadlineMs : undefined);
        if (type === 'reload') on.reload();
      },
      lost: () => {
        abandoned = import('./socket-directory.ts').then(({ removeAbandoned }) =>
          removeAbandoned(socketPath),
        );
        report({ type: 'note', text: 'the parent process is gone: ending in order' }, 'warn');
        on.drain();
      },
    },
  });
  parent.send({ type: 'ready' });
  sendBeats(parent);
  return {
    async close() {
      await abandoned;
      await parent.close();
    },
  };
}
