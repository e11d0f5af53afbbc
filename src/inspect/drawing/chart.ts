/** What a statechart is made of, read from the statechart itself. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { Chart, ChartState, ChartTransition } from '../../contract/chart.ts';
import { eventName } from '../names.ts';
import { type KnownTransition, stateId, statesOf, transitionsOf } from '../transition-ids.ts';

/** What a guard or an action that has no name of its own is called. */
const nameless = 'condition';

/** The chart of a statechart, under the name of its kind. Its effects are never called. */
export function chartOf(machine: AnyStateMachine, kind: string): Chart {
  const nodes = statesOf(machine);
  return {
    kind,
    states: nodes.map((node) => stateOf(node, kind)),
    transitions: nodes.flatMap((node) => transitionsOf(node).map(transitionOf)),
  };
}

function stateOf(node: AnyStateNode, kind: string): ChartState {
  const [initial] = node.type === 'compound' ? (node.initial?.target ?? []) : [];
  return {
    id: stateId(node),
    name: node.parent ? node.key : kind,
    parent: node.parent ? stateId(node.parent) : null,
    type: node.type,
    initial: initial ? stateId(initial) : null,
    tags: [...node.tags],
    invokes: node.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
    entry: ownNames(node.entry),
    exit: ownNames(node.exit),
    ...(node.description === undefined ? {} : { description: node.description }),
  };
}

function transitionOf({ id, source, definition }: KnownTransition): ChartTransition {
  const event = id.slice(stateId(source).length + 1, id.lastIndexOf('|'));
  const { guard } = definition;
  return {
    id,
    source: stateId(source),
    targets: (definition.target ?? []).map(stateId),
    event,
    label: labelOf(event, source),
    as: kindOfEvent(event),
    guard: guard === undefined ? null : (nameOf(guard) ?? nameless),
    actions: actionsOf(definition),
    reenter: definition.reenter ?? false,
  };
}

function kindOfEvent(event: string): ChartTransition['as'] {
  if (event === '') return 'always';
  if (event.startsWith('xstate.after.')) return 'after';
  if (event.startsWith('xstate.done.')) return 'done';
  return event.startsWith('xstate.error.') ? 'error' : 'event';
}

/** An answer is called after the effect that gives it: the id of what a state invokes is made up where it has none. */
function labelOf(event: string, source: AnyStateNode): string {
  if (event === '') return 'at once';
  const answer = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event);
  const invoked = answer && source.invoke.find(({ id }) => id === answer[2]);
  if (invoked && typeof invoked.src === 'string') return `${answer[1]} ${invoked.src}`;
  const wait = /^after (\d+) ms$/.exec(eventName(event));
  return wait ? `after ${shortTime(Number(wait[1]))}` : eventName(event);
}

function shortTime(ms: number): string {
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}

/** What stays where it is and does something must not look as if it did nothing. */
function actionsOf({ actions, target }: AnyTransitionDefinition): string[] {
  const named = ownNames(actions);
  return named.length === 0 && target === undefined && actions.length > 0 ? ['notes it'] : named;
}

/** Names of actions in their order; those of xstate itself, and functions without a name, are left out. */
function ownNames(actions: readonly unknown[] | undefined): string[] {
  return (actions ?? []).flatMap((action) => nameOf(action) ?? []);
}

function nameOf(named: unknown): string | null {
  if (typeof named === 'string') return named.startsWith('xstate.') ? null : named;
  const { type } = named as { readonly type?: unknown };
  return typeof type === 'string' && !type.startsWith('xstate.') ? type : null;
}
