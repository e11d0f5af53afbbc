/** The pictures of docs/pictures. */
import { fileURLToPath } from 'node:url';
import type { KnownChart } from '../../inspect/drawing/known-charts.ts';
import { pipelineGraph } from '../../inspect/drawing/pipeline-graph.ts';
import { pipelineSvg } from '../../inspect/drawing/pipeline-svg.ts';
import { chartSvg } from '../../inspect/drawing/svg.ts';
import { checkFiles } from '../plans.ts';
import { graphPipelines, linksOf } from './pipelines.ts';

const shipped = new URL('../../../../pipelines/', import.meta.url);

/** Files by name: the statechart of each kind, and the pipelines that come with fogrun, edge and cloud. */
export async function pictures(
  known: Readonly<Record<string, KnownChart>>,
): Promise<ReadonlyMap<string, string>> {
  const files = ['cloud.yaml', 'edge.yaml'].map((name) => fileURLToPath(new URL(name, shipped)));
  // As it is where nothing is set.
  const { plans } = await checkFiles(files, { variables: {}, cwd: fileURLToPath(shipped) });
  const graph = pipelineGraph(graphPipelines(plans), linksOf(plans));
  return new Map([
    ['edge-and-cloud.svg', pipelineSvg(graph, 'An edge and its cloud')],
    ...Object.entries(known).map(
      ([name, { chart, layout }]) => [`${name}.svg`, chartSvg(chart, layout, { standAlone: true })] as const,
    ),
  ]);
}
