/** How much of the past a chart shows. */

export interface Range {
  readonly id: string;
  readonly label: string;
  /** `null`: everything that is known. */
  readonly spanMs: number | null;
}

const minuteMs = 60_000;

export const ranges: readonly Range[] = [
  { id: '15m', label: '15 min', spanMs: 15 * minuteMs },
  { id: '3h', label: '3 h', spanMs: 180 * minuteMs },
  { id: '24h', label: '24 h', spanMs: 1_440 * minuteMs },
  { id: 'all', label: 'All', spanMs: null },
];

export const rangeNamed = (id: string | null): Range => ranges.find((range) => range.id === id) ?? ranges[0]!;

/** Everything is shown at least so wide. */
const leastMs = minuteMs;

/** @param firstMs the oldest that is known, ms since 1970; `null` when nothing is */
export function axisOf(range: Range, nowMs: number, firstMs: number | null) {
  if (range.spanMs !== null) return { fromMs: nowMs - range.spanMs, toMs: nowMs };
  return { fromMs: Math.min(firstMs ?? nowMs, nowMs - leastMs), toMs: nowMs };
}

/** From when on the server is asked for what it knows. */
export const askedSinceMs = (range: Range, nowMs: number): number =>
  range.spanMs === null ? 0 : Math.max(0, nowMs - range.spanMs);
