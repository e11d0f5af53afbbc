/** `fogrun reload --sim`: the files as they are now, in a virtual world with faults, before any process reads them. */
import { FogrunError } from '../contract/errors.ts';
import { formatProblem } from '../pipeline/check.ts';
import { systemClock } from '../runtime/clock.ts';
import { simulate } from '../sim/simulate.ts';
import { summaryOf } from '../sim/summary.ts';
import type { Values } from './options.ts';
import { checkFiles } from './plans.ts';
import { optionsFor, simChoice } from './sim.ts';
import { standIns } from './stand-ins.ts';

export interface Simulated {
  /** No invariant was violated. */
  readonly isWell: boolean;
  /** One line when it is well, and all that `fogrun sim` would say otherwise. */
  readonly text: string;
}

/**
 * Simulates pipelines of these files together; whoever is missing on the other side of a link is stood in for.
 * @param again the command line that asks for the same, but for its seed
 */
export async function simulateFiles(
  files: readonly string[],
  values: Pick<Values, 'seed' | 'hours'>,
  again: string,
): Promise<Simulated> {
  const { plans, problems } = await checkFiles(files);
  if (problems.length > 0) {
    throw new FogrunError(
      'pipeline-invalid',
      ['nothing was changed:', ...problems.map(formatProblem)].join('\n'),
    );
  }
  const choice = simChoice({ ...values, edges: '1' });
  const { hours, seed } = choice;
  const begunMs = systemClock.monotonic();
  const run = await simulate({
    ...optionsFor(files, [...plans, ...standIns(plans)], choice),
    command: () => `${again} --hours ${hours} --seed ${seed}`,
  });
  if (run.violations.length > 0)
    return { isWell: false, text: summaryOf(run, systemClock.monotonic() - begunMs) };
  const names = plans.map(({ name }) => name).join(', ');
  const text = `${names}: simulated ${hours} h with ${run.faults.length} faults (seed ${seed}): all invariants held\n`;
  return { isWell: true, text };
}
