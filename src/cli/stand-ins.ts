/** In a simulation: whoever is missing on the other side of a link. */
import { kinds } from '../../machines/index.ts';
import type { UploaderConfig } from '../../machines/uploader.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { checkPipeline, formatProblem } from '../pipeline/check.ts';

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
