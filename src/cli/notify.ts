/**
 * Tells systemd how this process is: sd_notify(3). Node.js has no datagram sockets of the family AF_UNIX, so the program
 * `systemd-notify` does it; a run of it costs a few milliseconds of another processor, twice in each watchdog interval.
 */
import { execFile } from 'node:child_process';
import type { Clock } from '../contract/clock.ts';
import type { Reporter } from '../contract/report.ts';
import { escapeControls, printable } from '../domain/text.ts';
import type { Log } from '../runtime/log.ts';

export interface Notifier {
  /** What runs is up; from now on the watchdog is told that this event loop turns. */
  ready(): void;
  /** The files are read again; `ready` ends that. */
  reloading(): void;
  /** It is about to end in order. */
  stopping(): void;
  /** How long systemd waits for a sign of life, ms; `null` when it does not. */
  readonly watchdogMs: number | null;
}

export interface NotifierOptions {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly clock: Clock;
  /** Hands assignments such as `READY=1` on; rejects when that failed. */
  readonly send: (assignments: readonly string[]) => Promise<void>;
  /** Told once, when systemd cannot be told anything. */
  readonly warn: (text: string) => void;
  /** One line about how things are. */
  readonly summary: () => string;
}

const statusLengthMax = 200;

/** Silent unless systemd asked for it, and in a child: the parent speaks for all. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { variables, pid, clock, summary } = options;
  const { NOTIFY_SOCKET, FOGRUN_PARENT_SOCKET } = variables;
  if (!NOTIFY_SOCKET || FOGRUN_PARENT_SOCKET) {
    return { ready: () => {}, reloading: () => {}, stopping: () => {}, watchdogMs: null };
  }
  const watchdogMs = watchdogOf(variables, pid);
  let state: 'starting' | 'ready' | 'reloading' | 'stopping' = 'starting';
  let warned = false;
  let sending = Promise.resolve();
  let waiting = 0;
  const status = () => `STATUS=${printable(summary(), statusLengthMax)}`;
  const tell = (assignments: readonly string[]) => {
    waiting++;
    sending = sending
      .then(() => options.send(assignments))
      .catch((error: Error) => {
        if (!warned) options.warn(error.message);
        warned = true;
      })
      .then(() => {
        waiting--;
      });
  };
  const beat = (everyMs: number) => {
    if (state === 'stopping') return;
    // One that hangs must not become many.
    if (waiting === 0) tell(['WATCHDOG=1', status()]);
    clock.setTimeout(() => beat(everyMs), everyMs);
  };
  return {
    watchdogMs,
    ready: () => {
      if (state !== 'starting' && state !== 'reloading') return;
      const isFirst = state === 'starting';
      state = 'ready';
      tell(['READY=1', status()]);
      if (!isFirst) return;
      // Without a watchdog the status is refreshed at leisure.
      const everyMs = watchdogMs === null ? statusEveryMs : watchdogMs / 2;
      clock.setTimeout(() => beat(everyMs), everyMs);
    },
    reloading: () => {
      if (state !== 'ready') return;
      state = 'reloading';
      // systemd wants to know since when, on its own clock; source: sd_notify(3).
      tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`]);
    },
    stopping: () => {
      if (state === 'stopping') return;
      state = 'stopping';
      tell(['STOPPING=1', 'STATUS=ending in order']);
    },
  };
}

const statusEveryMs = 60_000;

/** Source: sd_watchdog_enabled(3). */
function watchdogOf(
  { WATCHDOG_USEC, WATCHDOG_PID }: NotifierOptions['variables'],
  pid: number,
): number | null {
  const ms = Math.floor(Number(WATCHDOG_USEC) / 1_000);
  if (!WATCHDOG_USEC || !Number.isSafeInteger(ms) || ms < 1) return null;
  return WATCHDOG_PID && WATCHDOG_PID !== String(pid) ? null : ms;
}

/** systemd-notify itself waits up to 5 s until systemd has taken the message. */
const sendTimeoutMs = 10_000;

/** By `systemd-notify`, in the name of this process. Never keeps this process from ending. */
export function sendBySystemdNotify(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const words = [`--pid=${process.pid}`, ...assignments];
    const child = execFile('systemd-notify', words, { timeout: sendTimeoutMs }, (error, _, stderr) => {
      if (error === null) return resolve();
      if (error.code === 'ENOENT') {
        return reject(
          new Error(
            'systemd waits to be told that this runs, but there is no program systemd-notify: install it',
          ),
        );
      }
      const why = stderr.trim() || error.message;
      reject(new Error(`systemd-notify could not tell systemd how this is: ${printable(why, 200)}`));
    });
    child.unref();
  });
}

/** A log that remembers who is in trouble, for one line about everything. */
export function watchedLog(log: Log): { readonly log: Log; readonly trouble: () => string | null } {
  const troubled = new Map<string, string>();
  const reporter = (pipeline: string, actor: string): Reporter => {
    const report = log.reporter(pipeline, actor);
    // What belongs to another, such as one connection of many, is not how the pipeline is.
    if (actor.includes('/')) return report;
    const name = `${pipeline}/${actor}`;
    return (entry, level, atMs) => {
      if (entry.type === 'transition') {
        if (entry.cause) troubled.set(name, `${name} ${entry.to} (${entry.cause.code})`);
        else troubled.delete(name);
      }
      report(entry, level, atMs);
    };
  };
  const trouble = () => {
    const [first, ...more] = troubled.values();
    if (first === undefined) return null;
    return escapeControls(more.length === 0 ? first : `${first} and ${more.length} more in trouble`);
  };
  return { log: { reporter }, trouble };
}
