/** Walks over a statechart without running it: contexts are ignored, guards may go either way. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';

export interface Step {
  readonly event: string;
  readonly to: AnyStateNode;
}

/** The leaf that entering `node` leads to. */
export function leafOf(node: AnyStateNode): AnyStateNode {
  const initial = node.initial?.target[0];
  return initial ? leafOf(initial) : node;
}

/** Node and its ancestors, innermost first. */
export function lineage(node: AnyStateNode): AnyStateNode[] {
  return node.parent ? [node, ...lineage(node.parent)] : [node];
}

/** Where an event may lead from a leaf; the leaf itself when it may be left where it is. */
export function follow(leaf: AnyStateNode, event: string): AnyStateNode[] {
  const found: AnyStateNode[] = [];
  for (const node of lineage(leaf)) {
    const branches = node.transitions.get(event) ?? [];
    for (const { target } of branches) found.push(target?.[0] ? leafOf(target[0]) : leaf);
    // Without a guard on its last branch a node leaves nothing to its parent.
    if (branches.some(({ guard }) => guard === undefined)) break;
  }
  return found;
}

/** Every event that the leaf or an ancestor knows, with where it may lead. */
export function stepsFrom(leaf: AnyStateNode): Step[] {
  const events = new Set(lineage(leaf).flatMap((node) => [...node.transitions.keys()]));
  return [...events].flatMap((event) => follow(leaf, event).map((to) => ({ event, to })));
}

/** Every leaf a walk can come to, the initial one first. */
export function reachable(machine: AnyStateMachine): AnyStateNode[] {
  const seen = new Set<AnyStateNode>([leafOf(machine.root)]);
  for (const leaf of seen) {
    if (leaf.type !== 'final') for (const { to } of stepsFrom(leaf)) seen.add(to);
  }
  return [...seen];
}

export function isDeadline(event: string): boolean {
  return event.startsWith('xstate.after.');
}

export function hasTag(leaf: AnyStateNode, tag: string): boolean {
  return lineage(leaf).some((node) => node.tags.includes(tag));
}

/** Whether the state ends by itself: at a deadline, or with the answer to a request. */
export function endsByItself(leaf: AnyStateNode): boolean {
  return lineage(leaf).some((node) =>
    [...node.transitions.keys()].some(
      (event) => isDeadline(event) || /^xstate\.(done|error)\.actor\./.test(event),
    ),
  );
}

/** Whether deadlines alone lead from here to a final state, whatever way the guards go. */
export function deadlinesEnd(leaf: AnyStateNode, past: ReadonlySet<AnyStateNode> = new Set()): boolean {
  if (leaf.type === 'final') return true;
  if (past.has(leaf)) return false;
  const next = stepsFrom(leaf).filter(({ event }) => isDeadline(event));
  return next.length > 0 && next.every(({ to }) => deadlinesEnd(to, new Set([...past, leaf])));
}
