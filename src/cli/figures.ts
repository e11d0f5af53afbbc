/** Figures as short texts, and the cells that a text takes in a terminal. */
import { formatSize } from '../domain/quantities.ts';

/** `4m12s`, `2h05m`, `3d04h`, `12s`: two units at most, and whole seconds. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ];
  const at = units.findIndex(([, length]) => seconds >= length);
  if (at < 0) return '0s';
  const [unit, length] = units[at]!;
  const next = units[at + 1];
  const whole = `${Math.floor(seconds / length)}${unit}`;
  return next
    ? `${whole}${String(Math.floor((seconds % length) / next[1])).padStart(2, '0')}${next[0]}`
    : whole;
}

/** What is left of a wait: with tenths below ten seconds. */
export function countdown(ms: number): string {
  if (ms <= 0) return 'now';
  return ms < 10_000 ? `${(Math.ceil(ms / 100) / 10).toFixed(1)}s` : span(ms + 999);
}

const grouped = new Intl.NumberFormat('en-US');

/** `1,204`. */
export const count = (value: number): string => grouped.format(value);

/** `12.3/s`, `1,204/s`. */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return '<0.1/s';
  return `${perSecond < 99.95 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

/** `96 KiB`. */
export const size = (bytes: number): string => formatSize(bytes).replace(/(?<=\d)(?=[A-Z])/, ' ');

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** East Asian Wide and Fullwidth by blocks (Unicode Standard Annex #11), and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{16fe0}-\u{1b2fb}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Regional_Indicator}/u;
const plain = /^[\x20-\x7e]*$/;

/** Cells of a text without controls. */
export function cellsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of letters.segment(text)) cells += wide.test(segment) ? 2 : 1;
  return cells;
}

/** What fits of it into so many cells; what was cut is marked by an ellipsis. */
export function cut(text: string, cellsMax: number): string {
  if (cellsOf(text) <= cellsMax) return text;
  let cells = 0;
  let kept = '';
  for (const { segment } of letters.segment(text)) {
    cells += cellsOf(segment);
    if (cells > cellsMax - 1) break;
    kept += segment;
  }
  return cellsMax > 0 ? `${kept}…` : '';
}
