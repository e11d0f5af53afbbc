/** The statechart of a kind for whoever only looks at it. */
import type { AnyStateMachine } from 'xstate';
import type { ActorKind } from '../contract/kind.ts';

/** Its effects are there and never do anything. */
export function idleStatechart(kind: ActorKind): AnyStateMachine {
  const never = () => new Promise<never>(() => {});
  const effects = Object.entries(kind.effects as ActorKind['effects']).map(([name, { as }]) => [
    name,
    as === 'instant' ? () => 1 : never,
  ]);
  return kind.statechart(Object.fromEntries(effects));
}
