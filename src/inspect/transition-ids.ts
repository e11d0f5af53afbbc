/** Names for the transitions of a statechart, the same for every instance of its kind. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** Path from the root, such as `serving.listening`; empty for the root itself. */
export function stateId(node: AnyStateNode): string {
  return node.path.join('.');
}

export interface KnownTransition {
  /** `<source>|<event>|<index>`, as in `src/contract/chart.ts`. */
  readonly id: string;
  readonly source: AnyStateNode;
  readonly definition: AnyTransitionDefinition;
}

/** Every state of a machine in document order, the root first. */
export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const below = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(below)];
  return below(machine.root);
}

/** What a state offers, in the order in which guards are asked; transitions that need no event have an empty one. */
export function transitionsOf(node: AnyStateNode): KnownTransition[] {
  const offers: [string, readonly AnyTransitionDefinition[]][] = [...node.transitions];
  if (node.always) offers.push(['', node.always]);
  return offers.flatMap(([event, definitions]) =>
    definitions.map((definition, index) => ({
      id: `${stateId(node)}|${event}|${index}`,
      source: node,
      definition,
    })),
  );
}
