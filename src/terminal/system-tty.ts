/** This process's own terminal. */
import { write, writeSync } from 'node:fs';
import type { Tty } from './screen.ts';

const stdout = 1;
const retryMs = 20;

/**
 * Pictures are written on a thread of their own: a terminal that takes nothing, say behind a network that hangs, must not
 * hold up a pipeline in this process.
 */
export function systemTty(): Tty {
  const { stdin } = process;
  // A terminal that is gone says so by SIGHUP.
  stdin.on('error', () => {});
  process.stdout.on('error', () => {});
  return {
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
    write: (text) => new Promise((resolve) => writeAll(Buffer.from(text), resolve)),
    writeNow(text) {
      try {
        writeSync(stdout, text);
      } catch {
        // Nobody is left to see it.
      }
    },
    setRaw(raw) {
      try {
        stdin.setRawMode(raw);
      } catch {
        // As above.
      }
      if (raw) stdin.resume();
      else stdin.pause();
    },
    onInput(listener) {
      const take = (bytes: Buffer | string) => listener(String(bytes));
      stdin.setEncoding('utf8');
      stdin.on('data', take);
      return () => void stdin.off('data', take);
    },
    onResize(listener) {
      process.stdout.on('resize', listener);
      return () => void process.stdout.off('resize', listener);
    },
  };
}

function writeAll(bytes: Buffer, done: () => void): void {
  write(stdout, bytes, (error, written) => {
    if (error?.code === 'EAGAIN') return void setTimeout(() => writeAll(bytes, done), retryMs);
    if (error || written >= bytes.length) return done();
    writeAll(bytes.subarray(written), done);
  });
}

/** True where drawings beyond ASCII can be expected: no other character set is named, and no bare Linux console. */
export function hasUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return env.TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale));
}

/** Stops this process and those it shares the terminal with, as Ctrl-Z does; resolves when it goes on. */
export async function stopUntilContinued(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once('SIGCONT', resolve);
  process.kill(0, 'SIGTSTP');
  // Without a shell that could continue it, the system passes over the signal.
  setTimeout(resolve, 500);
  await promise;
  process.off('SIGCONT', resolve);
}

/** Hands on what this process would write on stderr, line by line. @returns ends it */
export function captureStderr(listener: (line: string) => void): () => void {
  const original = process.stderr.write;
  let rest = '';
  process.stderr.write = ((chunk: string | Uint8Array, ...others: unknown[]) => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') listener(line);
    const done = others.findLast((other) => typeof other === 'function');
    if (done) queueMicrotask(done as () => void);
    return true;
  }) as typeof process.stderr.write;
  return () => {
    process.stderr.write = original;
    if (rest.trim() !== '') listener(rest);
    rest = '';
  };
}
