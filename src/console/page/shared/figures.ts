/** Numbers and times as short texts; `null` is a dash everywhere. */
import { formatSize } from '../../../domain/quantities.ts';

const grouped = new Intl.NumberFormat('en-US');
const two = (value: number) => String(value).padStart(2, '0');

/** `1,204`. */
export const count = (value: number | null): string => (value === null ? '–' : grouped.format(value));

/** `1 segment`, `1,204 readings`. */
export const counted = (value: number, word: string): string =>
  `${count(value)} ${word}${value === 1 ? '' : 's'}`;

/** `4 m 12 s`, `2 h 05 m`, `3 d 04 h`, `12 s`: two units at most, and whole seconds. */
export function span(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} m`;
  return `${grouped.format(Math.floor(hours / 24))} d ${two(hours % 24)} h`;
}

/** What is left of a wait: `2.3 s` below ten seconds, else as `span`; `now` when it is over. */
export function countdown(ms: number): string {
  if (ms <= 0) return 'now';
  if (ms < 10_000) return `${(Math.ceil(ms / 100) / 10).toFixed(1)} s`;
  return span(ms + 999);
}

/** `in 2.3 s`, and `now` when it is over. */
export const inTime = (ms: number): string => (ms <= 0 ? 'now' : `in ${countdown(ms)}`);

/** `0/s`, `0.3/s`, `12.3/s`, `1,204/s`, `1.2M/s`. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return '–';
  if (perSecond <= 0) return '0/s';
  if (perSecond < 0.05) return '<0.1/s';
  if (perSecond < 99.95) return `${perSecond.toFixed(1)}/s`;
  if (perSecond < 999_500) return `${count(Math.round(perSecond))}/s`;
  return `${(perSecond / 1e6).toFixed(1)}M/s`;
}

/** `96 KiB`. */
export const size = (bytes: number | null): string =>
  bytes === null ? '–' : formatSize(bytes).replace(/(?<=\d)(?=[A-Z])/, ' ');

/** `12:03:04`, in the time zone of whoever looks. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `12:03:04.250`. */
export const preciseTime = (ms: number): string =>
  `${clockTime(ms)}.${String(new Date(ms).getMilliseconds()).padStart(3, '0')}`;

/** `2026-03-01 12:03:04`. */
export function dateTime(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(ms)}`;
}
