/** The past of one edge as lanes: for each actor the states that it was in, one after the other. */
import type { EdgeTransition } from '../../../contract/fleet.ts';
import type { Health } from '../../../contract/status.ts';
import { type Outage, outagesOf } from './outages.ts';

export interface LaneSpan {
  readonly state: string;
  readonly health: Health;
  readonly fromMs: number;
  /** The end of the axis for the one that lasts. */
  readonly toMs: number;
  readonly lasts: boolean;
  readonly cause: string | null;
  /** How many states it stands for: short ones that would lie on each other are one. */
  readonly states: number;
}

export interface Lane {
  readonly actor: string;
  readonly spans: readonly LaneSpan[];
}

const worse: Readonly<Record<Health, number>> = { failed: 4, trouble: 3, paused: 2, ended: 1, well: 0 };

/**
 * @param transitions oldest first
 * @param axis what is shown; what is before the first transition of an actor is not known and left empty
 * @param leastMs spans of less than that are joined with the next
 */
export function lanesOf(
  transitions: readonly EdgeTransition[],
  axis: { readonly fromMs: number; readonly toMs: number },
  leastMs: number,
): readonly Lane[] {
  const byActor = new Map<string, EdgeTransition[]>();
  for (const each of transitions) {
    const own = byActor.get(each.actor) ?? [];
    own.push(each);
    byActor.set(each.actor, own);
  }
  return [...byActor].map(([actor, own]) => ({ actor, spans: joined(spansOf(own, axis), leastMs) }));
}

function spansOf(own: readonly EdgeTransition[], axis: { readonly fromMs: number; readonly toMs: number }) {
  return own.flatMap(({ timeMs, to, health, cause }, i): LaneSpan[] => {
    const next = own[i + 1];
    const endMs = Math.min(next?.timeMs ?? axis.toMs, axis.toMs);
    const fromMs = Math.max(timeMs, axis.fromMs);
    if (endMs < fromMs || (next && endMs === fromMs)) return [];
    return [{ state: to, health, fromMs, toMs: endMs, lasts: next === undefined, cause, states: 1 }];
  });
}

/** The worst of those that are joined names the span. */
function joined(spans: readonly LaneSpan[], leastMs: number): readonly LaneSpan[] {
  const kept: LaneSpan[] = [];
  for (const span of spans) {
    const last = kept.at(-1);
    const short = last && (last.toMs - last.fromMs < leastMs || span.toMs - span.fromMs < leastMs);
    if (!last || !short || worse[last.health] !== worse[span.health]) {
      kept.push(span);
      continue;
    }
    kept[kept.length - 1] = {
      ...(last.toMs - last.fromMs >= span.toMs - span.fromMs ? last : span),
      fromMs: last.fromMs,
      toMs: span.toMs,
      lasts: span.lasts,
      cause: last.cause ?? span.cause,
      states: last.states + span.states,
    };
  }
  return kept;
}

/** A time without the cloud, on the edge's clock, and when the cloud had the word of it. */
export interface Absence extends Outage {
  /** When the cloud had the news of its beginning on its disk, ms since 1970 on its clock. */
  readonly heardMs: number;
}

/** The words of an uploader: who has them brings segments to the cloud. */
const uploaderStates = new Set(['sending', 'awaitingAck', 'greeting', 'forked']);

/** Names of the actors that bring segments to the cloud, by the states they were in. */
export function uploadersIn(transitions: readonly EdgeTransition[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { actor, from, to } of transitions) {
    if (uploaderStates.has(to) || uploaderStates.has(from)) found.add(actor);
  }
  return found;
}

/** @param transitions oldest first */
export function absencesOf(transitions: readonly EdgeTransition[]): readonly Absence[] {
  const uploaders = uploadersIn(transitions);
  const own = transitions.filter(({ actor }) => uploaders.has(actor));
  return outagesOf(own).map((outage) => {
    const first = own.find(({ actor, timeMs }) => actor === outage.actor && timeMs === outage.fromMs);
    return { ...outage, heardMs: first!.storedMs };
  });
}
