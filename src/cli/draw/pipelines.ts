/** Checked pipelines as something to draw. */
import type { Plan } from '../../contract/plan.ts';
import { type GraphLink, type GraphPipeline, usualLinks } from '../../inspect/drawing/pipeline-graph.ts';

export function graphPipelines(plans: readonly Plan[]): GraphPipeline[] {
  return plans.map(({ name, actors, wires }) => ({
    name,
    actors: actors.map((actor) => ({ name: actor.name, kind: actor.kind.name })),
    wires,
  }));
}

interface Dials {
  readonly cloud: { readonly port: number };
}
interface Listens {
  readonly port: number;
}

/** Which uploader calls which receiver, by the port; where that tells nothing, the only receiver. */
export function linksOf(plans: readonly Plan[]): GraphLink[] {
  const ends = (kind: string) =>
    plans.flatMap(({ name, actors }) =>
      actors
        .filter((actor) => actor.kind.name === kind)
        .map((actor) => ({ end: { pipeline: name, actor: actor.name }, config: actor.config })),
    );
  const receivers = ends('cloud-receiver');
  const found = ends('uploader').flatMap(({ end: from, config }) => {
    const called = receivers.find(
      (receiver) => (receiver.config as Listens).port === (config as Dials).cloud.port,
    );
    return called ? [{ from, to: called.end }] : [];
  });
  return found.length > 0 ? found : usualLinks(graphPipelines(plans));
}
