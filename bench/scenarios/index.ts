/** All benchmarks, in the order in which they run and are shown. */
import type { Scenario } from '../scenario.ts';
import { backlog } from './backlog.ts';
import { catchUp } from './catch-up.ts';
import { edges } from './edges.ts';
import { idle } from './idle.ts';
import { inspect } from './inspect.ts';
import { instructions } from './instructions.ts';
import { latency } from './latency.ts';
import { longLink } from './long-link.ts';
import { placement } from './placement.ts';
import { slowDisk } from './slow-disk.ts';
import { throughput } from './throughput.ts';
import { throughputZstd } from './throughput-zstd.ts';
import { wear } from './wear.ts';

export const scenarios: readonly Scenario[] = [
  throughput,
  throughputZstd,
  placement,
  inspect,
  latency,
  longLink,
  catchUp,
  idle,
  instructions,
  edges,
  backlog,
  slowDisk,
  wear,
];
