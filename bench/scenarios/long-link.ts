import type { Bench, Scenario } from '../scenario.ts';
import { transfer } from '../transfer.ts';

const delayMs = 100;

/** Three million, so that the first round trips, in which the window grows, are a small part. */
const through = (bench: Bench, relayDelayMs: number) =>
  transfer(bench, { lines: bench.quick ? 50_000 : 3_000_000, relayDelayMs });

export const longLink: Scenario = {
  name: 'long-link',
  what:
    'The work of `throughput` with three million readings over a link with a round trip of 200 ms: a relay holds every byte ' +
    'for 100 ms in each direction and limits nothing else. The reference is the same relay without delay. Greeting, growth ' +
    "of the window and the last acknowledgement's way are in the time.",
  unit: 'readings/s',
  target: '>= 0.8 of the figure without delay',
  holds: ({ ratio }) => ratio! >= 0.8,
  run: (bench) => through(bench, delayMs),
  reference: { name: 'without delay', run: (bench) => through(bench, 0) },
};
