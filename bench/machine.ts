/** On what the figures were measured. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { root, worldsDirectory } from './world.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** In GB. */
  readonly memory: number;
  readonly kernel: string;
  readonly filesystem: string;
  readonly node: string;
  /** Processes that wanted to run in the minute before: the figures of a busy machine are worth less. */
  readonly load: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 1e9),
    kernel: release(),
    filesystem: filesystem(),
    node: process.version,
    load: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** Type of the file system that the stores lie on. */
function filesystem(): string {
  try {
    mkdirSync(worldsDirectory(), { recursive: true });
    const path = realpathSync(worldsDirectory());
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, at]) => at && `${path}/`.startsWith(at.endsWith('/') ? at : `${at}/`));
    return mounts.sort((a, b) => b[1]!.length - a[1]!.length)[0]?.[2] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Short hash of what is checked out, with a `+` when files differ from it. */
export function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
  try {
    // What a run of benchmarks writes itself is no change of what was measured.
    const changes = git('status', '--porcelain', '--', '.', ':!bench/results', ':!docs');
    return `${git('rev-parse', '--short', 'HEAD')}${changes === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
