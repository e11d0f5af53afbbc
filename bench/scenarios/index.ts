/** All benchmarks, in the order in which they run and are shown. */
import type { Scenario } from '../scenario.ts';
import { throughput } from './throughput.ts';

export const scenarios: readonly Scenario[] = [throughput];
