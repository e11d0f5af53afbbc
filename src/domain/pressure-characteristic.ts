/** How pressure went during the last 3 h: rise then fall, and so on, as one figure of the WMO's code table 0200. */
import { isSteady, type TimedMean } from './tendency.ts';

export interface Characteristic {
  /** 0 to 8, code table 0200 of WMO-No. 306, "Manual on Codes", volume I.1. */
  readonly code: number;
  /** In a few words, such as `rising, then falling`. */
  readonly text: string;
}

export interface CharacteristicOptions {
  /** End of the 3 h, ms since 1970. */
  readonly untilMs: number;
  /** Less than this, in hPa in 3 h and rounded to tenths, is no change. */
  readonly steadyBelow: number;
  /** What the curve must bend, and what a part of it must go to count as a rise or a fall, hPa. */
  readonly turnFrom: number;
}

const hourMs = 3_600_000;
/** The code table is about this span and no other. */
export const characteristicWindowMs = 3 * hourMs;
/** Segments do not end on the hour: a tenth of the span may be missing. */
export const nearlyAll = 0.9;
const binMs = hourMs / 4;
const binsMin = 6;
/** In a longer hole a turn could hide. */
const holeMaxMs = hourMs;
/** Nearer to the ends a bend would rest on too few means. */
const kneeMin = 0.2;

/**
 * Means of quarters of an hour are fitted, by least squares, with two straight lines that meet at a knee; of all knees
 * between a fifth and four fifths of the span the best is taken. Where the curve bends by less than `turnFrom` it is one
 * line. So noise of single readings or segments does not make a turn.
 * @returns `null` when the means do not tell of nearly 3 h without a hole of an hour
 */
export function pressureCharacteristic(
  means: readonly TimedMean[],
  options: CharacteristicOptions,
): Characteristic | null {
  const points = quarters(means, options.untilMs);
  const last = points.at(-1);
  if (!last || points.length < binsMin) return null;
  const spanHours = last.hours - points[0]!.hours;
  if (spanHours * hourMs < nearlyAll * characteristicWindowMs) return null;
  const holed = points.some(({ hours }, i) => i > 0 && (hours - points[i - 1]!.hours) * hourMs > holeMaxMs);
  if (holed) return null;
  const curve = bestCurve(points, points[0]!.hours, spanHours);
  return curve && classify(curve, options);
}

interface Point {
  readonly hours: number;
  readonly hPa: number;
}

/** Averages of each quarter of an hour, by time, in hours before the end and hPa against the first. */
function quarters(means: readonly TimedMean[], untilMs: number): Point[] {
  const bins = new Map<number, { hours: number; mean: number; count: number }>();
  for (const { timeMs, mean } of means) {
    const agoMs = untilMs - timeMs;
    if (!Number.isFinite(mean) || !(agoMs >= 0 && agoMs <= characteristicWindowMs)) continue;
    const at = Math.floor(agoMs / binMs);
    const bin = bins.get(at) ?? { hours: 0, mean: 0, count: 0 };
    bin.count++;
    bin.hours += (-agoMs / hourMs - bin.hours) / bin.count;
    bin.mean += mean / bin.count - bin.mean / bin.count;
    bins.set(at, bin);
  }
  const sorted = [...bins.values()].sort((a, b) => a.hours - b.hours);
  return sorted.map(({ hours, mean }) => ({ hours, hPa: mean - sorted[0]!.mean }));
}

interface Curve {
  /** Change before and after the knee, hPa. */
  readonly before: number;
  readonly after: number;
  /** How far the knee is from a straight line between the ends, hPa. */
  readonly bend: number;
  /** Of the two parts, hPa per h. */
  readonly slopes: readonly [number, number];
}

function bestCurve(points: readonly Point[], start: number, span: number): Curve | null {
  let best: Curve | null = null;
  let bestLeft = Number.POSITIVE_INFINITY;
  for (const { hours } of points) {
    const share = (hours - start) / span;
    if (share < kneeMin || share > 1 - kneeMin) continue;
    const { slopes, left } = fitKnee(points, hours);
    if (!Number.isFinite(left) || !slopes.every(Number.isFinite)) return null;
    if (left >= bestLeft) continue;
    bestLeft = left;
    const [first, second] = slopes;
    best = {
      before: first * share * span,
      after: second * (1 - share) * span,
      bend: Math.abs(first - second) * share * (1 - share) * span,
      slopes,
    };
  }
  return best;
}

/** `hPa = c + first * min(hours, knee) + second * max(hours - knee, 0)`; `left` are the squares that remain. */
function fitKnee(points: readonly Point[], knee: number): { slopes: [number, number]; left: number } {
  const rows = points.map(
    ({ hours, hPa }) => [Math.min(hours, knee), Math.max(hours - knee, 0), hPa] as const,
  );
  const [u, v, y] = [0, 1, 2].map((i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
  let [uu, uv, vv, uy, vy, yy] = [0, 0, 0, 0, 0, 0];
  for (const row of rows) {
    const [du, dv, dy] = [row[0] - u!, row[1] - v!, row[2] - y!];
    uu += du * du;
    uv += du * dv;
    vv += dv * dv;
    uy += du * dy;
    vy += dv * dy;
    yy += dy * dy;
  }
  const together = uu * vv - uv * uv;
  const first = (uy * vv - vy * uv) / together;
  const second = (vy * uu - uy * uv) / together;
  return { slopes: [first, second], left: Math.max(0, yy - first * uy - second * vy) };
}

function classify({ before, after, bend, slopes }: Curve, options: CharacteristicOptions): Characteristic {
  const net = before + after;
  const steady = isSteady(net, options.steadyBelow);
  if (bend < options.turnFrom) {
    if (steady) return { code: 4, text: 'steady' };
    return net > 0 ? { code: 2, text: 'rising' } : { code: 7, text: 'falling' };
  }
  const way = (hPa: number) => (Math.abs(hPa) < options.turnFrom ? 'steady' : hPa > 0 ? 'rising' : 'falling');
  const [from, to] = [way(before), way(after)];
  if (from !== to) {
    const text = `${from}, then ${to}`;
    if (from === 'rising') return { code: to === 'steady' ? 1 : net > 0 || steady ? 0 : 8, text };
    if (from === 'falling') return { code: to === 'steady' ? 6 : net < 0 || steady ? 5 : 3, text };
    return { code: to === 'rising' ? 3 : 8, text };
  }
  const quicker = Math.abs(slopes[1]) > Math.abs(slopes[0]);
  const text = `${from}, then ${from} more ${quicker ? 'quickly' : 'slowly'}`;
  if (from === 'rising') return { code: quicker ? 3 : 1, text };
  return { code: quicker ? 8 : 6, text };
}
