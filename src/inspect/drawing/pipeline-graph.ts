/** Places the actors of pipelines so that data flows from left to right. Pure, and the same each time. */
import type { Box, Point } from '../../contract/chart.ts';
import { layersOf } from './pipeline-layers.ts';
import { placeRows, type RowSizes } from './pipeline-rows.ts';
import { backWire, linkWay, wireWay } from './pipeline-ways.ts';

export interface GraphActor {
  readonly name: string;
  readonly kind: string;
}

export interface GraphWire {
  readonly from: string;
  readonly to: string;
  /** What flows. */
  readonly type: string;
}

export interface GraphPipeline {
  readonly name: string;
  readonly actors: readonly GraphActor[];
  readonly wires: readonly GraphWire[];
}

/** From an actor of a pipeline to one of another one. */
export interface GraphLink {
  readonly from: { readonly pipeline: string; readonly actor: string };
  readonly to: { readonly pipeline: string; readonly actor: string };
}

/** In px. */
export interface GraphOptions extends RowSizes {
  /** Pipelines below each other instead of edges beside their cloud: for narrow pages. */
  readonly stacked: boolean;
}

export interface PlacedActor extends Box {
  readonly pipeline: string;
  readonly name: string;
  readonly kind: string;
}

export interface PlacedWire extends GraphWire {
  readonly pipeline: string;
  /** Against the flow, drawn below. */
  readonly back: boolean;
  /** SVG path data. */
  readonly path: string;
  /** Where a label stands best: its middle. */
  readonly labelAt: Point;
  /** The way to its tip, for the head of the arrow. */
  readonly tip: readonly [Point, Point];
}

export interface PlacedLink extends GraphLink {
  readonly path: string;
  readonly labelAt: Point;
  readonly tip: readonly [Point, Point];
}

export interface PipelineGraph {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (Box & { readonly pipeline: string })[];
  readonly actors: readonly PlacedActor[];
  readonly wires: readonly PlacedWire[];
  readonly links: readonly PlacedLink[];
}

export const graphDefaults: GraphOptions = {
  nodeWidth: 164,
  nodeHeight: 52,
  gapX: 132,
  gapY: 20,
  rowsMax: 12,
  aloneWidthMax: Number.POSITIVE_INFINITY,
  stacked: false,
};

/** Between a pipeline's border and its actors. */
export const padding = 20;
/** For the pipeline's name, and for links above the actors. */
export const headHeight = 52;
const linkLane = 16;
const betweenBoxes = 44;
const backLane = 26;

/** Uploaders lead to the receiver, if there is exactly one: whom each of them calls is not known here. */
export function usualLinks(pipelines: readonly GraphPipeline[]): GraphLink[] {
  const ends = (kind: string) =>
    pipelines.flatMap(({ name, actors }) =>
      actors.filter((actor) => actor.kind === kind).map((actor) => ({ pipeline: name, actor: actor.name })),
    );
  const receivers = ends('cloud-receiver');
  const [to] = receivers;
  if (!to || receivers.length > 1) return [];
  return ends('uploader').map((from) => ({ from, to }));
}

/** `links` are those of `usualLinks` unless they are known better. */
export function pipelineGraph(
  pipelines: readonly GraphPipeline[],
  links: readonly GraphLink[] = usualLinks(pipelines),
  options: Partial<GraphOptions> = {},
): PipelineGraph {
  const sizes = { ...graphDefaults, ...options };
  const called = new Set(links.map(({ to }) => `${to.pipeline}/${to.actor}`));
  const insides = pipelines.map((pipeline) => insideOf(pipeline, called, sizes));
  const goals = new Set(links.map(({ to }) => to.pipeline));
  const sources = insides.filter(({ name }) => !goals.has(name));
  const targets = insides.filter(({ name }) => goals.has(name));
  const columns = sizes.stacked ? [[...sources, ...targets]] : [sources, targets];
  const boxes: (Box & { pipeline: string })[] = [];
  const actors: PlacedActor[] = [];
  const wires: PlacedWire[] = [];
  let left = 0;
  let height = 0;
  for (const column of columns.filter((inside) => inside.length > 0)) {
    const width = Math.max(...column.map((inside) => inside.width));
    let top = 0;
    for (const inside of column) {
      boxes.push({ pipeline: inside.name, x: left, y: top, width, height: inside.height });
      const shift = ({ x, y }: Point) => ({ x: x + left, y: y + top });
      actors.push(...inside.actors.map((actor) => ({ ...actor, ...shift(actor) })));
      top += inside.height + betweenBoxes;
    }
    height = Math.max(height, top - betweenBoxes);
    left += width + betweenBoxes;
  }
  const at = new Map(actors.map((actor) => [`${actor.pipeline}/${actor.name}`, actor]));
  const boxAt = new Map(boxes.map((box) => [box.pipeline, box]));
  for (const inside of insides) {
    const own = boxAt.get(inside.name)!;
    let backs = 0;
    for (const wire of inside.wires) {
      const from = at.get(`${inside.name}/${wire.from}`)!;
      const to = at.get(`${inside.name}/${wire.to}`)!;
      const way = wire.back
        ? backWire(from, to, own.y + inside.backTop + (backs++ + 0.5) * backLane)
        : wireWay(from, to, sizes, own.x + inside.layerEnds.get(wire.from)!);
      wires.push({ ...wire, pipeline: inside.name, ...way });
    }
  }
  const placedLinks = links.flatMap((link, index): PlacedLink[] => {
    const from = at.get(`${link.from.pipeline}/${link.from.actor}`);
    const to = at.get(`${link.to.pipeline}/${link.to.actor}`);
    if (!from || !to) return [];
    const fromBox = boxAt.get(from.pipeline)!;
    const toBox = boxAt.get(to.pipeline)!;
    const lane = fromBox.x + fromBox.width + betweenBoxes / 2 + (index % 3) * 4;
    const y = (box: Box) => box.y + headHeight - linkLane;
    return [{ ...link, ...linkWay(from, to, { from: y(fromBox), to: y(toBox), lane }) }];
  });
  // Links of pipelines below each other run beside them.
  const beside = sizes.stacked && placedLinks.length > 0 ? betweenBoxes : 0;
  return {
    width: Math.max(0, left - betweenBoxes) + beside,
    height,
    boxes,
    actors,
    wires,
    links: placedLinks,
  };
}

interface Inside {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly actors: readonly PlacedActor[];
  readonly wires: readonly (GraphWire & { back: boolean })[];
  /** Right ends of the layers that actors stand in. */
  readonly layerEnds: ReadonlyMap<string, number>;
  /** Below the actors: where wires run back. */
  readonly backTop: number;
}

function insideOf(pipeline: GraphPipeline, called: ReadonlySet<string>, sizes: GraphOptions): Inside {
  const known = new Map(pipeline.actors.map((actor) => [actor.name, actor]));
  const wires = pipeline.wires.filter(({ from, to }) => known.has(from) && known.has(to));
  const names = [...known.keys()];
  const first = names.filter((name) => called.has(`${pipeline.name}/${name}`));
  const layered = layersOf(names, wires, first);
  const placed = placeRows(layered, sizes);
  const actors = [...placed.places].map(
    ([name, { x, y }]): PlacedActor => ({
      ...{ pipeline: pipeline.name, name, kind: known.get(name)!.kind },
      ...{ x: x + padding, y: y + headHeight, width: sizes.nodeWidth, height: sizes.nodeHeight },
    }),
  );
  const marked = wires.map((wire) => ({ ...wire, back: layered.back.has(wire) }));
  const backs = marked.filter(({ back }) => back).length;
  const backTop = headHeight + placed.height;
  return {
    ...{ name: pipeline.name, actors, wires: marked, backTop },
    width: placed.width + 2 * padding,
    height: backTop + backs * backLane + padding,
    layerEnds: new Map([...placed.layerEnds].map(([name, end]) => [name, end + padding])),
  };
}
