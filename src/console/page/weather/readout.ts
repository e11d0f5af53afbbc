/** What the instrument says: the value now, where it is going, and how sure that is. */
import type { Weather } from '../../../contract/weather.ts';
import type { Forecast } from '../../../domain/message.ts';
import { tendency } from '../../../domain/tendency.ts';
import { isPressure, type Sensor } from './sensors.ts';

export interface Reading {
  readonly value: number;
  /** When it was measured, ms since 1970 on the edge's clock; of a mean, the middle of its segment. */
  readonly atMs: number;
  readonly from: 'sample' | 'mean';
}

export interface Readout {
  readonly now: Reading | null;
  readonly simulated: boolean;
  /** Change in 3 h, in the sensor's unit; `null` while there is too little to go by. */
  readonly per3h: number | null;
  /** Such as `falling slowly`; of pressure only. */
  readonly word: string | null;
  /** Only of the sensor that the forecaster looks at. */
  readonly forecast: { readonly atMs: number; readonly forecast: Forecast } | null;
}

export type KnownForecast = Weather['forecasts'][number];

/** @param forecasts in any order; the newest of the edge counts */
export function readoutOf(sensor: Sensor, forecasts: readonly KnownForecast[]): Readout {
  const sample = sensor.samples.at(-1);
  const mean = sensor.means.at(-1);
  const newest = forecasts
    .filter(({ edge, forecast }) => edge === sensor.edge && forecast.sensor === sensor.sensor)
    .sort((a, b) => a.atMs - b.atMs)
    .at(-1);
  // Of many that come at once few are looked at: the mean of the last of them may be of later than the last reading that was.
  const isMeanNewer = mean !== undefined && (!sample || mean.timeMs > sample.readingTimeMs);
  const now: Reading | null = isMeanNewer
    ? { value: mean.mean, atMs: mean.timeMs, from: 'mean' }
    : sample
      ? { value: sample.value, atMs: sample.readingTimeMs, from: 'sample' }
      : null;
  const told = newest?.forecast.tendency ?? null;
  return {
    now,
    simulated: sample?.simulated === true || /\(simulated\b/.test(newest?.forecast.text ?? ''),
    per3h: told ?? tendency(sensor.means).per3h,
    word: newest?.forecast.tendencyWord ?? null,
    forecast: newest ? { atMs: newest.atMs, forecast: newest.forecast } : null,
  };
}

/** A change of so many hPa in 3 h is as steep as the arrow gets: beyond it the Met Office says `very rapidly`. */
const steepest = 6;
const degreesMax = 75;

/** How the arrow of the tendency turns: 0 points to the right, positive ones up. */
export function arrowDegrees(per3h: number): number {
  const share = Math.max(-1, Math.min(1, per3h / steepest));
  // Small changes are what weather mostly does: they must be seen.
  return Math.round(Math.sign(share) * Math.abs(share) ** 0.7 * degreesMax);
}

/** `+0.4`, `−1.2`, `0.0`. */
export function signed(value: number, digits: number = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** Digits after the point that a value of that unit is read with. */
export function digitsOf({ unit }: Pick<Sensor, 'unit'>): number {
  return unit === '%RH' || unit === '%' || unit === 'lx' ? 1 : isPressure({ unit }) || unit === '°C' ? 2 : 3;
}

/** `1,013.25`; what is absurdly large is short. */
export function valueText(value: number, digits: number): string {
  if (Math.abs(value) >= 1e7) return value.toExponential(3);
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export interface Outlook {
  /** Zambretti's letter; `null` while there is none. */
  readonly letter: string | null;
  /** The forecast in words, or why there is none. */
  readonly sentence: string;
  /** Share of the data that it takes to be sure, 0 to 1; `null` when that is not told. */
  readonly share: number | null;
  readonly hasMs: number;
  readonly needsMs: number;
}

export function outlookOf({ zambretti, confidence, text }: Forecast): Outlook {
  const { hasMs, needsMs } = confidence ?? { hasMs: 0, needsMs: 0 };
  const share = confidence && needsMs > 0 ? Math.min(1, hasMs / needsMs) : null;
  if (zambretti) return { letter: zambretti.letter, sentence: zambretti.text, share, hasMs, needsMs };
  // Its first part repeats the value, which stands above already.
  const [head = '', ...rest] = text.split(' · ');
  return { letter: null, sentence: rest.length > 0 ? rest.join(' · ') : head, share, hasMs, needsMs };
}

/** Why pressure is told as it is at the station, where none at sea level is told. */
export function stationNote({ altitude, mean }: Forecast): string {
  const head = 'Pressure as it is at the station';
  if (altitude === undefined) return `${head}: the forecaster's \`altitude\` is not set.`;
  if (mean === null) return `${head}, at ${altitude} m.`;
  return `${head}: with an \`altitude\` of ${altitude} m it cannot be reduced to sea level. Is that altitude right?`;
}
