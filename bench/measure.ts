/** What the system says about a process: time, memory, syncs, instructions. Linux. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { within } from './time.ts';

const ticksPerSecond = 100;
const attachDeadlineMs = 10_000;
const attachPollMs = 5;

export interface ProcessFacts {
  /** User and system time of all threads so far. */
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly rssPeakMb: number;
}

/** All zero where there is no /proc. */
export function processFacts(pid: number): ProcessFacts {
  if (!existsSync(`/proc/${pid}/stat`)) return { cpuSeconds: 0, rssMb: 0, rssPeakMb: 0 };
  // The second field is a name in parentheses that may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) =>
    (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1_024) / 1e6;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssMb: megabytes('VmRSS'),
    rssPeakMb: megabytes('VmHWM'),
  };
}

/** Bytes that a process and the threads it had caused to be written to a disk so far; 0 for a file system in memory. */
export function bytesToDisk(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

/** Whether a program is there and answers. */
export function hasProgram(name: string, argument = '--version'): boolean {
  return spawnSync(name, [argument], { stdio: 'ignore' }).status === 0;
}

/** Whether `perf stat` can count instructions on this machine. */
export function perfCounts(): boolean {
  const tried = spawnSync('perf', ['stat', '-x', ',', '-e', 'instructions:u', 'true'], { encoding: 'utf8' });
  return tried.status === 0 && /^\d+,/m.test(tried.stderr);
}

export interface Watch {
  /** Ends the watching and resolves to what was counted. */
  stop(): Promise<number>;
}

const syncCalls = ['fdatasync', 'fsync', 'msync', 'sync_file_range'];

/** Counts the calls of a running process that make data safe, in all its threads. Rejects where strace cannot. */
export async function countSyncs(pid: number): Promise<Watch> {
  const words = ['-f', '-qq', '-e', `trace=${syncCalls.join(',')}`, '-p', String(pid)];
  const child = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let count = 0;
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (!line.includes('resumed>') && /\b\w*sync\w*\(/.test(line)) count += 1;
  });
  await attached(child, () => traced(pid));
  return { stop: () => interrupt(child).then(() => count) };
}

/** Counts the instructions of a running process in user mode, in all its threads. Rejects where perf cannot. */
export async function countInstructions(pid: number): Promise<Watch> {
  const words = ['stat', '-x', ',', '-e', 'instructions:u', '-p', String(pid)];
  const child = spawn('perf', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  // perf says nothing when it is ready; it is once it holds its counters.
  await attached(child, () => existsSync(`/proc/${child.pid}`) && holdsCounters(child.pid!));
  return {
    async stop() {
      await interrupt(child);
      const count = Number(/^(\d+),[^\n]*instructions/m.exec(text)?.[1]);
      if (!(count > 0)) throw new Error(`perf counted nothing: ${text.trim()}`);
      return count;
    },
  };
}

function traced(pid: number): boolean {
  return !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

function holdsCounters(pid: number): boolean {
  return spawnSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' }).stdout.includes('perf_event');
}

async function attached(child: ChildProcess, ready: () => boolean): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  child.once('error', failed.reject);
  child.once('exit', (code) => failed.reject(new Error(`${child.spawnfile} ended with ${code}`)));
  const poll = async () => {
    while (!ready()) await wait(attachPollMs);
  };
  await within(
    Promise.race([poll(), failed.promise]),
    attachDeadlineMs,
    () => `${child.spawnfile} to attach`,
  );
}

async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGINT');
  await closed;
}
