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

/** Where entering `node` may lead: to its leaf, or on from there by transitions that need no event. */
export function arrivals(node: AnyStateNode, past: readonly AnyStateNode[] = []): AnyStateNode[] {
  const leaf = leafOf(node);
  if (past.includes(leaf)) return [];
  const found: AnyStateNode[] = [];
  for (const each of lineage(leaf)) {
    const branches = each.always ?? [];
    for (const { target } of branches) {
      if (target?.[0]) found.push(...arrivals(target[0], [...past, leaf]));
    }
    if (branches.some(({ guard, target }) => guard === undefined && target?.[0])) return found;
  }
  return [...found, leaf];
}

/** Where an event may lead from a leaf; the leaf itself when it may be left where it is. */
export function follow(leaf: AnyStateNode, event: string): AnyStateNode[] {
  const found: AnyStateNode[] = [];
  for (const node of lineage(leaf)) {
    const branches = node.transitions.get(event) ?? [];
    for (const { target } of branches) found.push(...(target?.[0] ? arrivals(target[0]) : [leaf]));
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

/** The machine is over here; a final state further in only ends what is around it. */
export function isEnd(leaf: AnyStateNode): boolean {
  return leaf.type === 'final' && leaf.parent === leaf.machine.root;
}

/** Every leaf a walk can come to, the initial one first, and how: the last step of a shortest way. */
export function explore(
  machine: AnyStateMachine,
): Map<AnyStateNode, { from: AnyStateNode; event: string } | null> {
  const found = new Map<AnyStateNode, { from: AnyStateNode; event: string } | null>();
  for (const leaf of arrivals(machine.root)) found.set(leaf, null);
  // A map hands out what is put in while it is gone through.
  for (const leaf of found.keys()) {
    if (isEnd(leaf)) continue;
    for (const { event, to } of stepsFrom(leaf)) if (!found.has(to)) found.set(to, { from: leaf, event });
  }
  return found;
}

export function reachable(machine: AnyStateMachine): AnyStateNode[] {
  return [...explore(machine).keys()];
}

export function isDeadline(event: string): boolean {
  return event.startsWith('xstate.after.');
}

export function hasTag(leaf: AnyStateNode, tag: string): boolean {
  return lineage(leaf).some((node) => node.tags.includes(tag));
}

/** The answer to a request, or the end of what is around a final state. */
export function isAnswer(event: string): boolean {
  return /^xstate\.(done|error)\.(actor|state)\./.test(event);
}

/** What tells of a failure: of a request, or of a task that ended. */
export function isFailure(event: string): boolean {
  return event.startsWith('xstate.error.actor.') || event === 'FAILED' || event === 'ENDED';
}

/** Whether the state ends by itself: at a deadline, or with the answer to a request. */
export function endsByItself(leaf: AnyStateNode): boolean {
  return lineage(leaf).some((node) =>
    [...node.transitions.keys()].some((event) => isDeadline(event) || isAnswer(event)),
  );
}

/** Whether deadlines alone lead from here to a final state, whatever way the guards go. */
export function deadlinesEnd(leaf: AnyStateNode, past: ReadonlySet<AnyStateNode> = new Set()): boolean {
  if (isEnd(leaf)) return true;
  if (past.has(leaf)) return false;
  const next = stepsFrom(leaf).filter(({ event }) => isDeadline(event));
  return next.length > 0 && next.every(({ to }) => deadlinesEnd(to, new Set([...past, leaf])));
}

/** As `deadlinesEnd`, and where there is no deadline the answers to requests will do. */
export function endsAlone(leaf: AnyStateNode, past: ReadonlySet<AnyStateNode> = new Set()): boolean {
  if (isEnd(leaf)) return true;
  if (past.has(leaf)) return false;
  const steps = stepsFrom(leaf);
  const deadlines = steps.filter(({ event }) => isDeadline(event));
  const next = deadlines.length > 0 ? deadlines : steps.filter(({ event }) => isAnswer(event));
  return next.length > 0 && next.every(({ to }) => endsAlone(to, new Set([...past, leaf])));
}
