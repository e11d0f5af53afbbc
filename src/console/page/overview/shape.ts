/** What the overview draws: which cards, which arrows, where. Pure. */
import {
  type GraphPipeline,
  graphDefaults,
  type PipelineGraph,
  padding,
  pipelineGraph,
} from '../../../inspect/drawing/pipeline-graph.ts';
import type { PipelineWorld } from '../model/world.ts';

export interface Shape {
  /** Changes when something is to be placed anew. */
  readonly key: string;
  readonly pipelines: readonly GraphPipeline[];
}

/** Declared actors and what is wired; where no wires are known, data is taken to flow as the file tells its actors. */
export function shapeOf(worlds: readonly PipelineWorld[]): Shape {
  const pipelines = worlds.map(({ name, actors, status }): GraphPipeline => {
    const own = [...actors.values()].filter((actor) => !isSession(actor.name));
    const wires =
      status?.wires ?? own.slice(1).map((to, i) => ({ from: own[i]!.name, to: to.name, type: '' }));
    return {
      name,
      actors: own.map(({ name, kind }) => ({ name, kind })),
      wires: wires.map(({ from, to, type }) => ({ from, to, type })),
    };
  });
  return { key: JSON.stringify(pipelines), pipelines };
}

/** The shape with that key. */
export const shapeOfKey = (key: string): Shape => ({ key, pipelines: JSON.parse(key) });

/** Of an actor that belongs to another: `receiver/127.0.0.1:44294`. */
export const isSession = (name: string): boolean => name.includes('/');

const large = { nodeWidth: 214, nodeHeight: 150, gapX: 96, gapY: 22 };
const compact = { nodeWidth: 184, nodeHeight: 58, gapX: 72, gapY: 12 };
/** So many cards are drawn in full. */
const largeMax = 24;

export interface Placed {
  readonly graph: PipelineGraph;
  readonly compact: boolean;
}

/** Below each other where they do not fit beside each other. */
export function placed({ pipelines }: Shape, widthMax: number): Placed {
  const actors = pipelines.reduce((sum, each) => sum + each.actors.length, 0);
  const isCompact = actors > largeMax;
  const aloneWidthMax = widthMax - 2 * padding;
  const sizes = { ...graphDefaults, ...(isCompact ? compact : large), aloneWidthMax };
  const beside = pipelineGraph(pipelines, undefined, sizes);
  if (beside.width <= widthMax) return { graph: beside, compact: isCompact };
  const stacked = pipelineGraph(pipelines, undefined, { ...sizes, stacked: true });
  if (stacked.width <= widthMax || isCompact) return { graph: stacked, compact: isCompact };
  const tight = { ...sizes, nodeWidth: 190, gapX: 76, stacked: true };
  return { graph: pipelineGraph(pipelines, undefined, tight), compact: false };
}
