/** Where actors stand within their pipeline: each beside the middle of what feeds it, so that wires do not cross. */
import type { Point } from '../../contract/chart.ts';
import type { Layers } from './pipeline-layers.ts';

/** In px. */
export interface RowSizes {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** Between one layer and the next; what flows is written there. */
  readonly gapX: number;
  readonly gapY: number;
  /** So many actors of a layer stand one below the other before another column begins. */
  readonly rowsMax: number;
  /** What stands alone makes rows of at most this width, unless what is wired is wider. */
  readonly aloneWidthMax: number;
}

export interface Rows {
  readonly places: ReadonlyMap<string, Point>;
  /** Right end of the layer that an actor stands in. */
  readonly layerEnds: ReadonlyMap<string, number>;
  readonly width: number;
  readonly height: number;
}

/** Between columns of one layer, and between actors without wires. */
const narrowGap = 28;
/** Actors without wires make at least so many columns. */
const aloneColumns = 4;

export function placeRows({ layer, alone, next, previous }: Layers, sizes: RowSizes): Rows {
  const { nodeWidth, nodeHeight, gapX, gapY } = sizes;
  const stepY = nodeHeight + gapY;
  const { rows, columns, height: rowsHigh } = rowsOf(layer, next, previous, sizes);
  // A layer is as wide as the columns that its actors need.
  const layersMany = Math.max(-1, ...layer.values()) + 1;
  const columnsOf = Array.from({ length: layersMany }, () => 1);
  for (const [name, column] of columns) {
    const at = layer.get(name)!;
    columnsOf[at] = Math.max(columnsOf[at]!, column + 1);
  }
  const ends: number[] = [];
  for (const many of columnsOf) {
    const begin = ends.length === 0 ? 0 : ends.at(-1)! + gapX;
    ends.push(begin + many * nodeWidth + (many - 1) * narrowGap);
  }
  const places = new Map<string, Point>();
  const layerEnds = new Map<string, number>();
  for (const [name, row] of rows) {
    const end = ends[layer.get(name)!]!;
    layerEnds.set(name, end);
    places.set(name, {
      x: end - nodeWidth - columns.get(name)! * (nodeWidth + narrowGap),
      y: Math.round(row * stepY),
    });
  }
  const wired = ends.at(-1) ?? 0;
  const fits = Math.floor((wired + narrowGap) / (nodeWidth + narrowGap));
  const wanted = Math.max(Math.min(aloneColumns, alone.length), Math.ceil(Math.sqrt(alone.length / 2)));
  const room = Math.floor((sizes.aloneWidthMax + narrowGap) / (nodeWidth + narrowGap));
  const many = Math.max(1, fits, Math.min(wanted, room));
  alone.forEach((name, i) => {
    places.set(name, {
      x: (i % many) * (nodeWidth + narrowGap),
      y: (rowsHigh + Math.floor(i / many)) * stepY,
    });
  });
  const rowsAll = rowsHigh + Math.ceil(alone.length / many);
  const aloneWide = Math.min(many, alone.length) * (nodeWidth + narrowGap) - narrowGap;
  return {
    places,
    layerEnds,
    width: Math.max(wired, aloneWide, nodeWidth),
    height: Math.max(0, rowsAll * stepY - gapY),
  };
}

/** Rows may be halves; columns are counted from the right within a layer. */
function rowsOf(
  layer: Layers['layer'],
  next: Layers['next'],
  previous: Layers['previous'],
  { rowsMax }: RowSizes,
): { rows: Map<string, number>; columns: Map<string, number>; height: number } {
  const rows = new Map<string, number>();
  const columns = new Map<string, number>();
  let free = 0;
  const place = (name: string) => {
    if (columns.has(name)) return;
    columns.set(name, 0);
    const top = free;
    const feeding = (previous.get(name) ?? []).filter((one) => !columns.has(one));
    const leaves = feeding.filter((one) => !previous.has(one));
    for (const one of feeding) if (previous.has(one)) place(one);
    const many = Math.ceil(leaves.length / rowsMax) || 1;
    leaves.forEach((one, i) => {
      columns.set(one, many - 1 - (i % many));
      rows.set(one, free + Math.floor(i / many));
    });
    free += Math.ceil(leaves.length / many);
    free = Math.max(free, top + 1);
    rows.set(name, (top + free - 1) / 2);
  };
  for (const name of layer.keys()) if (!next.has(name)) place(name);
  // Those that are left feed only what was placed before.
  for (const name of layer.keys()) place(name);
  return { rows, columns, height: free };
}
