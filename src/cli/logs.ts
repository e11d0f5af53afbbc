/** `fogrun logs [-f] [PIPELINE]`: what running pipelines said of late, and with `-f` what they say. */
import { sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Level, LogEntry } from '../contract/report.ts';
import { escapeControls } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { findRunning, type RemoteControl } from '../runtime/ipc-control.ts';
import { renderEntry } from '../runtime/log.ts';
import { absent, pickPipeline, warn, withRunning } from './control-cli.ts';
import { agent } from './version.ts';

export interface LogsOptions {
  readonly state: string;
  readonly json: boolean;
  readonly follow: boolean;
  /** Lines of each pipeline's past: a number, or `all`. */
  readonly lines?: string | undefined;
  readonly level?: string | undefined;
}

/** As many as a pipeline keeps. */
const entriesMax = 1_000;
/** Of the past, before what comes. */
const linesFollowed = 20;
const reconnectMs = 500;
const statusMs = 60_000;

type Print = (entry: LogEntry) => void;

/** What is printed at all. */
interface Wanted {
  /** Lines of the past. */
  readonly linesMax: number;
  readonly fits: (entry: LogEntry) => boolean;
}

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** @throws FogrunError `usage` */
export function wantedOf({ lines, level = 'debug', follow }: Omit<LogsOptions, 'state' | 'json'>): Wanted {
  const least = levels.indexOf(level as Level);
  if (least < 0) {
    throw new FogrunError('usage', `--level takes debug, info, warn or error, not \`${level}\``);
  }
  if (lines !== undefined && lines !== 'all' && !/^\d{1,9}$/.test(lines)) {
    throw new FogrunError('usage', `--lines takes a number or all, not \`${lines}\``);
  }
  const all = lines === 'all' || (lines === undefined && !follow);
  return {
    linesMax: all ? Number.POSITIVE_INFINITY : Number(lines ?? linesFollowed),
    // A level that this version does not know is shown.
    fits: (entry) => !levels.includes(entry.level) || levels.indexOf(entry.level) >= least,
  };
}

/** The newest of them, as many as are wanted. */
const newest = (entries: readonly LogEntry[], { linesMax, fits }: Wanted): readonly LogEntry[] => {
  const some = entries.filter(fits);
  return some.slice(Math.max(0, some.length - linesMax));
};

/** Lines as the terminal shows them go to stdout, whatever else there is to say to stderr. */
export function logs(name: string | undefined, options: LogsOptions): Promise<number> {
  const { state, json, follow } = options;
  const told = wantedOf(options);
  const stop = new AbortController();
  // Whoever reads only the first lines, as `head` does, has had enough.
  process.stdout.on('error', () => stop.abort());
  const { NO_COLOR } = process.env;
  const look = {
    format: json ? 'json' : 'text',
    colour: process.stdout.isTTY === true && !NO_COLOR,
  } as const;
  const print = (entry: LogEntry) => void process.stdout.write(`${lineOf(entry, look)}\n`);
  return withRunning(state, async (found) => {
    if (found.running.length === 0) throw absent(found, name);
    const wanted = name === undefined ? found.running : [pickPipeline(found, name)];
    if (!follow) {
      const pasts = await Promise.all(wanted.map(past));
      for (const entry of pasts.flatMap((some) => newest(some, told)).sort((a, b) => a.time - b.time))
        print(entry);
      return 0;
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
    await Promise.all(wanted.map((control) => followOne(control, state, { ...told, print }, stop.signal)));
    // A connection in the middle of its greeting must not keep the prompt waiting.
    setTimeout(() => process.exit(0), 100).unref();
    return 0;
  });
}

/** A report of a kind that this version does not know is shown as it came. */
function lineOf(entry: LogEntry, look: Parameters<typeof renderEntry>[1]): string {
  try {
    return renderEntry(entry, look);
  } catch {
    return escapeControls(JSON.stringify(entry));
  }
}

/** What it keeps; an answer to a later question comes after all of it. */
async function past(control: RemoteControl): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  const options = { everyMs: statusMs, entriesMax };
  const watcher = { status: () => {}, entry: (entry: LogEntry) => void entries.push(entry), over: () => {} };
  const end = control.watch(watcher, options);
  await control.status();
  end();
  return entries;
}

/** Until the signal, through any number of restarts of the pipeline. */
async function followOne(
  first: RemoteControl,
  state: string,
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  const { pipeline } = first;
  let control: RemoteControl | null = first;
  let before: Printed | null = null;
  while (!signal.aborted) {
    if (control) {
      const printed: Printed = { pid: control.pid, last: null };
      const why = await untilOver(control, before, printed, told, signal);
      before = printed;
      await control.close();
      if (signal.aborted) return;
      warn(`${pipeline} (pid ${printed.pid}): ${why}; waiting until it runs again`);
    }
    await sleep(systemClock, reconnectMs, signal);
    if (signal.aborted) return;
    control = await reconnect(state, pipeline);
    if (control) warn(`${pipeline} runs (pid ${control.pid})`);
  }
}

interface Told extends Wanted {
  readonly print: Print;
}

/** How far the lines of one process were printed. */
interface Printed {
  readonly pid: number;
  last: LogEntry | null;
}

async function reconnect(state: string, pipeline: string): Promise<RemoteControl | null> {
  const { running } = await findRunning(state, { clock: systemClock, agent }, [pipeline]);
  return running[0] ?? null;
}

/** Prints what comes until nothing more does, and resolves to why. */
function untilOver(
  control: RemoteControl,
  before: Printed | null,
  printed: Printed,
  told: Told,
  signal: AbortSignal,
): Promise<string> {
  /** The past, until it is whole. */
  let gathered: LogEntry[] | null = [];
  const say = (entry: LogEntry) => {
    printed.last = entry;
    if (told.fits(entry)) told.print(entry);
  };
  const flush = () => {
    const all = gathered ?? [];
    gathered = null;
    const fresh = all.slice(firstNew(all, before, control.pid));
    // What a pipeline said while nobody was connected is not of its past.
    for (const entry of before ? fresh : newest(fresh, told)) say(entry);
    printed.last = all.at(-1) ?? printed.last;
    printed.last ??= before?.pid === control.pid ? before.last : null;
  };
  return new Promise((resolve) => {
    const end = control.watch(
      {
        status: () => {},
        entry: (entry) => void (gathered ? gathered.push(entry) : say(entry)),
        over: (problem) => {
          if (gathered) flush();
          resolve(problem === null ? 'it ended in order' : `${problem.code}: ${problem.message}`);
        },
      },
      { everyMs: statusMs, entriesMax },
    );
    // Its answer comes after all of the past; when there is none, `over` says why.
    control.status().then(flush, () => {});
    signal.addEventListener('abort', () => {
      end();
      resolve('');
    });
  });
}

/** Index of the first entry that was not printed before the connection to the same process was lost. */
function firstNew(all: readonly LogEntry[], before: Printed | null, pid: number): number {
  if (!before?.last || before.pid !== pid) return 0;
  const text = JSON.stringify(before.last);
  const at = all.findLastIndex((entry) => JSON.stringify(entry) === text);
  if (at < 0) warn('some lines are missing here: more came than the pipeline keeps');
  return at + 1;
}
