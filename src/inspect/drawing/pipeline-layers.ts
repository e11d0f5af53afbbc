/** Which actors stand in one column: each right before those that it feeds, the longest way determines how many there are. */

interface Arrow {
  readonly from: string;
  readonly to: string;
}

export interface Layers {
  /** Which column each stands in, from 0 on the left; only those with a wire. */
  readonly layer: ReadonlyMap<string, number>;
  /** Actors without any wire. */
  readonly alone: readonly string[];
  /** Wires that lead back, against the flow. */
  readonly back: ReadonlySet<Arrow>;
  /** Along the wires that lead on. */
  readonly next: ReadonlyMap<string, readonly string[]>;
  readonly previous: ReadonlyMap<string, readonly string[]>;
}

/** `first` are those at which something comes in from elsewhere: a circle begins there. */
export function layersOf(
  names: readonly string[],
  wires: readonly Arrow[],
  first: readonly string[],
): Layers {
  const fed = new Set(wires.map(({ to }) => to));
  const wired = new Set(wires.flatMap(({ from, to }) => [from, to]));
  const starts = [...first, ...names.filter((name) => !fed.has(name)), ...names];
  const back = backOf(starts, wires);
  const next = new Map<string, string[]>();
  const previous = new Map<string, string[]>();
  for (const wire of wires) {
    if (back.has(wire)) continue;
    push(next, wire.from, wire.to);
    push(previous, wire.to, wire.from);
  }
  const known = names.filter((name) => wired.has(name));
  const depth = depths(known, previous);
  const layer = new Map<string, number>();
  // As far right as what it feeds allows: a short wire says more than a common left edge.
  for (const name of [...known].sort((a, b) => depth.get(b)! - depth.get(a)!)) {
    const feeds = next.get(name) ?? [];
    const right = Math.min(...feeds.map((to) => layer.get(to)! - 1));
    layer.set(name, feeds.length === 0 ? depth.get(name)! : right);
  }
  return { layer, alone: names.filter((name) => !wired.has(name)), back, next, previous };
}

/** Wires that close a circle in a walk in depth. */
function backOf(starts: readonly string[], wires: readonly Arrow[]): Set<Arrow> {
  const out = new Map<string, Arrow[]>();
  for (const wire of wires) push(out, wire.from, wire);
  const back = new Set<Arrow>();
  const done = new Set<string>();
  const open = new Set<string>();
  for (const start of starts) {
    const stack: { name: string; at: number }[] = done.has(start) ? [] : [{ name: start, at: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      open.add(top.name);
      const wire = (out.get(top.name) ?? [])[top.at++];
      if (!wire) {
        open.delete(top.name);
        done.add(top.name);
        stack.pop();
      } else if (open.has(wire.to)) back.add(wire);
      else if (!done.has(wire.to)) stack.push({ name: wire.to, at: 0 });
    }
  }
  return back;
}

/** Length of the longest way to each, along `before`. */
function depths(
  names: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of names) {
    const stack = [name];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const all = before.get(top) ?? [];
      const open = all.filter((one) => !found.has(one));
      if (open.length > 0) stack.push(...open);
      else {
        found.set(
          top,
          all.reduce((most, one) => Math.max(most, found.get(one)! + 1), 0),
        );
        stack.pop();
      }
    }
  }
  return found;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
