/** `fogrun segments list`: a table of what is held. */
import type { SegmentInfo } from '../contract/control.ts';
import { formatDuration, formatSize } from '../domain/quantities.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../terminal/figures.ts';
import type { Holder } from './segments-holder.ts';
import { chosen, type SegmentOptions, sumsOf } from './segments-range.ts';

const titles = ['STREAM', 'SEQUENCE', 'TYPE', 'SEQS', 'READINGS', 'BYTES', 'SEALED', 'STATE'];
/** Numbers stand on the right. */
const rightAligned = new Set([1, 4, 5]);

export async function listSegments(holder: Holder, options: SegmentOptions): Promise<number> {
  const { pipeline, isRunning } = holder;
  const all = await holder.segments();
  const some = chosen(all, options);
  const sums = sumsOf(some);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ pipeline, running: isRunning, sums, segments: some })}\n`);
    return 0;
  }
  if (some.length === 0) {
    const what =
      all.length === 0
        ? 'no segments: all that was sealed is acknowledged'
        : `none of these segments, but ${counted(all.length, 'other')}: ${spansOf(all)}`;
    process.stdout.write(`${pipeline} holds ${what}\n`);
    return 0;
  }
  const now = systemClock.now();
  const rows = [titles, ...some.map((segment) => cells(segment, now))];
  const widths = titles.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (rightAligned.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  process.stdout.write(`${rows.map(line).join('\n')}\n\n${summary(pipeline, sums)}\n`);
  return 0;
}

/** `3 to 9 of readings`, of each stream. */
function spansOf(all: readonly SegmentInfo[]): string {
  const streams = Map.groupBy(all, ({ stream }) => stream);
  return Array.from(
    streams,
    ([stream, own]) => `${own[0]!.sequence} to ${own.at(-1)!.sequence} of ${stream}`,
  ).join(', ');
}

function cells(
  { stream, sequence, type, fromSeq, count, bytes, sealedAtMs, discarded }: SegmentInfo,
  now: number,
) {
  const seqs = count === 0 ? '-' : count === 1 ? `${fromSeq}` : `${fromSeq}–${fromSeq + count - 1}`;
  return [
    stream,
    `${sequence}`,
    type,
    seqs,
    type === 'gap' ? '-' : `${count}`,
    discarded ? '-' : formatSize(bytes),
    `${formatDuration(Math.max(0, now - sealedAtMs))} ago`,
    discarded ? 'discarded' : 'waits',
  ];
}

function summary(pipeline: string, sums: ReturnType<typeof sumsOf>): string {
  const { segments, readings, bytes, gaps, discarded } = sums;
  const parts = [counted(segments, 'segment')];
  if (discarded > 0) parts.push(`${discarded} of them discarded`);
  if (gaps > 0) parts.push(counted(gaps, 'gap'));
  parts.push(counted(readings, 'reading'), formatSize(bytes));
  return `${pipeline} holds ${parts.join(' · ')}`;
}
