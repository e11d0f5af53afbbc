/** Numbers as short texts and as drawings. */
import type { GapReason, LostCounts } from '../domain/gap.ts';
import { count } from '../domain/short-figures.ts';
import { counted as plainly } from '../domain/text.ts';

export { count, countdown, rate, size, span } from '../domain/short-figures.ts';

/** `1 segment`, `1,204 readings`. */
export function counted(value: number, word: string): string {
  return plainly(value, word, count(value));
}

const lostReasons: readonly GapReason[] = ['missed', 'dropped', 'discarded', 'refused', 'corrupt'];

/** `1,204 dropped, 12 missed`: readings that became gaps; empty when there are none. */
export function lostText(lost: LostCounts | undefined): string {
  const some = lostReasons.filter((reason) => (lost?.[reason] ?? 0) > 0);
  return some.map((reason) => `${count(lost![reason]!)} ${reason}`).join(', ');
}

/** Cells that are partly filled, by eighths. */
const partly = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `cells` cells; a share above nothing shows, and one below all is not full. */
export function bar(share: number, cells: number, unicode: boolean): string {
  if (cells < 3) return ' '.repeat(Math.max(0, cells));
  const inner = cells - 2;
  const bounded = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const steps = unicode ? 8 : 2;
  let filled = Math.round(bounded * inner * steps);
  if (bounded > 0) filled = Math.max(1, filled);
  if (bounded < 1) filled = Math.min(filled, inner * steps - 1);
  const full = Math.floor(filled / steps);
  const part = unicode ? partly[filled % steps]! : filled % steps > 0 ? ':' : '';
  const [open, on, off, close] = unicode ? ['▕', '█', '░', '▏'] : ['[', '#', '-', ']'];
  return open + on.repeat(full) + part + off.repeat(inner - full - part.length) + close;
}

/** Not up to the full block: rows below each other would run together. */
const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
const marks = ['_', '.', '-', '=', '+', '*', '#'];

/**
 * The last `secondsMax` seconds in `cells` cells, newest on the right, its peak the highest; what lies before the first
 * second is empty. Nothing at all is the lowest mark, and anything more than that.
 */
export function sparkline(
  perSecond: readonly number[],
  cells: number,
  unicode: boolean,
  secondsMax: number = 60,
): string {
  const each = secondsMax / cells;
  const buckets: (number | null)[] = [];
  for (let cell = 0; cell < cells; cell++) {
    // Counted from the newest second backwards.
    const from = Math.round((cells - cell) * each);
    const to = Math.round((cells - cell - 1) * each);
    const some = perSecond.slice(Math.max(0, perSecond.length - from), Math.max(0, perSecond.length - to));
    buckets.push(some.length === 0 ? null : some.reduce((a, b) => a + b, 0) / some.length);
  }
  const peak = Math.max(0, ...buckets.map((value) => value ?? 0));
  const scale = unicode ? blocks : marks;
  return buckets
    .map((value) => {
      if (value === null) return ' ';
      if (value <= 0) return scale[0];
      return scale[Math.max(1, Math.ceil((value / peak) * (scale.length - 1)))];
    })
    .join('');
}
