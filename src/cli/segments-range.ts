/** Which segments are meant, and sums of them. */
import type { SegmentInfo } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';

export interface SegmentOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  readonly stream?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly out?: string | undefined;
  readonly reason?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** The sequences that `--from` and `--to` name. */
export function rangeOf({ from, to }: SegmentOptions): { from: number; to: number } {
  const range = { from: whole('from', from) ?? 1, to: whole('to', to) ?? Number.POSITIVE_INFINITY };
  if (range.from > range.to) throw new FogrunError('usage', `--from ${from} is behind --to ${to}`);
  return range;
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (number >= 1) return number;
  throw new FogrunError('usage', `--${name} takes the sequence of a segment, from 1 up, not \`${text}\``);
}

/** Those within the range, of the stream if one is named. */
export function chosen(
  all: readonly SegmentInfo[],
  options: SegmentOptions,
  stream: string | undefined = options.stream,
): readonly SegmentInfo[] {
  const { from, to } = rangeOf(options);
  if (stream !== undefined && options.stream !== undefined && !all.some((each) => each.stream === stream)) {
    const known = [...new Set(all.map((each) => each.stream))];
    const there = known.length > 0 ? `only of ${known.join(', ')}` : 'and none of any other';
    throw new FogrunError('control-unknown', `no segments of a stream \`${stream}\` are held, ${there}`);
  }
  return all.filter(
    ({ stream: own, sequence }) =>
      sequence >= from && sequence <= to && (stream === undefined || own === stream),
  );
}

/** Those that were sealed: only they can be read, and given up. */
export function sealedOf(some: readonly SegmentInfo[]): readonly SegmentInfo[] {
  return some.filter(({ open }) => !open);
}

/** Readings and bytes that wait for their segment to be sealed. */
export function openOf(some: readonly SegmentInfo[]) {
  const sums = { readings: 0, bytes: 0 };
  for (const { open, count, bytes } of some) {
    if (!open) continue;
    sums.readings += count;
    sums.bytes += bytes;
  }
  return sums;
}

/** Sums of what is held: readings and bytes that are there, without what was discarded. */
export function sumsOf(some: readonly SegmentInfo[]) {
  const sums = { segments: some.length, readings: 0, bytes: 0, gaps: 0, discarded: 0 };
  for (const { type, count, bytes, discarded } of some) {
    if (discarded) sums.discarded += 1;
    else if (type === 'gap') sums.gaps += 1;
    else {
      sums.readings += count;
      sums.bytes += bytes;
    }
  }
  return sums;
}
