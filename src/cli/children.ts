/** Several pipelines: a small parent with one child process each, joined by node-ipc. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '../contract/clock.ts';
import type { ConsoleConfig } from '../contract/console-config.ts';
import { errorCodes, type Problem } from '../contract/errors.ts';
import type { TaskIo } from '../contract/kind.ts';
import type { Plan } from '../contract/plan.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { type RunningActor, runActor } from '../runtime/actor.ts';
import { type ChildCommand, type ChildEvent, childMachine } from '../runtime/child-machine.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { drainDeadlineMs } from '../runtime/pipeline.ts';
import { beatMsOf, beatVariables, watchOver } from './beats.ts';
import { entryOf, onLines } from './child-output.ts';
import { stateDirectory } from './command-entry.ts';
import type { HangUp } from './hang-up.ts';
import type { Live } from './live.ts';
import { createNotifier, sendBySystemdNotify, watchedLog } from './notify.ts';
import {
  endedFromOutside,
  endOnBugs,
  endWithLauncher,
  type LogChoice,
  leaveSoon,
  onSignals,
} from './process.ts';
import { hostInDirectory } from './socket-directory.ts';

export interface ChildrenOptions {
  readonly log: Log;
  /** How the children tell theirs. */
  readonly choice: LogChoice;
  readonly live: Live | null;
  readonly hangUp: HangUp | null;
  /** Where to serve the console, if anywhere, and the inspector to be told, if any. */
  readonly shown: { readonly config: ConsoleConfig | null; readonly push: URL | null };
}

const restarts = { every: 500, factor: 2, max: 10_000, jitter: 0.2 };
/** How long a pipeline may take to start before the next one does. */
const startTurnMs = 3_000;
/** Name of the parent in the log. */
const parentName = 'fogrun';

/** Resolves when every child has ended, to the worst of their exit codes. */
export async function runChildren(plans: readonly Plan[], options: ChildrenOptions): Promise<number> {
  endOnBugs((problem) => options.log.reporter(parentName, 'parent')({ type: 'problem', ...problem }));
  const token = Buffer.from(systemRandom.bytes(24)).toString('hex');
  const listeners = new Map<string, (message: object) => void>();
  const links = new Map<string, (message: object) => void>();
  const { host, directory } = await hostInDirectory('parent.sock', {
    token,
    clock: systemClock,
    on: {
      joined: (name, send) => void links.set(name, send),
      message: (name, message) => listeners.get(name)?.(message),
      left: (name) => void links.delete(name),
    },
  });
  const living = new Set<ChildProcess>();
  const { log, trouble } = watchedLog(options.log);
  const tell = log.reporter(parentName, 'parent');
  const notifier = createNotifier({
    variables: process.env,
    pid: process.pid,
    clock: systemClock,
    send: sendBySystemdNotify,
    warn: (text) => tell({ type: 'note', text }, 'warn'),
    summary: () => trouble() ?? `${plans.map(({ name }) => name).join(', ')} run`,
  });
  const environment = {
    FOGRUN_PARENT_SOCKET: directory.socketPath,
    FOGRUN_PARENT_TOKEN: token,
    ...beatVariables(notifier.watchdogMs),
  };
  // Up is everybody who runs or was given up, if at least one runs.
  const known = new Map<string, boolean>();
  const isUp = (name: string, runs: boolean) => {
    known.set(name, known.get(name) || runs);
    if (known.size === plans.length && [...known.values()].includes(true)) notifier.ready();
  };
  const supervise = (plan: Plan): RunningActor => {
    const past: Past = { wasReady: false, exitCode: 1 };
    pasts.push(past);
    const machine = childMachine({
      retryInMs: (attempt) => retryDelayMs(restarts, attempt, systemRandom.next()),
      child: (io) =>
        oneLife(io, past, {
          start: () => start(plan, options, environment, living),
          drain: (deadlineMs) => links.get(plan.name)?.({ type: 'drain', deadlineMs }),
          onMessage: (listener) => void listeners.set(plan.name, listener),
          beatMs: notifier.watchdogMs === null ? null : beatMsOf(notifier.watchdogMs),
          tell: (text) => tell({ type: 'note', text }, 'warn'),
          ready: () => isUp(plan.name, true),
        }),
    });
    return runActor(machine, { clock: systemClock, report: log.reporter(parentName, plan.name) });
  };
  const pasts: Past[] = [];
  const { live } = options;
  const attached = new AbortController();
  const children: RunningActor[] = [];
  let drained: Promise<void> | undefined;
  const drain = () => {
    live?.view.ending();
    notifier.stopping();
    drained ??= drainInTurn(children);
  };
  endWithLauncher(tell, drain);
  const reload = () => {
    tell({ type: 'note', text: 'SIGHUP: each pipeline reads its file again' });
    for (const send of links.values()) send({ type: 'reload' });
  };
  const ask = onSignals(tell, drain, {
    endNow() {
      for (const child of living) child.kill('SIGKILL');
      directory.removeNow();
    },
    hangUp: options.hangUp === null,
  });
  options.hangUp?.(reload);
  live?.onQuit(() => ask('q'));
  if (live) void attachTo(plans, live, attached.signal);
  const { shown } = options;
  const { showChildren } = shown.config || shown.push ? await import('./console-run.ts') : {};
  const page = await showChildren?.(plans, { ...shown, log, live }, parentName);
  // In turn, so that the second file's uploader finds the first file's receiver listening.
  for (const plan of plans) {
    if (drained) break;
    const child = supervise(plan);
    children.push(child);
    void child.ended.then(() => isUp(plan.name, false));
    const turn = new AbortController();
    await Promise.race([child.settled, sleep(systemClock, startTurnMs, turn.signal)]);
    turn.abort();
  }
  const ends = await Promise.all(children.map((child) => child.ended));
  await drained;
  attached.abort();
  await Promise.all([host.close(), page?.close()]);
  await directory.remove();
  leaveSoon();
  return Math.max(...ends.map(({ how }, i) => (how === 'stopped' ? 0 : pasts[i]!.exitCode)));
}

/** Last file first: an edge named after its cloud still gets its acknowledgements. */
async function drainInTurn(children: readonly RunningActor[]): Promise<void> {
  const until = systemClock.monotonic() + drainDeadlineMs;
  for (const [i, child] of [...children].reverse().entries()) {
    const left = until - systemClock.monotonic();
    const deadlineMs = Math.max(200, left / Math.min(2, children.length - i));
    child.send({ type: 'STOP', deadlineMs } as { type: 'STOP' });
    await child.ended;
  }
}

function start(
  plan: Plan,
  { choice, live }: ChildrenOptions,
  environment: Record<string, string>,
  living: Set<ChildProcess>,
): ChildProcess {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  // A process group of its own: Ctrl-C reaches the parent alone, which then stops the children in turn.
  const output = live ? 'pipe' : 'inherit';
  const colour = !live && process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  // A view has room for everything.
  const words = live
    ? ['--log', 'json', '--log-level', 'debug']
    : ['--log', choice.log, '--log-level', choice.level];
  const child = spawn(process.execPath, [main, plan.file, ...words], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...colour, ...environment },
    detached: true,
  });
  if (live) show(child, plan.name, live);
  living.add(child);
  for (const over of ['exit', 'error']) child.once(over, () => living.delete(child));
  return child;
}

/** A child that writes into pipes tells the view. */
function show(child: ChildProcess, name: string, { view }: Live): void {
  if (!child.stdout || !child.stderr) return;
  onLines(child.stdout, (line) => {
    const entry = entryOf(line);
    if (entry) view.entry(entry);
    else view.line(`${name}/stdout`, line, 'info');
  });
  onLines(child.stderr, (line) => view.line(`${name}/stderr`, line));
}

/** How soon a child that was started again is found. */
const attachEveryMs = 500;

async function attachTo(plans: readonly Plan[], { view }: Live, signal: AbortSignal): Promise<void> {
  const { follow } = await import('./follow.ts');
  const following = follow({
    ...{ state: resolve(stateDirectory({})), view, signal },
    names: async () => plans.map(({ name }) => name),
    entries: false,
    everyMs: attachEveryMs,
  });
  await following.ended;
}

/** What outlasts one life of a child. */
interface Past {
  /** It once ran its pipeline. */
  wasReady: boolean;
  /** Of its last life; 1 when a signal ended it. */
  exitCode: number;
}

interface Life {
  readonly start: () => ChildProcess;
  readonly drain: (deadlineMs: number) => void;
  readonly onMessage: (listener: (message: object) => void) => void;
  /** Pace of its signs of life; `null` when nobody watches. */
  readonly beatMs: number | null;
  readonly tell: (text: string) => void;
  /** It runs its pipeline. */
  readonly ready: () => void;
}

async function oneLife(
  io: TaskIo<undefined, ChildEvent, ChildCommand>,
  past: Past,
  life: Life,
): Promise<void> {
  let ready = false;
  let asked = false;
  let child: ChildProcess;
  try {
    child = life.start();
  } catch (thrown) {
    return io.emit({ type: 'DIED', cause: notStarted(thrown), final: false });
  }
  const kill = () => child.kill('SIGKILL');
  io.signal.addEventListener('abort', kill, { once: true });
  let watch: ReturnType<typeof watchOver> | undefined;
  life.onMessage((message) => {
    watch?.seen();
    if ((message as { type?: unknown }).type !== 'ready') return;
    ready = true;
    if (life.beatMs !== null) {
      watch ??= watchOver(life.beatMs, () => {
        life.tell(`process ${child.pid} gives no sign of life: it is killed and started again`);
        kill();
      });
    }
    past.wasReady = true;
    life.ready();
    io.emit({ type: 'READY' });
  });
  let timer: unknown;
  io.receive(({ deadlineMs }) => {
    asked = true;
    life.drain(deadlineMs);
    // One that has not joined yet knows no better way.
    if (!ready) child.kill('SIGTERM');
    timer = systemClock.setTimeout(kill, deadlineMs + 500);
  });
  const end = await new Promise<[number | null, NodeJS.Signals | null] | Error>((resolve) => {
    child.once('exit', (...how) => resolve(how));
    child.once('error', resolve);
  });
  systemClock.clearTimeout(timer);
  watch?.stop();
  if (asked) return io.emit({ type: 'DONE' });
  if (end instanceof Error) return io.emit({ type: 'DIED', cause: notStarted(end), final: false });
  const [code, signal] = end;
  if (code === 0) return io.emit({ type: 'DONE' });
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  // Wrong input stays wrong; what never once ran said why and would say it again.
  const final = code === 2 || (code !== null && !past.wasReady);
  past.exitCode = code ?? 1;
  const advice = final
    ? 'It is not started again: its own last lines say why.'
    : errorCodes['process-ended'].advice;
  const cause: Problem = { code: 'process-ended', message: `its process ${child.pid} ${how}`, advice };
  io.emit({ type: 'DIED', cause, final, killed: endedFromOutside(signal) });
}

/** For want of memory or file descriptors, say: that passes. */
function notStarted(thrown: unknown): Problem {
  return {
    code: 'process-ended',
    message: `its process could not be started: ${(thrown as Error).message}`,
    advice: errorCodes['process-ended'].advice,
  };
}
