/** Numbers and times as short texts; `null` is a dash everywhere. */
import * as short from '../../../domain/short-figures.ts';
import { counted as plainly } from '../../../domain/text.ts';

const two = (value: number) => String(value).padStart(2, '0');

/** Of a number that may not be known. */
const orDash = (text: (value: number) => string) => (value: number | null) =>
  value === null ? '–' : text(value);

/** `1,204`. */
export const count = orDash(short.count);

/** `1 segment`, `1,204 readings`. */
export const counted = (value: number, word: string): string => plainly(value, word, count(value));

/** `4 m 12 s`, `2 h 05 m`, `3 d 04 h`, `12 s`: two units at most, and whole seconds. */
export const span = orDash((ms) => short.span(ms, ' '));

/** What is left of a wait: `2.3 s` below ten seconds, else as `span`; `now` when it is over. */
export const countdown = (ms: number): string => short.countdown(ms, ' ');

/** `in 2.3 s`, and `now` when it is over. */
export const inTime = (ms: number): string => (ms <= 0 ? 'now' : `in ${countdown(ms)}`);

/** `0/s`, `0.3/s`, `12.3/s`, `1,204/s`, `1.2M/s`. */
export const rate = orDash(short.rate);

/** `96 KiB`. */
export const size = orDash(short.size);

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
