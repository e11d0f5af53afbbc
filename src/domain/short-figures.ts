/** Numbers and times as short texts, for a terminal and a page alike. */
import { formatSize } from './quantities.ts';

const grouped = new Intl.NumberFormat('en-US');
const two = (value: number) => String(value).padStart(2, '0');

/** What stands between a number and its unit: nothing where cells are few. */
export type Between = '' | ' ';

/** `1,204`. */
export const count = (value: number): string => grouped.format(value);

/** `4m12s`, `2h05m`, `3d04h`, `12s`, or `4 m 12 s`: two units at most, and whole seconds. */
export function span(ms: number, between: Between = ''): string {
  const units = (large: number, largeUnit: string, small: number, smallUnit: string) =>
    `${count(large)}${between}${largeUnit}${between}${two(small)}${between}${smallUnit}`;
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}${between}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return units(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return units(hours, 'h', minutes % 60, 'm');
  return units(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** What is left of a wait: `2.3s` below ten seconds, else as `span`; `now` when it is over. */
export function countdown(ms: number, between: Between = ''): string {
  if (ms <= 0) return 'now';
  if (ms < 10_000) return `${(Math.ceil(ms / 100) / 10).toFixed(1)}${between}s`;
  return span(ms + 999, between);
}

/** `0/s`, `0.3/s`, `12.3/s`, `1,204/s`, `1.2M/s`. */
export function rate(perSecond: number): string {
  if (perSecond <= 0) return '0/s';
  if (perSecond < 0.05) return '<0.1/s';
  if (perSecond < 99.95) return `${perSecond.toFixed(1)}/s`;
  if (perSecond < 999_500) return `${count(Math.round(perSecond))}/s`;
  return `${(perSecond / 1e6).toFixed(1)}M/s`;
}

/** `96 KiB`. */
export const size = (bytes: number): string => formatSize(bytes).replace(/(?<=\d)(?=[A-Z])/, ' ');
