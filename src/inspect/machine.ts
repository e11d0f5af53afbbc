/** What has to be known of a statechart to say which of its transitions were taken and which refused. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { Refusal } from '../contract/inspect.ts';
import { printable } from '../domain/text.ts';
import { statesOf, transitionsOf } from './transition-ids.ts';

/** One that may be taken. */
interface Offer {
  readonly definition: AnyTransitionDefinition;
  readonly refusal: Refusal | null;
}

export interface KnownMachine {
  /** `undefined` for what is none of the machine's own, such as the step into its initial state. */
  idOf(definition: AnyTransitionDefinition): string | undefined;
  /**
   * Guards that said no when an event came in these states: those asked before what was taken, from the innermost state outwards.
   * @param event empty for transitions that need none
   */
  refused(
    active: readonly AnyStateNode[],
    event: string,
    taken: readonly AnyTransitionDefinition[],
  ): readonly Refusal[];
  /** Some state has transitions that need no event. */
  readonly hasAlways: boolean;
}

const known = new WeakMap<AnyStateMachine, KnownMachine>();
const nothing: readonly never[] = [];

export function knownMachine(machine: AnyStateMachine): KnownMachine {
  let found = known.get(machine);
  if (!found) {
    found = look(machine);
    known.set(machine, found);
  }
  return found;
}

function look(machine: AnyStateMachine): KnownMachine {
  const ids = new Map<AnyTransitionDefinition, string>();
  const offers = new Map<AnyStateNode, Map<string, readonly Offer[]>>();
  /** Descriptors such as `*`, by state, those that fit best first. */
  const wide = new Map<AnyStateNode, readonly string[]>();
  let hasAlways = false;
  for (const node of statesOf(machine)) {
    const byEvent = new Map<string, Offer[]>();
    for (const { id, definition } of transitionsOf(node)) {
      ids.set(definition, id);
      const event = node.always?.includes(definition) ? '' : definition.eventType;
      const refusal = definition.guard ? { transition: id, guard: guardName(definition.guard) } : null;
      byEvent.set(event, [...(byEvent.get(event) ?? []), { definition, refusal }]);
    }
    hasAlways ||= byEvent.has('');
    offers.set(node, byEvent);
    const wildcards = [...byEvent.keys()].filter((event) => event === '*' || event.endsWith('.*'));
    if (wildcards.length > 0)
      wide.set(
        node,
        wildcards.sort((a, b) => b.length - a.length),
      );
  }

  const offersOf = (node: AnyStateNode, event: string): readonly Offer[] => {
    const own = offers.get(node)?.get(event) ?? nothing;
    const patterns = event === '' ? undefined : wide.get(node);
    if (!patterns) return own;
    const more = patterns.filter((pattern) => pattern !== event && fits(event, pattern));
    return [...own, ...more.flatMap((pattern) => offers.get(node)!.get(pattern)!)];
  };
  /** True once something was taken there. */
  const ask = (
    node: AnyStateNode,
    event: string,
    taken: readonly AnyTransitionDefinition[],
    refused: Refusal[],
  ): boolean => {
    for (const { definition, refusal } of offersOf(node, event)) {
      if (taken.includes(definition)) return true;
      // It was chosen, and gave way to another.
      if (!refusal) return true;
      if (!refused.includes(refusal)) refused.push(refusal);
    }
    return false;
  };
  return {
    idOf: (definition) => ids.get(definition),
    refused(active, event, taken) {
      const refused: Refusal[] = [];
      for (const leaf of active) {
        if (leaf.type !== 'atomic' && leaf.type !== 'final') continue;
        for (let node: AnyStateNode | undefined = leaf; node; node = node.parent) {
          if (ask(node, event, taken, refused)) break;
        }
      }
      return refused.length === 0 ? nothing : refused;
    },
    hasAlways,
  };
}

/** As xstate does it: `*`, or `a.b.*` for what begins like that. */
function fits(event: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const beginning = pattern.slice(0, -2);
  return event === beginning || event.startsWith(`${beginning}.`);
}

function guardName(guard: unknown): string {
  const name =
    typeof guard === 'string'
      ? guard
      : typeof guard === 'function'
        ? guard.name
        : (guard as { type?: unknown } | null)?.type;
  return typeof name === 'string' && name !== '' && name !== 'guard' ? printable(name, 80) : 'guard';
}
