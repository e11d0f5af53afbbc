/** The parts of an edge's past that were fetched so far, as one list. */
import type { EdgeHistory, EdgeTransition } from '../../../contract/fleet.ts';

export interface KnownHistory {
  /** Oldest first. */
  readonly transitions: readonly EdgeTransition[];
  /** Where the part before it is asked for; `null` when there is none. */
  readonly before: string | null;
}

const keyOf = ({ epoch, seq }: EdgeTransition) => `${epoch}/${seq}`;

/** More than that is not kept: the oldest go, and can be fetched again. */
const keptMax = 20_000;

/** With a part that comes before what is known. */
export function withOlder(known: KnownHistory, part: EdgeHistory): KnownHistory {
  return { transitions: together(part.transitions, known.transitions), before: part.before };
}

/** With the newest part, asked for again; where it does not reach what is known, only the part counts. */
export function withNewest(known: KnownHistory | null, part: EdgeHistory): KnownHistory {
  const fresh = { transitions: part.transitions, before: part.before };
  if (!known || known.transitions.length === 0 || part.before === null) return fresh;
  const have = new Set(known.transitions.map(keyOf));
  if (!part.transitions.some((each) => have.has(keyOf(each)))) return fresh;
  const transitions = together(known.transitions, part.transitions);
  if (transitions.length > keptMax) return fresh;
  return { transitions, before: known.before };
}

function together(older: readonly EdgeTransition[], newer: readonly EdgeTransition[]) {
  const have = new Set(newer.map(keyOf));
  return [...older.filter((each) => !have.has(keyOf(each))), ...newer];
}
