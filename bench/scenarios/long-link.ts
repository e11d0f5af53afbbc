import type { Bench, Scenario } from '../scenario.ts';
import { transfer } from '../transfer.ts';

const delayMs = 100;

/** Three million, so that the way of the first segment and of the last acknowledgement is a small part. */
const work = (quick: boolean) =>
  quick ? { lines: 50_000, warmUp: 10_000 } : { lines: 3_000_000, warmUp: 300_000 };

const through = (bench: Bench, relayDelayMs: number) =>
  transfer(bench, { ...work(bench.quick), relayDelayMs });

export const longLink: Scenario = {
  name: 'long-link',
  what:
    'The work of `throughput` with three million readings over a link with a round trip of 200 ms: a relay holds every byte ' +
    'for 100 ms in each direction and limits nothing else. The reference is the same relay without delay. Through both, 300,000 ' +
    'lines go before the clock starts, from which the window gets its size; their rate is given too. The way of the first ' +
    'segment and of the last acknowledgement is in the time.',
  unit: 'readings/s',
  target: '>= 0.8 of the figure without delay',
  holds: ({ ratio }) => ratio! >= 0.8,
  run: (bench) => through(bench, delayMs),
  reference: { name: 'without delay', run: (bench) => through(bench, 0) },
};
