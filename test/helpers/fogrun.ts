/** Real fogrun processes for end-to-end tests: started, listened to, ended by pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of `--log json`. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly pipeline: string;
  readonly actor: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of line has fields of its own
  readonly [field: string]: any;
}

export interface Fogrun {
  readonly child: ChildProcess;
  /** Every line so far. */
  readonly lines: readonly LogLine[];
  readonly stderr: () => string;
  /** The first line, past or future, that fits. Rejects when the process ends or 30 s pass before. */
  line(fits: (line: LogLine) => boolean, from?: number): Promise<LogLine>;
  /** Resolves once stderr has those words; rejects as `line` does. */
  said(words: RegExp): Promise<void>;
  /** Sends the signal and resolves to how it ended. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** What a test hands over to be tidied up at its end; the hooks of AVA have none of their own. */
export interface Tidy {
  teardown(tidy: () => unknown): void;
}

const root = new URL('../../../', import.meta.url).pathname;
const main = join(root, 'dist/src/cli/main.js');
const lineDeadlineMs = 30_000;

/** A pipeline file that ships with fogrun. */
export const shipped = (name: string): string => join(root, 'pipelines', name);

/** Starts `fogrun` with those arguments, `under` a program that runs it; killed at the end of the test if it still runs. */
export function startFogrun(
  t: Tidy,
  words: readonly string[],
  env: Record<string, string> = {},
  under: readonly string[] = [],
): Fogrun {
  const { PATH, HOME } = process.env;
  const [program, ...rest] = [...under, process.execPath, main, ...words];
  const child = spawn(program!, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...(PATH ? { PATH } : {}), ...(HOME ? { HOME } : {}), ...env },
  });
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    wake();
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(text.startsWith('{') ? JSON.parse(text) : ({ type: 'text', text } as unknown as LogLine));
    wake();
  });
  let over = false;
  let how = '';
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      how = signal ?? `exit code ${code}`;
      wake();
      resolve({ code, signal });
    });
  });
  t.teardown(async () => {
    if (!over) child.kill('SIGKILL');
    await ended;
  });
  /** What is found by looking each time something was said. */
  const once = <T>(what: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== undefined) return done(() => resolve(found));
        if (over) fail(`the process ended before it said that: ${how}`);
      };
      const done = (act: () => void) => {
        clearTimeout(timer);
        waiting.delete(look);
        act();
      };
      const fail = (why: string) =>
        done(() => {
          const last = lines.slice(-30).map((line) => JSON.stringify(line));
          reject(new Error(`${why}: ${what}\n${last.join('\n')}\n${stderr}`));
        });
      const timer = setTimeout(() => fail(`not said within ${lineDeadlineMs} ms`), lineDeadlineMs);
      waiting.add(look);
      look();
    });
  return {
    child,
    lines,
    stderr: () => stderr,
    ended,
    line: (fits, from = 0) => once(String(fits), () => lines.slice(from).find(fits)),
    said: async (words) => void (await once(String(words), () => words.exec(stderr) ?? undefined)),
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Fits a state change of that actor. */
export const moved =
  (actor: string, to: string) =>
  (line: LogLine): boolean =>
    line.type === 'transition' && line.actor === actor && line.to === to;

/** Fits a report on a segment of readings: what an edge says of itself travels beside them. */
export const segment =
  (what: string) =>
  (line: LogLine): boolean =>
    line.type === 'segment' && line.what === what && line.stream !== 'states';

/** A directory that goes when the test ends. */
export async function temporaryDirectory(t: Tidy): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-test-'));
  t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A world of its own for the shipped pipelines: state, ports, short intervals. */
export async function world(
  t: Tidy,
  overrides: Record<string, string> = {},
): Promise<Record<string, string>> {
  return {
    FOGRUN_STATE: await temporaryDirectory(t),
    POLL_EVERY: '20ms',
    ROTATE_EVERY: '200ms',
    RETRY_EVERY: '100ms',
    CLOUD_PORT: String(await freePort()),
    TINKERFORGE_PORT: String(await freePort()),
    EDGE_ID: 'edge-under-test',
    ...overrides,
  };
}

/** Readings in the files of an edge, epoch by epoch, files in the order of their names. */
export async function filedReadings(state: string, edge: string): Promise<Map<string, { seq: number }[]>> {
  const home = join(state, 'cloud', 'data', edge);
  const epochs = new Map<string, { seq: number }[]>();
  for (const epoch of await readdir(home)) {
    const names = (await readdir(join(home, epoch))).filter((name) => name.endsWith('.ndjson'));
    const readings: { seq: number }[] = [];
    for (const name of names.sort(byName)) {
      const text = await readFile(join(home, epoch, name), 'utf8');
      for (const line of text.split('\n')) if (line !== '') readings.push(JSON.parse(line));
    }
    epochs.set(epoch, readings);
  }
  return epochs;
}

/** `<unix-second>[-n].ndjson`, compared as numbers. */
function byName(a: string, b: string): number {
  const [secondA, nA] = numbers(a);
  const [secondB, nB] = numbers(b);
  return secondA - secondB || nA - nB;
}

function numbers(name: string): [number, number] {
  const match = /^(\d+)(?:-(\d+))?\.ndjson$/.exec(name);
  if (!match) throw new Error(`not a segment file: ${name}`);
  return [Number(match[1]), Number(match[2] ?? 0)];
}
