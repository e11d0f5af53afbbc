/**
 * Looks at a process from within: preloaded by bench/probe.ts. At each SIGUSR2 it appends one line of JSON, a ProbeReading,
 * to the file that FOGRUN_BENCH_PROBE names, and begins to measure anew.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface ProbeReading {
  /** Longest time that the event loop did not turn since the last reading, beyond the 1 ms asked for. */
  readonly stallMsMax: number;
  /** The same without the time in which the thread could have run but other processes had the processors; Linux. */
  readonly stallOwnMsMax: number;
  /** Stalls of more than 20 ms. */
  readonly stalls: number;
  /** After a full collection of garbage. */
  readonly heapUsedBytes: number;
}

const file = process.env.FOGRUN_BENCH_PROBE;
const stallMsMin = 20;
/** Of the main thread: nanoseconds run, nanoseconds waited for a processor, times run. */
const schedule = `/proc/self/task/${process.pid}/schedstat`;
const waitedMs = existsSync(schedule)
  ? () => Number(readFileSync(schedule, 'latin1').split(' ')[1]) / 1e6
  : () => 0;

if (file) {
  let last = performance.now();
  let waitedBefore = waitedMs();
  let stallMsMax = 0;
  let stallOwnMsMax = 0;
  let stalls = 0;
  const turn = () => {
    const now = performance.now();
    const stallMs = now - last - 1;
    const waited = waitedMs();
    stallMsMax = Math.max(stallMsMax, stallMs);
    stallOwnMsMax = Math.max(stallOwnMsMax, stallMs - (waited - waitedBefore));
    waitedBefore = waited;
    if (stallMs > stallMsMin) stalls += 1;
    last = now;
  };
  // A timer of 1 ms costs a busy process a percent or two, so only who asks for stalls pays for it.
  if (process.env.FOGRUN_BENCH_STALLS) setInterval(turn, 1).unref();
  process.on('SIGUSR2', () => {
    const seen = { stallMsMax, stallOwnMsMax, stalls };
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    const reading: ProbeReading = { ...seen, heapUsedBytes: process.memoryUsage().heapUsed };
    appendFileSync(file, `${JSON.stringify(reading)}\n`);
    // The collection and the writing are no stalls of what is measured.
    last = performance.now();
    waitedBefore = waitedMs();
    stallMsMax = 0;
    stallOwnMsMax = 0;
    stalls = 0;
  });
}
