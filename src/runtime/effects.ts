/** Checks and ties effects to one life of an actor. */
import type { AnyStateMachine } from 'xstate';
import { FogrunError } from '../contract/errors.ts';
import type { ActorKind, Effect, Task } from '../contract/kind.ts';

type Bound = Record<string, unknown>;

/**
 * The kind's statechart over the effects given, each of which also ends with `life`.
 * xstate leaves invoked actors running when an action throws; `life` reaches them all the same.
 * Throws `effect-missing` when one is not there.
 */
export function buildStatechart(kind: ActorKind, effects: Bound, life: AbortSignal): AnyStateMachine {
  const missing = Object.keys(kind.effects).filter((name) => typeof effects[name] !== 'function');
  if (missing.length > 0) {
    throw new FogrunError('effect-missing', `the kind ${kind.name} lacks the effect ${missing.join(', ')}`);
  }
  const tied: Bound = {};
  for (const [name, note] of Object.entries(kind.effects) as [string, { as: string }][]) {
    if (note.as === 'task') tied[name] = tieTask(effects[name] as Task<unknown, never>, life);
    else if (note.as === 'request') tied[name] = tieRequest(effects[name] as Effect<unknown, unknown>, life);
    else tied[name] = effects[name];
  }
  return kind.statechart(tied);
}

function tieTask(effect: Task<unknown, never>, life: AbortSignal): Task<unknown, never> {
  return (io) => effect({ ...io, signal: AbortSignal.any([io.signal, life]) });
}

function tieRequest(effect: Effect<unknown, unknown>, life: AbortSignal): Effect<unknown, unknown> {
  return (input, signal) => effect(input, AbortSignal.any([signal, life]));
}
