/** The most memory a process held while it was watched. Linux; zeros elsewhere. */
import { existsSync, readFileSync } from 'node:fs';

export interface MemoryPeak {
  /** Everything the system counts for it, also the pages of files that it has mapped, such as its store. */
  readonly rssMb: number;
  /** What is its own and in no file: heap, buffers, stacks. */
  readonly anonymousMb: number;
}

const everyMs = 20;

/** Looks every 20 ms until the returned function is called. */
export function watchMemory(pid: number): () => MemoryPeak {
  let peak = { rssMb: 0, anonymousMb: 0 };
  const look = () => {
    const path = `/proc/${pid}/status`;
    if (!existsSync(path)) return;
    const status = readFileSync(path, 'utf8');
    const megabytes = (name: string) =>
      (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) * 1_024) / 1e6;
    peak = {
      rssMb: Math.max(peak.rssMb, megabytes('VmRSS')),
      anonymousMb: Math.max(peak.anonymousMb, megabytes('RssAnon')),
    };
  };
  const timer = setInterval(look, everyMs);
  return () => {
    look();
    clearInterval(timer);
    return peak;
  };
}
