/** How far long work has come, on one line of a terminal; nothing at all where there is none. */
import type { Clock } from '../contract/clock.ts';
import { bar, count, size, span } from './figures.ts';
import { cellsOf, cut } from './width.ts';

/** Such as `process.stderr`. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  /** What is done, such as `exporting edge`. */
  readonly label: string;
  /** How much it will be in all; `null` when nobody knows. */
  readonly total: number | null;
  readonly unit: 'bytes' | 'readings' | 'segments';
  readonly output: ProgressOutput;
  readonly clock: Clock;
  readonly unicode?: boolean;
}

export interface Progress {
  /** So much more is done. */
  add(amount: number): void;
  /** Empties the line. To be called before anything else is written there, and at the end; the next `add` draws anew. */
  clear(): void;
}

const frameMs = 100;
/** A remaining time said earlier than this would be a guess. */
const settledMs = 1_000;

export function createProgress(options: ProgressOptions): Progress {
  const { output, clock } = options;
  if (!output.isTTY) return { add: () => {}, clear: () => {} };
  const startMs = clock.monotonic();
  let done = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  return {
    add(amount) {
      done += amount;
      const nowMs = clock.monotonic();
      if (nowMs - drawnMs < frameMs) return;
      drawnMs = nowMs;
      isDrawn = true;
      output.write(`\r\u001b[K${progressLine(options, done, nowMs - startMs)}`);
    },
    clear() {
      if (isDrawn) output.write('\r\u001b[K');
      isDrawn = false;
    },
  };
}

/** `exporting edge ▕████░░░░▏ 42 % · 12.3 of 29 MiB · 4.1 MiB/s · 4s left`, one cell less than the terminal has. */
function progressLine(options: ProgressOptions, done: number, sinceMs: number): string {
  const { label, total, unit, output, unicode = true } = options;
  const columns = Math.max(1, (output.columns || 80) - 1);
  const amount = (value: number) => (unit === 'bytes' ? size(value) : count(value));
  const perSecond = sinceMs > 0 ? (done * 1_000) / sinceMs : 0;
  const words = unit === 'bytes' ? '' : ` ${unit}`;
  const parts: string[] = [];
  if (total !== null && total > 0) {
    const share = Math.min(1, done / total);
    parts.push(`${label} ${bar(share, 18, unicode)} ${Math.floor(share * 100)} %`);
    parts.push(`${amount(done)} of ${amount(Math.max(total, done))}${words}`);
  } else parts.push(label, `${amount(done)}${words}`);
  if (sinceMs >= settledMs) {
    parts.push(unit === 'bytes' ? `${size(Math.round(perSecond))}/s` : `${count(Math.round(perSecond))}/s`);
    if (total !== null && done < total && perSecond > 0)
      parts.push(`${span(((total - done) / perSecond) * 1_000)} left`);
  }
  const between = unicode ? ' · ' : ' - ';
  while (parts.length > 1 && cellsOf(parts.join(between)) > columns) parts.pop();
  return cut(parts.join(between), columns, unicode ? '…' : '~');
}
