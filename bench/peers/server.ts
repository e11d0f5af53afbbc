/** Servers of a comparison: started in a directory of the run, measured, ended by pid. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ProcessFacts, processFacts } from '../measure.ts';
import { nowMs, within } from '../time.ts';

const readyDeadlineMs = 10_000;
const stopDeadlineMs = 20_000;
const pollMs = 5;
/** Of what a server says, only the end is kept for a complaint. */
const saidCharsMax = 2_000;

export interface ServerOptions {
  /** For complaints, and for the file that strace writes. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly countSyncs: boolean;
}

const running = new Set<ChildProcess>();

/** For the end of the harness in the middle of a run. */
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Server {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #strace: string | null;
  #said = '';

  constructor({ name, command, args, directory, countSyncs }: ServerOptions) {
    this.#name = name;
    this.#strace = countSyncs ? join(directory, `${name}.strace`) : null;
    // With -D the server itself is our child, and strace ends when it does.
    const tracing = ['-D', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=fsync,fdatasync,msync'];
    const traced = this.#strace && ['strace', ...tracing, '-o', this.#strace, command, ...args];
    const [first, ...rest] = traced ?? [command, ...args];
    this.#child = spawn(first!, rest, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#said = `${this.#said}${text}`.slice(-saidCharsMax);
      });
    }
    this.#child.on('error', (error) => {
      this.#said += error.message;
    });
  }

  /** Resolves when the port takes connections. */
  async ready(port: number): Promise<void> {
    for (const until = nowMs() + readyDeadlineMs; ; await wait(pollMs)) {
      this.check();
      const socket = connect({ port, host: '127.0.0.1' });
      const open = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (open) return;
      if (nowMs() > until) throw new Error(`${this.#name} takes no connection: ${this.#said}`);
    }
  }

  /** Throws when the server has ended, with the last it said. */
  check(): void {
    if (this.#ended()) throw new Error(`${this.#name} ended: ${this.#said}`);
  }

  /** What it has used so far; all zero once it has ended. */
  facts(): ProcessFacts {
    return processFacts(this.#child.pid!);
  }

  /** Ends it; resolves to the syncs it made, if they were counted. */
  async stop(): Promise<number> {
    if (!this.#ended()) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await within(exit, stopDeadlineMs, () => `the end of ${this.#name}`).catch(() => {
        this.#child.kill('SIGKILL');
        return exit;
      });
    }
    if (this.#strace === null) return 0;
    const trace = await readFile(this.#strace, 'utf8').catch(() => '');
    return trace.match(/^\d+ +(?:fsync|fdatasync|msync)\(/gm)?.length ?? 0;
  }

  #ended(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** A connection on loopback, without Nagle's wait. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** First version number in what the program prints, or `null` when there is no such program. */
export function versionOf(command: string, ...args: string[]): string | null {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: readyDeadlineMs });
  if (error) return null;
  return /\d+\.\d+(?:\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? null;
}
