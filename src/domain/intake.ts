/** Lines of JSON from outside become readings: taken as they stand, wrapped, or refused with a reason. */

/** What a source's config says about the lines it takes. */
export interface IntakeRules {
  /** Device, sensor and unit of values that are no readings of their own. */
  readonly device: string;
  readonly sensor: string;
  readonly unit?: string;
  /** Longest line in bytes, without its newline. */
  readonly lineBytesMax: number;
  /** Most arrays and objects within each other; a flat reading has depth 1. */
  readonly depthMax: number;
}

/** Why a line was not taken. */
export interface LineRefusal {
  /** As the source counts, from 1. */
  readonly line: number;
  /** One clause for a person, control characters escaped. */
  readonly reason: string;
}

/** What became of a block of lines. */
export interface Taken {
  /** Readings without `seq`, each ended by `\n`: what a Batch carries. A view of the block where nothing had to change. */
  readonly lines: Uint8Array;
  readonly count: number;
  readonly refusals: readonly LineRefusal[];
  /** Lines in the block, empty ones (which are passed over) included. */
  readonly linesRead: number;
}

/**
 * Judges whole lines. A line that is a reading (an object with `device` and `sensor` as text that is not empty, and any
 * `value`, without `seq`) is taken as it stands; any other JSON value is wrapped as the `value` of a reading.
 * @param block NDJSON in UTF-8; each line ended by `\n` or `\r\n`, the last one also by the end of the block
 * @param firstLine number of the block's first line
 * @param time ISO 8601 in UTC, for readings that are made by wrapping
 */
export function takeLines(block: Uint8Array, rules: IntakeRules, firstLine: number, time: string): Taken {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('utf8');
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  const out: string[] = [];
  const refusals: LineRefusal[] = [];
  rows.forEach((row, i) => {
    const line = row.trim();
    if (line === '') return;
    try {
      const value = JSON.parse(line);
      const own = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
      const isReading =
        typeof own.device === 'string' && typeof own.sensor === 'string' && 'value' in own && !('seq' in own);
      const { device, sensor, unit } = rules;
      out.push(
        isReading
          ? line
          : JSON.stringify({ device, sensor, time, value, ...(unit === undefined ? {} : { unit }) }),
      );
    } catch {
      refusals.push({ line: firstLine + i, reason: 'is not JSON' });
    }
  });
  const lines = Buffer.from(out.map((line) => `${line}\n`).join(''), 'utf8');
  return { lines, count: out.length, refusals, linesRead: rows.length };
}
