/** `fogrun segments list`: a table of what is held. */
import type { SegmentInfo } from '../contract/control.ts';
import { formatDuration, formatSize } from '../domain/quantities.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../terminal/figures.ts';
import { columnsText } from './columns.ts';
import type { Holder } from './segments-holder.ts';
import { chosen, openOf, type SegmentOptions, sealedOf, sumsOf } from './segments-range.ts';

const titles = ['STREAM', 'SEQUENCE', 'TYPE', 'SEQS', 'READINGS', 'BYTES', 'SEALED', 'STATE'];
/** Numbers stand on the right. */
const rightAligned = new Set([1, 4, 5]);

export async function listSegments(holder: Holder, options: SegmentOptions): Promise<number> {
  process.stdout.write(await segmentList(holder, options, systemClock.now()));
  return 0;
}

/** The table or the JSON, as of `now`, ms since 1970. JSON has the open ones apart: only what is sealed can be read. */
export async function segmentList(holder: Holder, options: SegmentOptions, now: number): Promise<string> {
  const { pipeline, isRunning } = holder;
  const all = await holder.segments();
  const some = chosen(all, options);
  const segments = sealedOf(some);
  const sums = sumsOf(segments);
  if (options.json) {
    const open = some.filter((each) => each.open).map(openJson);
    return `${JSON.stringify({ pipeline, running: isRunning, sums, segments, open })}\n`;
  }
  if (some.length === 0) {
    const what =
      all.length === 0
        ? 'nothing: all readings are acknowledged'
        : `none of these segments, but ${counted(all.length, 'other')}: ${spansOf(all)}`;
    return `${pipeline} holds ${what}\n`;
  }
  const rows = some.map((segment) => cells(segment, now));
  return `${columnsText(titles, rows, rightAligned)}\n${summary(pipeline, sums, openOf(some))}\n`;
}

/** `3 to 9 of readings`, of each stream. */
function spansOf(all: readonly SegmentInfo[]): string {
  const streams = Map.groupBy(all, ({ stream }) => stream);
  return Array.from(
    streams,
    ([stream, own]) => `${own[0]!.sequence} to ${own.at(-1)!.sequence} of ${stream}`,
  ).join(', ');
}

function openJson({ stream, sequence, fromSeq, count, bytes, sealedAtMs }: SegmentInfo) {
  return { stream, sequence, fromSeq, count, bytes, sinceMs: sealedAtMs };
}

function cells(
  { stream, sequence, type, fromSeq, count, bytes, sealedAtMs, discarded, open }: SegmentInfo,
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
    `${open ? 'begun ' : ''}${formatDuration(Math.max(0, now - sealedAtMs))} ago`,
    open ? 'open' : discarded ? 'discarded' : 'waits',
  ];
}

function summary(pipeline: string, sums: ReturnType<typeof sumsOf>, open: ReturnType<typeof openOf>): string {
  const { segments, readings, bytes, gaps, discarded } = sums;
  const parts = [segments === 0 ? 'no sealed segment' : counted(segments, 'segment')];
  if (discarded > 0) parts.push(`${discarded} of them discarded`);
  if (gaps > 0) parts.push(counted(gaps, 'gap'));
  if (segments > 0) parts.push(counted(readings, 'reading'), formatSize(bytes));
  if (open.readings > 0) parts.push(`open: ${counted(open.readings, 'reading')}, ${formatSize(open.bytes)}`);
  return `${pipeline} holds ${parts.join(' · ')}`;
}
