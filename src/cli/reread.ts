/** A pipeline's file, read again for a reload. */
import { stat } from 'node:fs/promises';
import { FogrunError } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { formatProblem } from '../pipeline/check.ts';
import type { Reread } from '../runtime/pipeline.ts';
import type { Processes } from '../runtime/placed-process.ts';
import { bindingsFor } from './bindings.ts';
import { assertCloudKeys, withIdentity } from './identity.ts';
import { checkFiles } from './plans.ts';
import { systemPlatform } from './system-platform.ts';

/** Rejects with `pipeline-invalid` and every complaint that `fogrun check` would have, one a line. */
export async function rereadPlan({ file }: Plan, processes: () => Promise<Processes>): Promise<Reread> {
  // One that was a pipe has been read, and would keep a thread waiting for ever.
  const found = await stat(file).catch(() => null);
  if (found?.isFIFO()) {
    throw new FogrunError('file-unreadable', `${file} cannot be read again: it is no regular file`);
  }
  const { plans, problems, warnings } = await checkFiles([file]);
  if (problems.length > 0) {
    throw new FogrunError(
      'pipeline-invalid',
      ['nothing was changed:', ...problems.map(formatProblem)].join('\n'),
    );
  }
  const plan = await withIdentity(plans[0]!);
  // A receiver that runs would be stopped for one that cannot start.
  await assertCloudKeys(plan);
  const { effects } = await bindingsFor(plan, systemPlatform);
  return { plan, effects, warnings: warnings.map(formatProblem), processes };
}
