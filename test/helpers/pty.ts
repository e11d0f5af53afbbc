/** fogrun on a terminal of its own, made by `script` of util-linux, for end-to-end tests of the live view. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type SmallTerminal, smallTerminal } from './small-terminal.ts';

const root = new URL('../../../', import.meta.url).pathname;
const main = join(root, 'dist/src/cli/main.js');
const deadlineMs = 30_000;

/** False where there is no `script` that can run a command on a terminal, such as on macOS; tests then say so. */
export const hasPty: boolean = /util-linux/.test(
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '',
);

export interface OnTerminal {
  /** Of fogrun itself. */
  pid(): number;
  type(keys: string): void;
  screen(): SmallTerminal;
  /** What stands on the screen. */
  text(): string;
  /** Everything the terminal was sent. */
  raw(): string;
  /** Resolves once what stands on the screen fits; rejects after 30 s, or when fogrun ends before. */
  until(fits: RegExp | ((text: string) => boolean)): Promise<string>;
  /** Exit code of fogrun; 128 and more for signals. */
  readonly ended: Promise<number | null>;
}

/** Killed at the end of the test if it still runs. */
export function startOnTerminal(
  t: ExecutionContext,
  words: readonly string[],
  env: Record<string, string>,
  { columns = 110, rows = 40 }: { columns?: number; rows?: number } = {},
): OnTerminal {
  const { PATH, HOME } = process.env;
  const command = [process.execPath, main, ...words].map((word) => `'${word}'`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    ['-qfec', `stty cols ${columns} rows ${rows}; exec ${command}`, '/dev/null'],
    { env: { PATH, HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env }, stdio: 'pipe' },
  );
  let raw = '';
  let over = false;
  const terminal = smallTerminal();
  const waiting = new Set<() => void>();
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    terminal.write(text);
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true;
      resolve(code);
      for (const look of waiting) look();
    });
  });
  const pid = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  const text = () => terminal.lines().join('\n');
  t.teardown(async () => {
    if (over) return;
    try {
      process.kill(pid(), 'SIGKILL');
    } catch {}
    child.kill('SIGKILL');
    await ended;
  });
  return {
    pid,
    text,
    raw: () => raw,
    screen: () => terminal,
    type: (keys) => void child.stdin!.write(keys),
    until: (fits) =>
      new Promise((resolve, reject) => {
        const done = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        const look = () => {
          const shown = text();
          if (typeof fits === 'function' ? fits(shown) : fits.test(shown)) done(() => resolve(shown));
          else if (over)
            done(() => reject(new Error(`it ended before ${fits} was shown:\n${JSON.stringify(raw)}`)));
        };
        const timer = setTimeout(
          () => done(() => reject(new Error(`${fits} was not shown within ${deadlineMs} ms:\n${text()}`))),
          deadlineMs,
        );
        waiting.add(look);
        look();
      }),
    ended,
  };
}
