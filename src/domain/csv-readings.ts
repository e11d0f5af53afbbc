/** What a row of a CSV file says: one reading for each column of values. */
import type { CsvRow } from './csv.ts';
import type { Reading } from './reading.ts';
import { printable } from './text.ts';

/** A column by its name in the header, or by its number from 1. */
export type Column = string | number;

export type TimeFormat = 'iso' | 'unix' | 'unix-ms';

export interface CsvRules {
  readonly time: { readonly column: Column; readonly format: TimeFormat } | null;
  readonly device: { readonly text: string } | { readonly column: Column };
  readonly values: readonly {
    readonly column: Column;
    readonly sensor: { readonly text: string } | { readonly column: Column };
    readonly unit: { readonly text: string } | { readonly column: Column };
  }[];
  readonly decimal: '.' | ',';
}

/** Rules with every column as an index into the fields. */
export interface CsvReader {
  /** Fields that each row must have. */
  readonly width: number;
  /** What the row says. Its readings have no time of their own where the rules name no column for it. */
  read(row: CsvRow): RowRead;
}

export type RowRead =
  | { readonly timeMs: number | null; readonly readings: readonly Omit<Reading, 'time'>[] }
  | { readonly wrong: string };

const nameLengthMax = 256;
const unitLengthMax = 64;

/** @param header fields of the first row; `null` when there is none, then columns are numbers */
export function csvReader(
  rules: CsvRules,
  header: readonly string[] | null,
): CsvReader | { missing: string[] } {
  const names = header?.map((name) => name.trim());
  const missing: string[] = [];
  let last = -1;
  const index = (column: Column): number => {
    const found = typeof column === 'number' ? column - 1 : (names?.indexOf(column) ?? -1);
    if (found < 0 || (names && found >= names.length)) missing.push(String(column));
    last = Math.max(last, found);
    return found;
  };
  const textOf = (from: { readonly text: string } | { readonly column: Column }) => {
    if ('text' in from) return () => from.text;
    const at = index(from.column);
    return (fields: readonly string[]) => fields[at]!.trim();
  };
  const time = rules.time && { at: index(rules.time.column), format: rules.time.format };
  const device = textOf(rules.device);
  const values = rules.values.map(({ column, sensor, unit }) => ({
    column,
    at: index(column),
    sensor: textOf(sensor),
    unit: textOf(unit),
  }));
  if (missing.length > 0) return { missing };
  const width = names?.length ?? last + 1;
  return {
    width,
    read({ fields }) {
      const isWrong = names ? fields.length !== width : fields.length < width;
      if (isWrong) return { wrong: `has ${fields.length} fields instead of ${width}` };
      const timeMs = time ? readTime(fields[time.at]!.trim(), time.format) : null;
      if (timeMs !== null && Number.isNaN(timeMs)) {
        return { wrong: `has \`${printable(fields[time!.at]!, 40)}\` where a time should be` };
      }
      const who = device(fields);
      if (who === '' || who.length > nameLengthMax)
        return { wrong: `has no device of 1 to ${nameLengthMax} characters` };
      const readings: Omit<Reading, 'time'>[] = [];
      for (const { column, at, sensor, unit } of values) {
        const text = fields[at]!.trim();
        // Not measured then.
        if (text === '') continue;
        const value = readNumber(text, rules.decimal);
        if (!Number.isFinite(value)) {
          return {
            wrong: `has \`${printable(text, 40)}\` in column ${printable(String(column), 40)}, which is not a number`,
          };
        }
        const what = sensor(fields);
        const inUnit = unit(fields);
        if (what === '' || what.length > nameLengthMax)
          return { wrong: `has no sensor of 1 to ${nameLengthMax} characters` };
        if (inUnit.length > unitLengthMax)
          return { wrong: `has a unit of more than ${unitLengthMax} characters` };
        readings.push({ device: who, sensor: what, value, unit: inUnit });
      }
      return { timeMs, readings };
    },
  };
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function readNumber(text: string, decimal: '.' | ','): number {
  const plain = decimal === ',' ? text.replace(',', '.') : text;
  return number.test(plain) && !(decimal === ',' && text.includes('.')) ? Number(plain) : Number.NaN;
}

const iso =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/;
/** The years 1 to 9999, which ISO 8601 writes in four digits. */
const timeMsMin = Date.parse('0001-01-01T00:00:00Z');
const timeMsMax = Date.UTC(9_999, 11, 31, 23, 59, 59, 999);

/** Ms since 1970; NaN for no time. A time without a zone is UTC. */
function readTime(text: string, format: TimeFormat): number {
  const timeMs = format === 'iso' ? readIso(text) : readNumber(text, '.') * (format === 'unix' ? 1_000 : 1);
  const whole = Math.round(timeMs);
  return whole >= timeMsMin && whole <= timeMsMax ? whole : Number.NaN;
}

function readIso(text: string): number {
  const match = iso.exec(text);
  if (!match) return Number.NaN;
  const [, day, minute = '00:00', second = '00', fraction = '0', zone = 'Z'] = match;
  // `Date` takes a 31st of any month, and makes it one of the next.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day!)) return Number.NaN;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${day}T${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
}
