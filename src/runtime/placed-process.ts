/** One process that actors are placed in, seen from their pipeline: started, listened to, ended when it hangs, started again. */
import type { Clock, Timer } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { TaskIo } from '../contract/kind.ts';
import type { Reporter, TransitionReport } from '../contract/report.ts';
import { formatDuration } from '../domain/quantities.ts';
import { type RunningActor, runActor } from './actor.ts';
import { type ChildCommand, type ChildEvent, childMachine } from './child-machine.ts';
import {
  type FromPlaced,
  type Hears,
  type ToPlaced,
  type WireLink,
  WireReceiver,
  WireSender,
} from './placed-wire.ts';

/** How a process ended. */
export interface ProcessEnd {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Somebody else ended it, as with `kill`. */
  readonly killed: boolean;
}

/** A process that was started. */
export interface StartedProcess {
  readonly pid: number | null;
  /** Resolves when it has joined; never when it ends before that. */
  readonly joined: Promise<WireLink>;
  /** Resolves when it is gone and its last words were heard. Rejects with a FogrunError when it could not be started. */
  readonly gone: Promise<ProcessEnd>;
  kill(): void;
}

/** Starts processes of a pipeline. */
export interface Processes {
  start(name: string, hear: Hears): StartedProcess;
  /** How long one that ended waits to be started again. */
  retryInMs(attempt: number): number;
  close(): Promise<void>;
}

export interface PlacedProcessOptions {
  readonly name: string;
  /** Names of the kinds of its actors, when it begins. */
  readonly kinds: () => readonly string[];
  readonly processes: Processes;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly on: {
    /** It takes actors; `send` throws away what is sent once it is gone. */
    ready(send: (message: ToPlaced, body?: Uint8Array) => void): void;
    /** A message that this throws at ends the process. */
    heard(message: FromPlaced, body: Uint8Array): void;
    /** It is gone and waits to be started again, has been given up, or has ended in order. */
    down(report: TransitionReport): void;
  };
}

export interface PlacedProcess {
  readonly name: string;
  /** `null` while it does not run. */
  readonly pid: number | null;
  /** It waits to be started again. */
  readonly waits: boolean;
  /** It has ended, and will not be started again. */
  readonly over: boolean;
  /** If it waits to be started again, it waits no longer. */
  retry(): void;
  stop(deadlineMs: number): Promise<void>;
}

const pingEveryMs = 2_000;
/** Nothing heard for so long, and it is taken to hang. */
const silenceMsMax = 10_000;

export function startPlacedProcess(options: PlacedProcessOptions): PlacedProcess {
  const { name, clock, report, on } = options;
  let pid: number | null = null;
  let over = false;
  const machine = childMachine({
    retryInMs: (attempt) => options.processes.retryInMs(attempt),
    child: (io) =>
      oneLife(io, options, (now) => {
        pid = now;
      }),
  });
  const actor: RunningActor = runActor(machine, {
    clock,
    report: (said, level) => {
      report(said, level);
      if (said.type === 'transition') over = said.to === 'failed' || said.to === 'stopped';
      if (said.type === 'transition' && isDown(said.to)) on.down(said);
    },
  });
  return {
    name,
    get pid() {
      return pid;
    },
    get waits() {
      return actor.state() === 'waitingToRestart';
    },
    get over() {
      return over;
    },
    retry: () => actor.send({ type: 'RETRY' }),
    async stop(deadlineMs) {
      actor.send({ type: 'STOP', deadlineMs } as { type: 'STOP' });
      await actor.ended;
    },
  };
}

function isDown(state: string): boolean {
  return state === 'waitingToRestart' || state === 'failed' || state === 'stopped';
}

async function oneLife(
  io: TaskIo<undefined, ChildEvent, ChildCommand>,
  { name, kinds, processes, clock, on }: PlacedProcessOptions,
  runs: (pid: number | null) => void,
): Promise<void> {
  let sender: WireSender<ToPlaced> | undefined;
  let asked = false;
  let broken: Problem | undefined;
  let heardMs = 0;
  let suspect = false;
  let timer: Timer;
  let killTimer: Timer;
  const send = (message: ToPlaced, body?: Uint8Array) => sender?.send(message, body);
  const kill = (why?: Problem) => {
    broken ??= why;
    process.kill();
  };
  const receiver = new WireReceiver<FromPlaced>((message, body) => {
    if (message.type === 'pong') return;
    if (message.type === 'failed') broken ??= message.cause;
    else if (message.type !== 'ready') on.heard(message, body);
    else {
      watch();
      on.ready(send);
      io.emit({ type: 'READY' });
    }
  });
  const hear = (take: () => void) => {
    heardMs = clock.monotonic();
    suspect = false;
    try {
      take();
    } catch (thrown) {
      kill(toProblem(thrown));
    }
  };
  const watch = () => {
    timer = clock.setTimeout(() => {
      const silent = clock.monotonic() - heardMs > silenceMsMax;
      // Twice, for it may be this process that has not listened for a while.
      if (silent && suspect) return kill(hangs(process.pid));
      suspect = silent;
      send({ type: 'ping' });
      watch();
    }, pingEveryMs);
  };

  const process = processes.start(name, {
    message: (message) => hear(() => receiver.take(message)),
    bytes: (chunk) => hear(() => receiver.takeBytes(chunk)),
  });
  runs(process.pid);
  io.signal.addEventListener('abort', () => process.kill(), { once: true });
  process.joined.then((link) => {
    sender = new WireSender(link);
    sender.send({ type: 'load', kinds: kinds() });
  });
  io.receive(({ deadlineMs }) => {
    asked = true;
    if (!sender) return process.kill();
    send({ type: 'end' });
    killTimer = clock.setTimeout(() => process.kill(), deadlineMs);
  });
  const end = await process.gone.catch((thrown) => {
    broken ??= toProblem(thrown);
    return null;
  });
  sender = undefined;
  runs(null);
  clock.clearTimeout(timer);
  clock.clearTimeout(killTimer);
  if (asked) return io.emit({ type: 'DONE' });
  if (broken) return io.emit({ type: 'DIED', cause: broken, final: false });
  if (end) io.emit({ type: 'DIED', cause: ended(process.pid, end), final: false, killed: end.killed });
}

function hangs(pid: number | null): Problem {
  const message = `its process ${pid} did not answer for ${formatDuration(silenceMsMax)} and was killed`;
  return { code: 'process-ended', message, advice: errorCodes['process-ended'].advice };
}

function ended(pid: number | null, { code, signal }: ProcessEnd): Problem {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  return {
    code: 'process-ended',
    message: `its process ${pid} ${how}`,
    advice: errorCodes['process-ended'].advice,
  };
}
