/** Places the parts of a chart on paper. The engine is passed in: it is large, and only kinds that are not built in need it. */
import type { Box, Chart, ChartEdge, ChartLayout, ChartState, Point } from '../../contract/chart.ts';
import { placeChips } from './chips.ts';
import { lineHeight, partsWidth, stateBox } from './state-box.ts';
import { type Bundle, labelParts, labelText, type Telling, tellingOf } from './telling.ts';
import { directions } from './walk-order.ts';

/** The part of elkjs that is used. */
export interface LayoutEngine {
  layout(graph: ElkNode): Promise<ElkNode>;
}

export interface ElkNode {
  id: string;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  children?: ElkNode[];
  edges?: ElkEdge[];
  layoutOptions?: Record<string, string>;
}

interface ElkEdge {
  id: string;
  sources: string[];
  targets: string[];
  labels?: {
    text: string;
    width: number;
    height: number;
    x?: number;
    y?: number;
    layoutOptions?: Record<string, string>;
  }[];
  sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[];
  layoutOptions?: Record<string, string>;
}

const margin = 16;
const labelPaddingX = 6;
const labelPaddingY = 3;
const dot = 10;
const headRoom = 10;

const engineOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.randomSeed': '1',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.layered.cycleBreaking.strategy': 'GREEDY',
  'elk.layered.considerModelOrder.strategy': 'PREFER_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.thoroughness': '40',
  'elk.edgeLabels.placement': 'CENTER',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeLabel': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '22',
  'elk.layered.spacing.edgeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
} as const;

/** The same chart gets the same layout each time. */
export async function layOut(chart: Chart, engine: LayoutEngine): Promise<ChartLayout> {
  const telling = tellingOf(chart);
  const { upward } = directions(chart, telling.arrows);
  const placed = await engine.layout(graphOf(chart, telling));
  const root = chart.states[0]!;
  const states: Record<string, Box> = {};
  const initials: Record<string, readonly Point[]> = {};
  const edges: ChartEdge[] = [];
  const walk = (node: ElkNode) => {
    for (const child of node.children ?? []) {
      if (child.id.startsWith('state:')) states[child.id.slice('state:'.length)] = boxOf(child);
      walk(child);
    }
  };
  walk(placed);
  const chips = placeChips(root, telling, (placed.width ?? 0) + 2 * margin);
  // In the middle where the chips need more room.
  const aside = Math.max(margin, Math.round((chips.width - (placed.width ?? 0)) / 2));
  const down = (point: Point): Point => ({
    x: Math.round(point.x) + aside,
    y: Math.round(point.y) + chips.height + margin,
  });
  for (const [id, box] of Object.entries(states)) states[id] = { ...box, ...down(box) };
  for (const edge of placed.edges ?? []) {
    const points = edge.sections?.flatMap(({ startPoint, bendPoints = [], endPoint }) =>
      [startPoint, ...bendPoints, endPoint].map(down),
    );
    if (!points) continue;
    const [kind, rest = ''] = splitOnce(edge.id);
    if (kind === 'initial') initials[rest] = points;
    else {
      const index = Number(rest);
      const way = upward.has(index) ? points.toReversed() : points;
      edges.push(edgeOf(telling.arrows[index]!, way, edge, down));
    }
  }
  const width = Math.max(chips.width, Math.round(placed.width ?? 0) + 2 * margin);
  const height = chips.height + Math.round(placed.height ?? 0) + 2 * margin;
  states[root.id] = { x: 0, y: 0, width, height };
  return { width, height, states, edges: [...chips.edges, ...edges], initials };
}

function edgeOf(
  { transitions }: Bundle,
  points: readonly Point[],
  edge: ElkEdge,
  down: (point: Point) => Point,
): ChartEdge {
  const [label] = edge.labels ?? [];
  return {
    transitions: transitions.map(({ id }) => id),
    points,
    label: label
      ? {
          ...down({ x: label.x ?? 0, y: label.y ?? 0 }),
          width: label.width,
          height: label.height,
          lines: transitions.map(labelText),
        }
      : null,
  };
}

const atTheEnd = { 'elk.layered.layering.layerConstraint': 'LAST' };

function graphOf(chart: Chart, telling: Telling): ElkNode {
  const touched = new Set(telling.arrows.flatMap(({ source, target }) => [source, target]));
  const [root] = chart.states;
  const childrenOf = (parent: ChartState): ElkNode[] => {
    const inside = chart.states.filter((state) => state.parent === parent.id);
    const dots = parent.initial === null ? [] : [dotOf(parent)];
    return [...dots, ...inside.map(nodeOf)];
  };
  const nodeOf = (state: ChartState): ElkNode => {
    const { width, height } = stateBox(state, telling.lines.get(state.id) ?? []);
    const id = `state:${state.id}`;
    const children = childrenOf(state);
    if (children.length === 0) {
      // Ends that no arrow leads to stand where ends are looked for.
      const last = state.type === 'final' && !touched.has(state.id);
      return { id, width, height, ...(last ? { layoutOptions: atTheEnd } : {}) };
    }
    return {
      id,
      children,
      layoutOptions: {
        'elk.padding': `[top=${height + headRoom},left=16,bottom=16,right=16]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${width},${height})`,
      },
    };
  };
  const { forward, upward } = directions(chart, telling.arrows);
  const arrows = telling.arrows.map((bundle, index): ElkEdge => {
    const parts = bundle.transitions.map((one) => labelParts(one, telling.crowded));
    return {
      id: `arrow:${index}`,
      ...(upward.has(index)
        ? { sources: [`state:${bundle.target}`], targets: [`state:${bundle.source}`] }
        : { sources: [`state:${bundle.source}`], targets: [`state:${bundle.target}`] }),
      labels: [
        {
          text: bundle.transitions.map(labelText).join('\n'),
          width:
            Math.ceil(Math.max(...parts.map(partsWidth))) +
            (bundle.as === 'after' ? 15 : 0) +
            2 * labelPaddingX,
          height: parts.length * lineHeight + 2 * labelPaddingY,
          // On its arrow: beside it, it might as well belong to the next one.
          layoutOptions: { 'elk.edgeLabels.inline': 'true' },
        },
      ],
      ...(forward.has(index) ? { layoutOptions: { 'elk.layered.priority.direction': '20' } } : {}),
    };
  });
  const initials = chart.states
    .filter(({ initial }) => initial !== null)
    .map(
      ({ id, initial }): ElkEdge => ({
        id: `initial:${id}`,
        sources: [`dot:${id}`],
        targets: [`state:${initial}`],
        layoutOptions: {
          'elk.layered.priority.direction': '30',
          'elk.layered.priority.straightness': '20',
          'elk.layered.priority.shortness': '20',
        },
      }),
    );
  return {
    id: 'chart',
    layoutOptions: engineOptions,
    children: childrenOf(root!),
    edges: [...initials, ...arrows],
  };
}

function dotOf({ id }: ChartState): ElkNode {
  return { id: `dot:${id}`, width: dot, height: dot };
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: ElkNode): Box {
  return { x, y, width: Math.round(width), height: Math.round(height) };
}

function splitOnce(id: string): [string, string] {
  const at = id.indexOf(':');
  return [id.slice(0, at), id.slice(at + 1)];
}
