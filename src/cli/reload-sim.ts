/** `fogrun reload --sim`: the files as they are now, in a virtual world with faults, before any process reads them. */
import { kinds } from '../../machines/index.ts';
import type { UploaderConfig } from '../../machines/uploader.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { checkPipeline, formatProblem } from '../pipeline/check.ts';
import { systemClock } from '../runtime/clock.ts';
import { simulate } from '../sim/simulate.ts';
import { summaryOf } from '../sim/summary.ts';
import type { Values } from './options.ts';
import { checkFiles } from './plans.ts';
import { optionsFor, simChoice } from './sim.ts';

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

/**
 * A cloud for edges alone, on each port that they dial; an edge for clouds alone. Where both are there, they have to find
 * each other.
 */
export function standIns(plans: readonly Plan[]): Plan[] {
  const configs = (kind: string) =>
    plans.flatMap(({ actors }) =>
      actors.flatMap((actor) => (actor.kind.name === kind ? [actor.config] : [])),
    );
  const dialled = configs('uploader').map((config) => (config as UploaderConfig).cloud.port);
  const served = configs('cloud-receiver').map((config) => (config as { port: number }).port);
  if (dialled.length > 0 && served.length > 0) return [];
  return [
    ...[...new Set(dialled)].map((port) => planOf(cloudText(port))),
    ...served.map((port) => planOf(edgeText(port))),
  ];
}

const cloudText = (port: number) => `fogrun: 1
pipeline: stand-in-cloud-${port}
store: { path: stand-in }
actors:
  receiver: { kind: cloud-receiver, port: ${port} }
`;

const edgeText = (port: number) => `fogrun: 1
pipeline: stand-in-edge-${port}
store: { path: stand-in }
actors:
  sensor: { kind: simulated-sensor, to: rotator }
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, cloud: { port: ${port} }, to: acks }
  acks: { kind: ack-handler }
`;

function planOf(text: string): Plan {
  const { plan, problems } = checkPipeline({ file: 'stand-in', text }, { kinds, variables: {}, cwd: '/' });
  if (plan) return plan;
  throw new FogrunError('internal', problems.map(formatProblem).join('; '));
}
