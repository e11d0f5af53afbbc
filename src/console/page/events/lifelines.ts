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
 * One column is for an actor, one for what it invoked, and one for all that belong to it, such as the sessions of a receiver. Who took
 * part in what is newest stands first, so that it is seen without scrolling.
 * @param rows newest first
 * @param shown names that stand there already, which stay where they are
 */
export function lifelines(rows: readonly EventRow[], shown: readonly string[] = []): Lifelines {
  const present = new Set<string>();
  for (const { pipeline, actor, source, sort } of rows) {
    if (source !== null) present.add(lifelineOf(pipeline, source));
    else if (sort === 'step' || sort === 'ignored') present.add(outside);
    present.add(lifelineOf(pipeline, actor));
  }
  const all = [...new Set([...shown.filter((name) => present.has(name)), ...present])];
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

/** A name in so many letters: what tells it from others is mostly at its end, and its pipeline at its beginning. */
export function cutName(name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name;
  const before = Math.floor((lengthMax - 1) * 0.35);
  return `${name.slice(0, before)}…${name.slice(before + 1 - lengthMax)}`;
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
