/** Curves for a chart: points over time, thinned to what a screen can show, and broken where nothing was measured. */

/** Both of one length; times in ms since 1970, rising; `null` breaks the line. */
export interface Curve {
  readonly timesMs: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface CurveOptions {
  readonly fromMs: number;
  readonly toMs: number;
  /** More points than that are thinned: of each part the lowest and the highest stay. */
  readonly pointsMax: number;
  /** A pause that is longer than this breaks the line; by default four times the usual distance of its points. */
  readonly breakMs?: number;
}

/** Least pause that breaks a line whose break is not given. */
const breakLeastMs = 3_000;
const breakDistances = 4;

/** @param points in order of time, but for a few that are late */
export function curveOf<P>(
  points: readonly P[],
  at: (point: P) => { readonly timeMs: number; readonly value: number },
  options: CurveOptions,
): Curve {
  const { fromMs, toMs, pointsMax } = options;
  const seen = points
    .map(at)
    .filter(({ timeMs, value }) => timeMs >= fromMs && timeMs <= toMs && Number.isFinite(value))
    .sort((a, b) => a.timeMs - b.timeMs);
  const breakMs = options.breakMs ?? Math.max(breakLeastMs, breakDistances * usualDistance(seen));
  const kept = seen.length > pointsMax ? thinned(seen, options) : seen;
  const curve = { timesMs: [] as number[], values: [] as (number | null)[] };
  // Thinned points are further apart than those that were measured.
  const spanMs = Math.max(breakMs, kept === seen ? 0 : (3 * (toMs - fromMs)) / pointsMax);
  for (const { timeMs, value } of kept) {
    const last = curve.timesMs.at(-1);
    if (last === timeMs) {
      curve.values[curve.values.length - 1] = value;
      continue;
    }
    if (last !== undefined && timeMs - last > spanMs) {
      curve.timesMs.push(last + 1);
      curve.values.push(null);
    }
    curve.timesMs.push(timeMs);
    curve.values.push(value);
  }
  return curve;
}

interface Dot {
  readonly timeMs: number;
  readonly value: number;
}

function usualDistance(dots: readonly Dot[]): number {
  const distances = dots.slice(1).map(({ timeMs }, i) => timeMs - dots[i]!.timeMs);
  return distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0;
}

function thinned(dots: readonly Dot[], { fromMs, toMs, pointsMax }: CurveOptions): Dot[] {
  const partMs = (toMs - fromMs) / Math.max(1, Math.floor(pointsMax / 2));
  const kept: Dot[] = [];
  let part = { number: -1, low: dots[0]!, high: dots[0]! };
  const close = () => {
    if (part.number < 0) return;
    const { low, high } = part;
    if (low === high) kept.push(low);
    else kept.push(...(low.timeMs < high.timeMs ? [low, high] : [high, low]));
  };
  for (const dot of dots) {
    // By whole parts since 1970, so that what is shown does not tremble while the axis moves on.
    const number = Math.floor(dot.timeMs / partMs);
    if (number !== part.number) {
      close();
      part = { number, low: dot, high: dot };
    }
    if (dot.value < part.low.value) part.low = dot;
    if (dot.value > part.high.value) part.high = dot;
  }
  close();
  return kept;
}

/** Several curves on one axis of time: a column each, in which `undefined` means that the curve has no point there. */
export function aligned(curves: readonly Curve[]): {
  readonly timesMs: readonly number[];
  readonly columns: readonly (readonly (number | null | undefined)[])[];
} {
  const timesMs = [...new Set(curves.flatMap((curve) => curve.timesMs))].sort((a, b) => a - b);
  const places = new Map(timesMs.map((timeMs, place) => [timeMs, place]));
  const columns = curves.map((curve) => {
    const column = new Array<number | null | undefined>(timesMs.length).fill(undefined);
    for (const [i, timeMs] of curve.timesMs.entries()) column[places.get(timeMs)!] = curve.values[i];
    return column;
  });
  return { timesMs, columns };
}

/** The value nearest to a moment, if there is one within `withinMs`. */
export function valueAt({ timesMs, values }: Curve, timeMs: number, withinMs: number): Dot | null {
  let [low, high] = [0, timesMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  let best: Dot | null = null;
  for (const place of [low - 2, low - 1, low, low + 1]) {
    const value = values[place];
    if (value === undefined || value === null) continue;
    const distance = Math.abs(timesMs[place]! - timeMs);
    if (distance > withinMs || (best && distance >= Math.abs(best.timeMs - timeMs))) continue;
    best = { timeMs: timesMs[place]!, value };
  }
  return best;
}

/** Rows of a table that says what a curve shows. */
export interface CurveRow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The curve in at most `rowsMax` equal parts, newest first; parts without a value are left out. */
export function rowsOf({ timesMs, values }: Curve, rowsMax: number): readonly CurveRow[] {
  const [first, last] = [timesMs[0], timesMs.at(-1)];
  if (first === undefined || last === undefined) return [];
  const partMs = Math.max(1_000, (last - first + 1) / rowsMax);
  const parts = new Map<number, number[]>();
  for (const [i, timeMs] of timesMs.entries()) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    const part = Math.min(rowsMax - 1, Math.floor((timeMs - first) / partMs));
    const own = parts.get(part) ?? [];
    own.push(value);
    parts.set(part, own);
  }
  return [...parts]
    .sort(([a], [b]) => b - a)
    .map(([part, some]) => ({
      fromMs: first + part * partMs,
      toMs: Math.min(last, first + (part + 1) * partMs),
      mean: some.reduce((sum, value) => sum + value, 0) / some.length,
      low: Math.min(...some),
      high: Math.max(...some),
    }));
}
