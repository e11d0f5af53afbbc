/** Readings: one measured value each, encoded once at their source as one line of NDJSON. */

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
  /** True when no real sensor stands behind it. */
  readonly simulated?: true;
  /** Set when the value lies outside the plausible range: kept, but not to be averaged in. */
  readonly implausible?: true;
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

/** Most bytes that `numberLines` needs for `count` lines of `bytes` bytes. */
export function numberedBytesMax(bytes: number, count: number, firstSeq: number): number {
  const digitsMax = String(firstSeq + count - 1).length;
  return bytes + count * ('{"seq":'.length + digitsMax + 1);
}

/**
 * Puts `{"seq":N,` in the place of each line's opening brace.
 * @param lines NDJSON, each line a non-empty object ended by `\n`
 * @param firstSeq number of the first line; the rest count up
 * @param target where the result goes: at least `numberedBytesMax`; fresh memory when absent
 * @returns the part of `target` that was written
 */
export function numberLines(
  lines: Uint8Array,
  count: number,
  firstSeq: number,
  target: Uint8Array = Buffer.allocUnsafe(numberedBytesMax(lines.length, count, firstSeq)),
): Uint8Array {
  const out = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  let read = 0;
  let written = 0;
  for (let i = 0; i < count; i++) {
    const end = lines.indexOf(newline, read);
    if (end < 0) throw new RangeError(`a batch of ${count} lines ends after ${i}`);
    written += out.write(`{"seq":${firstSeq + i},`, written, 'latin1');
    out.set(lines.subarray(read + 1, end + 1), written);
    written += end - read;
    read = end + 1;
  }
  if (read !== lines.length) throw new RangeError(`a batch of ${count} lines has more`);
  return out.subarray(0, written);
}
