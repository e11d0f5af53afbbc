/** Lines of JSON from outside become readings: taken as they stand, wrapped, or refused with a reason. */
import { isUtf8 } from 'node:buffer';
import { JsonScanner } from './json-scan.ts';
import { LinesOut, type Wrapping } from './lines-out.ts';
import { notUtf8, reasonOfFlaw, tooLong } from './refusal-reason.ts';

/** What a source's config says about the lines it takes. */
export interface IntakeRules {
  /** Device, sensor and unit of values that are no readings of their own. */
  readonly device: string;
  readonly sensor: string;
  readonly unit?: string;
  /** Longest line in bytes, without its newline. */
  readonly lineBytesMax: number;
  /** Most arrays and objects within each other, up to 1,000; a flat reading has depth 1. */
  readonly depthMax: number;
  /**
   * Most bytes of `lines`, unless one line alone has more: wrapping can make a short line many times longer. A block that
   * would give more is judged up to `bytesRead` only. Without it every block is judged whole.
   */
  readonly batchBytesMax?: number;
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
  /**
   * Readings without `seq`, each ended by `\n`: what a Batch carries. No other control character is in it, and each line
   * begins with `{` and ends with `}`. A view of the block where nothing had to change.
   */
  readonly lines: Uint8Array;
  readonly count: number;
  /** Every one of them was made by wrapping, so their time is the one that was given; absent when not. */
  readonly stamped?: true;
  /** The first `refusalsMax` of them. */
  readonly refusals: readonly LineRefusal[];
  /** Lines refused in all. */
  readonly refused: number;
  /** Lines judged, empty ones (which are passed over) included. */
  readonly linesRead: number;
  /** Bytes of the block that were judged: all of it, unless `batchBytesMax` left some for a next call. */
  readonly bytesRead: number;
}

/** Most refusals that are told one by one, for a block. */
export const refusalsMax = 1_000;

/** Longest `device` and `sensor` of a reading, in UTF-16 code units. */
export const nameLengthMax = 256;

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const openingBrace = 0x7b;

const deviceKey = Buffer.from('device');
const sensorKey = Buffer.from('sensor');
const valueKey = Buffer.from('value');
const seqKey = Buffer.from('seq');

/**
 * Judges whole lines. A line that is a reading is taken as it stands: an object with `device` and `sensor` as text of 1 to
 * 256 characters and any `value`, without `seq`. Of members with the same name the last counts, as for JSON.parse; a `seq`
 * counts wherever it is. Any other JSON value is wrapped: its own bytes become the `value` of a reading.
 * Refused is what is not JSON (RFC 8259) in UTF-8, too long, too deep, or holds a number that is not finite.
 * Spaces around a line go; tabs and carriage returns between its tokens become spaces, a DEL in a text its escape.
 * @param block NDJSON in UTF-8; each line ended by `\n` or `\r\n`, the last one also by the end of the block
 * @param firstLine number of the block's first line
 * @param time ISO 8601 in UTC, for readings that are made by wrapping
 */
export function takeLines(block: Uint8Array, rules: IntakeRules, firstLine: number, time: string): Taken {
  const bytes = endedByNewline(block);
  const scanner = new JsonScanner(rules.depthMax, { finiteOnly: true });
  const out = new LinesOut(bytes, wrapping(rules, time));
  const batchBytesMax = rules.batchBytesMax ?? Number.POSITIVE_INFINITY;
  const allUtf8 = isUtf8(bytes);
  const refusals: LineRefusal[] = [];
  let refused = 0;
  let wrapped = 0;
  let linesRead = 0;
  let at = 0;
  while (at < bytes.length) {
    const found = scanner.scan(bytes, at);
    const end = found < 0 ? bytes.indexOf(newline, at) : found;
    const fits = lengthOf(bytes, at, end) <= rules.lineBytesMax;
    if (fits && found >= 0 && (allUtf8 || isUtf8(bytes.subarray(at, end)))) {
      const asReading = isReading(bytes, scanner);
      if (out.count > 0 && out.bytes + out.costOf(scanner, asReading) > batchBytesMax) break;
      out.add(scanner, asReading, at, end);
      if (!asReading) wrapped++;
    } else if (!fits || !scanner.isEmpty) {
      refused++;
      if (refusals.length < refusalsMax) {
        const reason = fits ? reasonOf(bytes, at, end, scanner, rules) : tooLong(rules.lineBytesMax);
        refusals.push({ line: firstLine + linesRead, reason });
      }
    }
    linesRead++;
    at = end + 1;
  }
  const bytesRead = Math.min(at, block.length);
  const stamped = wrapped > 0 && wrapped === out.count ? { stamped: true as const } : {};
  return { lines: out.finish(), count: out.count, ...stamped, refusals, refused, linesRead, bytesRead };
}

/** A buffer with a newline at its end, which is where the scanner stops. */
function endedByNewline(block: Uint8Array): Buffer {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  return bytes.length === 0 || bytes[bytes.length - 1] === newline
    ? bytes
    : Buffer.concat([bytes, Buffer.of(newline)]);
}

/** Bytes of a line without its end, which is `\n` or `\r\n`. */
function lengthOf(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === carriageReturn ? end - 1 - start : end - start;
}

/** Why the line that the scanner has just read is refused, when it is not for its length. */
function reasonOf(
  bytes: Buffer,
  start: number,
  end: number,
  scanner: JsonScanner,
  rules: IntakeRules,
): string {
  const line = bytes.subarray(start, start + lengthOf(bytes, start, end));
  return isUtf8(line) ? reasonOfFlaw(scanner.flaw, start, line, rules.depthMax) : notUtf8;
}

/** Whether the value that the scanner has just read is a reading; only what is unusual is parsed. */
function isReading(bytes: Buffer, scanner: JsonScanner): boolean {
  const { begin, end, members } = scanner;
  if (bytes[begin] !== openingBrace) return false;
  if (members.escapedKey || members.crowded)
    return isReadingObject(JSON.parse(bytes.toString('utf8', begin, end)));
  let device = false;
  let sensor = false;
  let value = false;
  for (let i = 0; i < members.count; i++) {
    if (members.isKey(i, seqKey)) return false;
    if (members.isKey(i, deviceKey)) device = isNameAt(bytes, members.valueStart(i), members.valueEnd(i));
    else if (members.isKey(i, sensorKey))
      sensor = isNameAt(bytes, members.valueStart(i), members.valueEnd(i));
    else if (members.isKey(i, valueKey)) value = true;
  }
  return device && sensor && value;
}

function isReadingObject(object: Record<string, unknown>): boolean {
  return (
    isName(object.device) &&
    isName(object.sensor) &&
    Object.hasOwn(object, 'value') &&
    !Object.hasOwn(object, 'seq')
  );
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= nameLengthMax;
}

/** `isName` of a JSON value as it stands: no text is longer in UTF-16 than its bytes are many. */
function isNameAt(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== quote) return false;
  const length = end - start - 2;
  return length <= nameLengthMax ? length > 0 : isName(JSON.parse(bytes.toString('utf8', start, end)));
}

/** What goes before and after a value that becomes a reading. */
function wrapping(rules: IntakeRules, time: string): Wrapping {
  const text = (value: string) => JSON.stringify(value).replaceAll('\x7f', '\\u007f');
  const names = `{"device":${text(rules.device)},"sensor":${text(rules.sensor)}`;
  const unit = rules.unit === undefined ? '' : `,"unit":${text(rules.unit)}`;
  return {
    before: Buffer.from(`${names},"time":${text(time)},"value":`),
    after: Buffer.from(`${unit}}\n`),
  };
}
