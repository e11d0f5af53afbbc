/** What a YAML text says, each part with its place in the text. */

/** A variable that a text was made with. */
export interface VariableUse {
  readonly name: string;
  /** True when the variable was not set, or empty, and the text after `:-` stands in for it. */
  readonly defaulted: boolean;
}

interface Placed {
  /** Offset in the text, UTF-16 units. */
  readonly offset: number;
  /** Offset behind the last character. */
  readonly end: number;
}

/** What every node carries besides its place; both count through aliases, which bounds their expansion. */
interface Measured extends Placed {
  /** Nodes in it, itself included. */
  readonly nodes: number;
  /** Levels in it, itself included. */
  readonly depth: number;
}

export interface ScalarNode extends Measured {
  readonly type: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it stands in the file, for values that were meant as text. */
  readonly source: string;
  readonly variables: readonly VariableUse[];
  /** True when some of the text, or a default, stands in the file itself. */
  readonly literal: boolean;
  /** A problem was reported already; whatever follows from the value is not worth another. */
  readonly broken: boolean;
}

export interface ListNode extends Measured {
  readonly type: 'list';
  readonly items: readonly Node[];
}

export interface Entry {
  readonly key: Placed;
  readonly value: Node;
}

export interface MapNode extends Measured {
  readonly type: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Node = ScalarNode | ListNode | MapNode;

export type Path = readonly PropertyKey[];

/** Plain data; mappings have no prototype. */
export function toValue(node: Node): unknown {
  if (node.type === 'scalar') return node.value;
  if (node.type === 'list') return node.items.map(toValue);
  const value: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) value[key] = toValue(entry.value);
  return value;
}

/** The node under `node` that `key` names. */
export function childOf(node: Node, key: PropertyKey): Node | undefined {
  if (node.type === 'map') return node.entries.get(String(key))?.value;
  if (node.type === 'list') return node.items[Number(key)];
  return undefined;
}

/** What lies directly in a node, with its key. */
export function childrenOf(node: Node): (readonly [PropertyKey, Node])[] {
  if (node.type === 'map') return [...node.entries].map(([key, { value }]) => [key, value] as const);
  return node.type === 'list' ? [...node.items.entries()] : [];
}

/** The node at `path`, and the deepest one on the way there that exists. */
export function nodeAt(root: Node, path: Path): { node: Node | undefined; nearest: Node } {
  let nearest = root;
  for (const key of path) {
    const child = childOf(nearest, key);
    if (child === undefined) return { node: undefined, nearest };
    nearest = child;
  }
  return { node: nearest, nearest };
}

/** Whether a problem was reported already somewhere in the node. */
export function isBroken(node: Node): boolean {
  if (node.type === 'scalar') return node.broken;
  if (node.type === 'list') return node.items.some(isBroken);
  for (const { value } of node.entries.values()) if (isBroken(value)) return true;
  return false;
}

/** A mapping without some of its keys. */
export function without(node: MapNode, keys: readonly string[]): MapNode {
  const entries = new Map(node.entries);
  for (const key of keys) entries.delete(key);
  return { ...node, entries };
}
