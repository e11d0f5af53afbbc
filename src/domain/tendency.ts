/** How fast pressure changes, and the words for it. */

/** One mean of a segment, as src/contract/store.ts keeps it. */
export interface TimedMean {
  /** Ms since 1970. */
  readonly timeMs: number;
  readonly mean: number;
  readonly readings: number;
}

export interface TendencyOptions {
  /** How far back means count, ms; 3 h unless given. */
  readonly windowMs?: number;
  /** Least span of the means for an answer, ms; 30 min unless given. */
  readonly minimumSpanMs?: number;
  /** End of the window, ms since 1970; the newest mean unless given. Later means are left out. */
  readonly untilMs?: number;
}

export interface Tendency {
  /** Change per 3 h, in the unit of the means (hPa for pressure); `null` while there is too little data. */
  readonly per3h: number | null;
  /** From the first to the last mean of the window, ms. */
  readonly spanMs: number;
  /** Means in the window, those of one moment counted once. */
  readonly means: number;
}

const hourMs = 3_600_000;
export const tendencyWindowMs = 3 * hourMs;
export const tendencyMinimumSpanMs = hourMs / 2;
export const tendencyMeansMin = 3;

/**
 * Slope of a straight line through the means of the last 3 h by ordinary least squares, unweighted:
 * `b = sum((t - T)(x - X)) / sum((t - T)^2)` with T and X the averages of times and values, times 3 h.
 * Differences are taken before products, since `t` in ms squared would leave no digits for `x`.
 * Order does not matter; of two means of the same moment the later in the list counts; what is not finite is left out.
 */
export function tendency(means: readonly TimedMean[], options: TendencyOptions = {}): Tendency {
  const finite = means.filter(({ timeMs, mean }) => Number.isFinite(timeMs) && Number.isFinite(mean));
  const untilMs =
    options.untilMs ?? finite.reduce((latest, { timeMs }) => Math.max(latest, timeMs), -Infinity);
  const sinceMs = untilMs - (options.windowMs ?? tendencyWindowMs);
  const byTime = new Map<number, number>();
  for (const { timeMs, mean } of finite) {
    if (timeMs >= sinceMs && timeMs <= untilMs) byTime.set(timeMs, mean);
  }
  // Sorted, so that the sums and their rounding do not depend on the order of arrival.
  const points = [...byTime].sort(([a], [b]) => a - b);
  const firstMs = points[0]?.[0] ?? 0;
  const spanMs = Math.round((points.at(-1)?.[0] ?? 0) - firstMs);
  const enough =
    points.length >= tendencyMeansMin && spanMs >= (options.minimumSpanMs ?? tendencyMinimumSpanMs);
  const slope = enough ? slopePerHour(points, firstMs) : Number.NaN;
  const per3h = Number.isFinite(slope * 3) ? slope * 3 : null;
  return { per3h, spanMs, means: points.length };
}

function slopePerHour(points: readonly (readonly [number, number])[], firstMs: number): number {
  const firstValue = points[0]![1];
  let hoursMean = 0;
  let valueMean = 0;
  for (const [timeMs, value] of points) {
    hoursMean += (timeMs - firstMs) / hourMs / points.length;
    valueMean += (value - firstValue) / points.length;
  }
  let together = 0;
  let square = 0;
  for (const [timeMs, value] of points) {
    const hours = (timeMs - firstMs) / hourMs - hoursMean;
    together += hours * (value - firstValue - valueMean);
    square += hours * hours;
  }
  return together / square;
}

/** Where the words change, hPa per 3 h; each but the first is the least amount of its word. */
export interface TendencyThresholds {
  readonly steadyBelow: number;
  readonly moderateFrom: number;
  readonly quickFrom: number;
  readonly veryRapidFrom: number;
}

/** Those of the Met Office, "Marine forecasts glossary: pressure tendency". */
export const metOfficeThresholds: TendencyThresholds = {
  steadyBelow: 0.1,
  moderateFrom: 1.6,
  quickFrom: 3.6,
  veryRapidFrom: 6.1,
};

/**
 * The word for a tendency in hPa per 3 h. By the Met Office's thresholds: below 0.1 steady, 0.1 to 1.5 slowly, 1.6 to 3.5
 * plain, 3.6 to 6.0 quickly, above 6.0 very rapidly. That glossary counts in tenths, so the amount is rounded to tenths first.
 */
export function tendencyWord(hPaPer3h: number, thresholds: TendencyThresholds = metOfficeThresholds): string {
  if (isSteady(hPaPer3h, thresholds.steadyBelow)) return 'steady';
  const direction = hPaPer3h < 0 ? 'falling' : 'rising';
  const amount = inTenths(hPaPer3h);
  if (amount < thresholds.moderateFrom) return `${direction} slowly`;
  if (amount < thresholds.quickFrom) return direction;
  if (amount < thresholds.veryRapidFrom) return `${direction} quickly`;
  return `${direction} very rapidly`;
}

/** Whether a change, rounded to tenths, is less than the least one that counts. */
export function isSteady(hPa: number, steadyBelow: number): boolean {
  return inTenths(hPa) < steadyBelow;
}

/** The size of a change as people read it: rounded to tenths. */
export function inTenths(hPa: number): number {
  return Math.round(Math.abs(hPa) * 10) / 10;
}
