/** What a segment says about the weather to come: its mean, the tendency, and one sentence. */
import type { Forecast } from './message.ts';
import type { SegmentMean } from './segment-mean.ts';
import {
  type Tendency,
  type TendencyOptions,
  type TimedMean,
  tendency,
  tendencyMeansMin,
  tendencyMinimumSpanMs,
  tendencyWord,
} from './tendency.ts';
import { printable } from './text.ts';

export { type SegmentMean, segmentMean } from './segment-mean.ts';
export { type Tendency, type TendencyOptions, type TimedMean, tendency, tendencyWord } from './tendency.ts';

/** Names and units come from devices: longer ones are cut in the sentence. */
const wordLengthMax = 40;

export interface ForecastOptions extends Omit<TendencyOptions, 'untilMs'> {
  /** Such as `pressure`. */
  readonly sensor: string;
}

/**
 * What a falling or rising barometer is commonly taken to mean in temperate latitudes. A hint for people, not a
 * model of the weather.
 */
const outlooks: Readonly<Record<string, string>> = {
  steady: 'little change in the weather likely',
  'rising slowly': 'weather likely to become more settled',
  rising: 'weather likely to improve',
  'rising quickly': 'improvement likely, perhaps with gusts and not for long',
  'rising very rapidly': 'strong gusts possible, and the improvement may not last',
  'falling slowly': 'weather likely to become less settled',
  falling: 'rain or wind likely',
  'falling quickly': 'wind and rain likely soon',
  'falling very rapidly': 'a gale is possible soon',
};

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
  const { sensor } = options;
  if (mean === null || mean.mean === null) {
    const text = `${mean ? 'No plausible' : 'No'} reading of ${printable(sensor, wordLengthMax)} in this segment.`;
    const nothing = { tendency: null, tendencyWord: null, spanMs: 0, text };
    return { sensor, readings: 0, mean: null, unit: mean?.unit ?? '', ...nothing };
  }
  const own = { timeMs: mean.timeMs, mean: mean.mean, readings: mean.readings };
  const found = tendency([...means, own], { ...options, untilMs: mean.timeMs });
  const known = isHectopascal(mean.unit) ? found.per3h : null;
  const word = known === null ? null : tendencyWord(known);
  return {
    sensor,
    readings: mean.readings,
    mean: mean.mean,
    unit: mean.unit,
    tendency: known,
    tendencyWord: word,
    spanMs: found.spanMs,
    text: sentence(mean, mean.mean, found, known, word, options),
  };
}

function sentence(
  { unit, simulated }: SegmentMean,
  value: number,
  found: Tendency,
  known: number | null,
  word: string | null,
  options: ForecastOptions,
): string {
  const amount = `${forPeople(value)} ${printable(unit, wordLengthMax)}${simulated ? ' (simulated)' : ''}`;
  if (!isHectopascal(unit)) return `${amount}; a tendency is told only of pressure in hPa.`;
  if (known !== null && word !== null) {
    const change = forPeople(known);
    const sign = known > 0 && change !== '0.0' ? '+' : '';
    return `${amount}, ${word} (${sign}${change} hPa in 3 h): ${outlooks[word]}.`;
  }
  const spanMinMs = options.minimumSpanMs ?? tendencyMinimumSpanMs;
  if (found.spanMs < spanMinMs) {
    return `${amount}; the tendency needs ${span(spanMinMs)} of data and has ${span(found.spanMs)}.`;
  }
  if (found.means < tendencyMeansMin) {
    return `${amount}; the tendency needs ${tendencyMeansMin} segments and has ${found.means}.`;
  }
  return `${amount}; the values are too large for a tendency.`;
}

/** 1 mbar is 1 hPa. */
function isHectopascal(unit: string): boolean {
  return unit === 'hPa' || unit === 'mbar';
}

/** One decimal, rounded as the word is, never `-0.0`, and short also for absurd amounts. */
function forPeople(value: number): string {
  if (Math.abs(value) >= 1e6) return value.toExponential(3);
  const tenths = Math.round(Math.abs(value) * 10);
  return `${value < 0 && tenths > 0 ? '-' : ''}${(tenths / 10).toFixed(1)}`;
}

/** Rounded down, so that nothing seems to be there that is not. */
function span(ms: number): string {
  return ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : `${Math.floor(ms / 60_000)} min`;
}
