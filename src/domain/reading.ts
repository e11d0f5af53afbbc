/** Readings: one measured value each, encoded once at their source as one line of NDJSON. */
import { DecimalCounter } from './decimal-counter.ts';

export interface Reading {
  /** Which device: a UID or a name. */
  readonly device: string;
  /** What it measures, such as `pressure`. */
  readonly sensor: string;
  /** When, ISO 8601 in UTC. */
  readonly time: string;
  readonly value: number;
  /** SI or common symbol, such as `hPa`. */
  readonly unit: string;
  /** The device's own word on how far to trust the value, such as `low`. */
  readonly accuracy?: string;
  /** True when no real sensor stands behind it. */
  readonly simulated?: true;
  /** Set when the value lies outside the plausible range: kept, but not to be averaged in. */
  readonly implausible?: true;
  /** Set when the clock that `time` is from could not be right. */
  readonly clock?: 'unsynced';
}

/** A reading as it stands in a segment: `seq` first. */
export interface StoredReading extends Reading {
  readonly seq: number;
}

/** One NDJSON line, ended by `\n`, without `seq`. */
export function encodeReading(reading: Reading): Uint8Array {
  return Buffer.from(`${JSON.stringify(reading)}\n`, 'utf8');
}

const newline = 0x0a;
const comma = 0x2c;

/** Most bytes that `numberLines` needs for `count` lines of `bytes` bytes. */
export function numberedBytesMax(bytes: number, count: number, firstSeq: number): number {
  const digitsMax = String(firstSeq + count - 1).length;
  return bytes + count * ('{"seq":'.length + digitsMax + 1);
}

const lineStart = Buffer.from('{"seq":', 'latin1');

/**
 * Puts `{"seq":N,` in the place of each line's opening brace.
 * @param lines NDJSON, each line a non-empty object ended by `\n`
 * @param firstSeq number of the first line; the rest count up
 * @param target where the result goes, `numberedBytesMax` bytes of it are used; fresh memory when absent
 * @returns the part of `target` that holds the result
 */
export function numberLines(
  lines: Uint8Array,
  count: number,
  firstSeq: number,
  target: Uint8Array = Buffer.allocUnsafe(numberedBytesMax(lines.length, count, firstSeq)),
): Uint8Array {
  const bytesMax = numberedBytesMax(lines.length, count, firstSeq);
  if (target.length < bytesMax) throw new RangeError(`${bytesMax} bytes do not fit into ${target.length}`);
  const out = Buffer.from(target.buffer, target.byteOffset, bytesMax);
  const counter = new DecimalCounter(firstSeq);
  // All lines at the end at first, from where each is moved forward behind its number: `copyWithin` makes no views.
  let read = bytesMax - lines.length;
  out.set(lines, read);
  let written = 0;
  for (let i = 0; i < count; i++) {
    const end = out.indexOf(newline, read) + 1;
    if (end === 0) throw new RangeError(`a batch of ${count} lines ends after ${i}`);
    written = putBytes(out, written, lineStart);
    written = putBytes(out, written, counter.digits);
    out[written++] = comma;
    out.copyWithin(written, read + 1, end);
    written += end - read - 1;
    read = end;
    counter.increment();
  }
  if (read !== bytesMax) throw new RangeError(`a batch of ${count} lines has more`);
  return out.subarray(0, written);
}

/** A loop, because for a few bytes a call of `set` costs more. */
function putBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}
