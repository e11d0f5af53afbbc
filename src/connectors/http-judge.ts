/** Judges the body of a request, in steps that leave the event loop room. */
import { arrayToLines } from '../domain/array-lines.ts';
import { withoutByteOrderMark } from '../domain/byte-order-mark.ts';
import { type IntakeRules, type LineRefusal, takeLines } from '../domain/intake.ts';
import type { Outcome } from './http-answer.ts';
import type { BodyForm } from './http-head.ts';

export interface Judged extends Outcome {
  readonly pieces: readonly { readonly lines: Uint8Array; readonly count: number; readonly stamped?: true }[];
}

const blockBytes = 128 * 2 ** 10;
const refusalsMax = 100;
const newline = 0x0a;

/**
 * @param linesBytesMax most bytes that its readings may come to: a value of one byte becomes a reading of a hundred
 * @returns `tooLarge` when they come to more
 */
export async function judgeBody(
  body: Uint8Array,
  form: BodyForm,
  rules: IntakeRules,
  time: string,
  linesBytesMax: number,
): Promise<Judged | 'tooLarge'> {
  const unmarked = withoutByteOrderMark(body);
  const found = form === 'json' ? arrayToLines(unmarked) : { lines: unmarked };
  if ('complaint' in found) {
    return { pieces: [], accepted: 0, refused: 1, refusals: [{ line: 1, reason: found.complaint }] };
  }
  const text = found.lines;
  const pieces: { lines: Uint8Array; count: number; stamped?: true }[] = [];
  const refusals: LineRefusal[] = [];
  let accepted = 0;
  let refused = 0;
  let bytes = 0;
  let line = 1;
  for (let start = 0; start < text.length; ) {
    const block = text.subarray(start, endOfBlock(text, start));
    const taken = takeLines(block, rules, line, time);
    bytes += taken.lines.length;
    if (bytes > linesBytesMax) return 'tooLarge';
    if (taken.count > 0) pieces.push(taken);
    accepted += taken.count;
    refused += taken.refused;
    refusals.push(...taken.refusals.slice(0, refusalsMax - refusals.length));
    line += taken.linesRead;
    start += taken.bytesRead;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { pieces, accepted, refused, refusals };
}

/** Where a line ends, about `blockBytes` on. */
function endOfBlock(text: Uint8Array, start: number): number {
  if (text.length - start <= blockBytes) return text.length;
  const last = text.lastIndexOf(newline, start + blockBytes - 1);
  const end = last >= start ? last : text.indexOf(newline, start + blockBytes);
  return end < 0 ? text.length : end + 1;
}
