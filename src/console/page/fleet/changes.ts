/** A fleet out of answers that tell what changed. Pure. */
import type { EdgeSummary, FleetChanges } from '../../../contract/fleet.ts';

export interface KnownFleet {
  /** To be asked with; `null` where only the whole can be had. */
  readonly mark: string | null;
  /** By name. */
  readonly edges: readonly EdgeSummary[];
}

/** The fleet after one more answer. Edges that did not change stay the same objects. */
export function withChanges(
  before: KnownFleet | null,
  { mark, whole, edges, heardMs }: FleetChanges,
): KnownFleet {
  const known = new Map((whole ? [] : (before?.edges ?? [])).map((edge) => [edge.edge, edge]));
  for (const edge of edges) known.set(edge.edge, edge);
  for (const [name, lastWordMs] of Object.entries(heardMs)) {
    const edge = known.get(name);
    if (edge) known.set(name, { ...edge, lastWordMs });
  }
  const names = [...known.keys()].sort();
  return { mark, edges: names.map((name) => known.get(name)!) };
}
