/** Instructions counted by callgrind, for machines whose processor lends no counters, as many virtual ones do not. */
import type { Fogrun } from './fogrun.ts';
import { hasProgram } from './measure.ts';

/**
 * Stands before `node`. Node.js writes its machine code while it runs, so that valgrind must look at it again and again;
 * everything is about fifty times slower and takes turns on one core.
 */
export const callgrind: readonly string[] = [
  'valgrind',
  '--tool=callgrind',
  '--callgrind-out-file=/dev/null',
  '--smc-check=all-non-file',
];

/** Time for a pipeline to start under callgrind, ms. */
export const callgrindStartMs = 180_000;

export const callgrindCounts = (): boolean => hasProgram(callgrind[0]!);

/** Instructions in user mode, all threads, from start to end of a process that ran under callgrind and has ended. */
export function instructionsOf(fogrun: Pick<Fogrun, 'stderr'>): number {
  const count = Number(/^==\d+== Collected : (\d+)$/m.exec(fogrun.stderr)?.[1]);
  if (!(count > 0)) throw new Error(`callgrind counted nothing: ${fogrun.stderr.trim()}`);
  return count;
}
