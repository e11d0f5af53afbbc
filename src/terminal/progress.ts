/** How far long work has come, on one line of a terminal; nothing at all where there is none. */
import type { Clock } from '../contract/clock.ts';
import { formatSize } from '../domain/quantities.ts';

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
}

export interface Progress {
  /** So much more is done. */
  add(amount: number): void;
  /** Empties the line. To be called before anything else is written there, and at the end. */
  clear(): void;
}

const frameMs = 100;
const barCells = 20;

export function createProgress({ label, total, unit, output, clock }: ProgressOptions): Progress {
  if (!output.isTTY) return { add: () => {}, clear: () => {} };
  const amount = (value: number) => (unit === 'bytes' ? formatSize(value) : `${value} ${unit}`);
  let done = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    add(more) {
      done += more;
      if (clock.monotonic() - drawnMs < frameMs) return;
      drawnMs = clock.monotonic();
      const share = total ? Math.min(1, done / total) : 0;
      const full = Math.round(share * barCells);
      const drawn = total
        ? ` [${'#'.repeat(full)}${'-'.repeat(barCells - full)}] ${Math.floor(share * 100)} %`
        : '';
      const text = `${label}${drawn} ${amount(done)}`;
      output.write(`\r\u001b[K${text.slice(0, Math.max(1, (output.columns || 80) - 1))}`);
    },
    clear() {
      if (drawnMs !== Number.NEGATIVE_INFINITY) output.write('\r\u001b[K');
      drawnMs = Number.NEGATIVE_INFINITY;
    },
  };
}
