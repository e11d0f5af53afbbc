/** Rows that say the same as one, so that what is rare is not buried under what is frequent. Pure. */
import type { EventRow } from './rows.ts';

export interface EventGroup {
  /** Stays the same while it grows. */
  readonly key: number;
  /** Oldest first, one at least. */
  readonly rows: readonly EventRow[];
  readonly last: EventRow;
}

/** What comes again after a longer pause is news. */
const pauseMsMax = 10_000;

/** Newest first, by the last of each. @param rows oldest first */
export function grouped(rows: readonly EventRow[], isGrouped: boolean): readonly EventGroup[] {
  const open = new Map<string, { rows: EventRow[]; lastMs: number; last: number }>();
  const all: { rows: EventRow[]; last: number }[] = [];
  rows.forEach((row, at) => {
    const before = isGrouped ? open.get(row.word) : undefined;
    if (before && row.timeMs - before.lastMs <= pauseMsMax) {
      before.rows.push(row);
      before.lastMs = row.timeMs;
      before.last = at;
      return;
    }
    const group = { rows: [row], lastMs: row.timeMs, last: at };
    if (isGrouped) open.set(row.word, group);
    all.push(group);
  });
  return (
    all
      .map(({ rows, last: at }) => ({ key: rows[0]!.item.place, rows, last: rows.at(-1)!, at }))
      // What two pipelines say comes in pieces, one a little later than the other.
      .sort((a, b) => b.last.timeMs - a.last.timeMs || b.at - a.at)
  );
}

/** A line on the screen: a group, or one of its rows where it is opened. */
export interface EventLine {
  readonly key: string;
  readonly group: EventGroup;
  /** What the line is about: the last of the group, or the one row. */
  readonly row: EventRow;
  readonly isInside: boolean;
}

/** So many rows of an opened group are shown, newest first. */
export const insideMax = 200;

/** @param opened keys of groups that are opened */
export function linesOf(groups: readonly EventGroup[], opened: ReadonlySet<number>): readonly EventLine[] {
  return groups.flatMap((group) => {
    const head = { key: `${group.key}`, group, row: group.last, isInside: false };
    if (group.rows.length === 1 || !opened.has(group.key)) return [head];
    const inside = group.rows.slice(-insideMax).reverse();
    return [
      head,
      ...inside.map((row) => ({ key: `${group.key}-${row.item.place}`, group, row, isInside: true })),
    ];
  });
}

/** The group that holds what was last at a moment; `null` when all of it came later. */
export function groupAt(groups: readonly EventGroup[], atMs: number): EventGroup | null {
  let found: EventGroup | null = null;
  let nearest = Number.NEGATIVE_INFINITY;
  for (const group of groups) {
    for (const { timeMs } of group.rows) {
      if (timeMs > atMs || timeMs <= nearest) continue;
      nearest = timeMs;
      found = group;
    }
  }
  return found;
}
