/** A forecast as one line for people. */
import type { Forecast } from './message.ts';
import { nearlyAll } from './pressure-characteristic.ts';
import { reductionAltitudeMaxM } from './sea-level.ts';
import type { SegmentMean } from './segment-mean.ts';
import { type Tendency, tendencyMeansMin } from './tendency.ts';
import { printable } from './text.ts';

/** Names and units come from devices: longer ones are cut. */
const wordLengthMax = 40;

/** What the means were enough for. */
export interface Basis {
  readonly found: Tendency;
  /** Shortest span of means from which a tendency is given, ms. */
  readonly leastSpanMs: number;
}

/** 1 mbar is 1 hPa. */
export function isHectopascal(unit: string): boolean {
  return unit === 'hPa' || unit === 'mbar';
}

/** The line of a segment without a mean of the sensor. */
export function withoutMean(mean: SegmentMean | null, sensor: string): string {
  return `${mean ? 'No plausible' : 'No'} reading of ${printable(sensor, wordLengthMax)} in this segment.`;
}

/** The line of a segment with a mean; without `basis` it is not of pressure. */
export function forecastText(mean: SegmentMean, numbers: Omit<Forecast, 'text'>, basis?: Basis): string {
  const unit = printable(numbers.unit, wordLengthMax);
  const amount = `${forPeople(numbers.mean!)}${unit === '' ? '' : ` ${unit}`}`;
  if (!basis) {
    return `${amount}${mean.simulated ? ' (simulated)' : ''}; a tendency is told only of pressure in hPa.`;
  }
  const notes = [...(mean.simulated ? ['simulated'] : []), heightNote(numbers)];
  const head = `${amount} (${notes.join(', ')})`;
  const { tendency, tendencyWord } = numbers;
  if (tendency === null || tendencyWord === null) return `${head} · ${lacking(basis)}`;
  const parts = [`${head}, ${tendencyWord} (${changeNote(numbers, tendency)})`, outlook(numbers)];
  const { hasMs, needsMs } = numbers.confidence!;
  if (hasMs < nearlyAll * needsMs)
    parts.push(`uncertain: needs ${span(needsMs)} of data; has ${span(hasMs)}`);
  return parts.join(' · ');
}

function heightNote({ seaLevel, altitude }: Omit<Forecast, 'text'>): string {
  if (altitude === undefined) return 'station pressure';
  if (seaLevel === undefined) return 'too odd to reduce to sea level';
  return `${altitude > reductionAltitudeMaxM ? 'about ' : ''}${forPeople(seaLevel)} at sea level`;
}

function changeNote({ characteristic }: Omit<Forecast, 'text'>, tendency: number): string {
  const change = forPeople(tendency);
  const sign = tendency > 0 && change !== '0.0' ? '+' : '';
  const turn = characteristic?.text.includes(', then ') ? `: ${characteristic.text}` : '';
  return `${sign}${change} hPa in 3 h${turn}`;
}

function outlook({ zambretti, altitude }: Omit<Forecast, 'text'>): string {
  if (zambretti) return `Zambretti ${zambretti.letter}: ${zambretti.text}`;
  return `no Zambretti: no such pressure at sea level; ${altitude === undefined ? 'set `altitude`' : 'is `altitude` right?'}`;
}

function lacking({ found, leastSpanMs }: Basis): string {
  const what = 'no tendency or Zambretti yet';
  if (found.spanMs < leastSpanMs)
    return `${what}: needs ${span(leastSpanMs)} of data; has ${span(found.spanMs)}`;
  if (found.means < tendencyMeansMin)
    return `${what}: needs ${tendencyMeansMin} segments; has ${found.means}`;
  return 'no tendency or Zambretti: the values are too large';
}

/** One decimal, rounded as the word is, never `-0.0`, and short also for absurd amounts. */
function forPeople(value: number): string {
  if (Math.abs(value) >= 1e6) return value.toExponential(3);
  const tenths = Math.round(Math.abs(value) * 10);
  return `${value < 0 && tenths > 0 ? '-' : ''}${(tenths / 10).toFixed(1)}`;
}

/** Rounded down, so that nothing seems to be there that is not. */
function span(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return `${minutes} min`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
