/** Where in a sequence diagram rows go: one column for each who takes part. Pure. */
import type { EventRow } from './rows.ts';

/** Columns; more who take part share the last one. */
export const columnsMax = 24;

export interface Lifelines {
  /** What stands above each, from the left. */
  readonly names: readonly string[];
  /** Columns from where and to where an arrow goes; the same twice for what an actor does by itself. */
  place(row: EventRow): { readonly from: number; readonly to: number };
}

/** Above the column of the runtime, of people, and of what nobody knows. */
export const outside = 'outside';
const others = 'others';

/**
 * An actor stands in its column, what it invoked just before it, and one column is for all that belong to it, such as the sessions
 * of a receiver.
 * @param order names `pipeline/actor` in the order data flows
 */
export function lifelines(rows: readonly EventRow[], order: readonly string[]): Lifelines {
  const present = new Set<string>();
  let hasOutside = false;
  for (const { pipeline, actor, source, sort } of rows) {
    present.add(lifelineOf(pipeline, actor));
    if (source !== null) present.add(lifelineOf(pipeline, source));
    else if (sort === 'step' || sort === 'ignored') hasOutside = true;
  }
  const owners = [...new Set(order.map((name) => foldedName(name)))];
  const invokedBy = (owner: string) => [...present].filter((name) => name.startsWith(`${owner}#`)).sort();
  const wanted = owners.flatMap((owner) => [...invokedBy(owner), ...(present.has(owner) ? [owner] : [])]);
  const rest = [...present].filter((name) => !wanted.includes(name)).sort();
  const all = [...(hasOutside ? [outside] : []), ...wanted, ...rest];
  const names = all.length > columnsMax ? [...all.slice(0, columnsMax - 1), others] : all;
  const columns = new Map(names.map((name, i) => [name, i]));
  const columnOf = (name: string) => columns.get(name) ?? names.length - 1;
  return {
    names,
    place({ pipeline, actor, source, sort }) {
      const to = columnOf(lifelineOf(pipeline, actor));
      if (source !== null) return { from: columnOf(lifelineOf(pipeline, source)), to };
      return { from: sort === 'step' || sort === 'ignored' ? columnOf(outside) : to, to };
    },
  };
}

/** `edge/uploader#link` for what the uploader invoked; `cloud/receiver/…` for sessions of the receiver. */
function lifelineOf(pipeline: string, name: string): string {
  let names = known.get(pipeline);
  if (!names || names.size > knownMax) {
    names = new Map();
    known.set(pipeline, names);
  }
  let lifeline = names.get(name);
  if (lifeline === undefined) {
    lifeline = newLifeline(pipeline, name);
    names.set(name, lifeline);
  }
  return lifeline;
}

/** Asked for each row again and again. */
const known = new Map<string, Map<string, string>>();
const knownMax = 5_000;

function newLifeline(pipeline: string, name: string): string {
  const [actor = '', invoked] = name.split('#');
  const slash = actor.indexOf('/');
  const owner = `${pipeline}/${slash < 0 ? actor : `${actor.slice(0, slash)}/…`}`;
  return invoked === undefined ? owner : `${owner}#${invoked}`;
}

function foldedName(name: string): string {
  const slash = name.indexOf('/');
  return lifelineOf(name.slice(0, slash), name.slice(slash + 1));
}
