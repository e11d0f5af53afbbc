/** What a segment says about the weather to come: its mean, the tendency, Zambretti's forecast, and one line of text. */
import { forecastText, isHectopascal, withoutMean } from './forecast-text.ts';
import type { Forecast } from './message.ts';
import { characteristicWindowMs, pressureCharacteristic } from './pressure-characteristic.ts';
import { seaLevelPressure } from './sea-level.ts';
import type { SegmentMean } from './segment-mean.ts';
import {
  metOfficeThresholds,
  type TendencyOptions,
  type TendencyThresholds,
  type TimedMean,
  tendency,
  tendencyMinimumSpanMs,
  tendencyWindowMs,
  tendencyWord,
} from './tendency.ts';
import { clip } from './text.ts';
import { britishRange, type Hemisphere, type PressureRange, zambretti, zambrettiTrend } from './zambretti.ts';

export { type SegmentMean, segmentMean } from './segment-mean.ts';
export { type Tendency, type TendencyOptions, type TimedMean, tendency, tendencyWord } from './tendency.ts';

export interface ForecastThresholds extends TendencyThresholds {
  /** What pressure must bend, rise or fall within 3 h for a turn, hPa. */
  readonly turnFrom: number;
  /** From this change on, in hPa per 3 h, Zambretti's trend is not steady. */
  readonly trendFrom: number;
}

/** The trend that users of the Zambretti Forecaster commonly take as the least is 1.6 hPa in 3 h. */
export const commonThresholds: ForecastThresholds = { ...metOfficeThresholds, turnFrom: 0.3, trendFrom: 1.6 };

/** Where an edge stands, and in what weather. */
export interface Site {
  /** Above sea level, m; `null` takes pressure as it is. */
  readonly altitudeM: number | null;
  readonly temperatureC: number;
  readonly hemisphere: Hemisphere;
  /** Where the wind comes from; `null` when not known. */
  readonly windDegrees: number | null;
  readonly range: PressureRange;
}

export const unknownSite: Site = {
  altitudeM: null,
  temperatureC: 15,
  hemisphere: 'north',
  windDegrees: null,
  range: britishRange,
};

export interface ForecastOptions extends Omit<TendencyOptions, 'untilMs'> {
  /** Such as `pressure`. */
  readonly sensor: string;
  readonly site?: Site;
  readonly thresholds?: ForecastThresholds;
}

/** How far back the means of a sensor matter, ms. */
export function lookBackMs(windowMs: number): number {
  return Math.max(windowMs, characteristicWindowMs);
}

/** Devices may write any; an edge takes no message with a longer one, and would say nothing. */
const unitLengthMax = 32;

/** No sea was ever under less or more pressure, hPa: the records are 870 and 1,084. */
const seaLevelRangeHPa = { min: 860, max: 1090 };

/**
 * The forecast of one segment.
 * @param mean of this segment; `null` when it holds no reading of the sensor
 * @param means of earlier segments of the same edge and sensor, in any order; this segment's own may be among them
 */
export function makeForecast(
  mean: SegmentMean | null,
  means: readonly TimedMean[],
  options: ForecastOptions,
): Forecast {
  const { sensor, site = unknownSite, thresholds = commonThresholds } = options;
  const base = { sensor, unit: clip(mean?.unit ?? '', unitLengthMax) };
  const nothing = { tendency: null, tendencyWord: null };
  if (mean === null || mean.mean === null) {
    return { ...base, ...nothing, readings: 0, mean: null, spanMs: 0, text: withoutMean(mean, sensor) };
  }
  const own = { timeMs: mean.timeMs, mean: mean.mean, readings: mean.readings };
  const all = [...means, own];
  const found = tendency(all, { ...options, untilMs: mean.timeMs });
  const made = { ...base, readings: mean.readings, mean: mean.mean, spanMs: found.spanMs };
  if (!isHectopascal(mean.unit)) {
    return { ...made, ...nothing, text: forecastText(mean, { ...made, ...nothing }) };
  }
  const { per3h } = found;
  const seaLevel =
    site.altitudeM === null
      ? null
      : seaLevelPressure({ ...site, stationHPa: own.mean, altitudeM: site.altitudeM });
  const characteristic =
    per3h === null ? null : pressureCharacteristic(all, { ...thresholds, untilMs: own.timeMs });
  const atSea = seaLevel ?? own.mean;
  const plausible = atSea >= seaLevelRangeHPa.min && atSea <= seaLevelRangeHPa.max;
  const trend = per3h === null ? null : zambrettiTrend(per3h, thresholds.trendFrom);
  const numbers = {
    ...made,
    tendency: per3h,
    tendencyWord: per3h === null ? null : tendencyWord(per3h, thresholds),
    ...(site.altitudeM !== null && { altitude: site.altitudeM }),
    ...(seaLevel !== null && { seaLevel }),
    ...(characteristic && { characteristic }),
    ...(trend !== null &&
      plausible && { zambretti: zambretti({ ...site, seaLevelHPa: atSea, trend, timeMs: own.timeMs }) }),
    confidence: { hasMs: Math.min(found.spanMs, tendencyWindowMs), needsMs: tendencyWindowMs },
  };
  const leastSpanMs = options.minimumSpanMs ?? tendencyMinimumSpanMs;
  return { ...numbers, text: forecastText(mean, numbers, { found, leastSpanMs }) };
}
