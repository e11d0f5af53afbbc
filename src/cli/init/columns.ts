/** What the columns of a CSV file seem to be, from its first two rows. */
import { open } from 'node:fs/promises';
import { FogrunError } from '../../contract/errors.ts';
import { printable } from '../../domain/text.ts';
import { guessUnit } from './units.ts';

export interface Columns {
  readonly delimiter: string;
  readonly decimal: '.' | ',';
  readonly time: { readonly column: string; readonly format: 'iso' | 'unix' | 'unix-ms' } | null;
  readonly values: readonly string[];
  /** Of each of these, as its name lets one expect; empty where it does not. */
  readonly units: readonly string[];
}

const headBytes = 64 * 1024;
const columnsMax = 64;

/** Rejects with `file-unreadable` when there is nothing to go by. */
export async function columnsOf(path: string): Promise<Columns> {
  const columns = guessColumns(await head(path));
  if (columns) return columns;
  throw new FogrunError(
    'file-unreadable',
    `${printable(path, 200)} has no column of numbers under a header`,
    {
      advice:
        'Expected a first row with names and a second with values; else write the csv-source by hand: `fogrun kinds csv-source`.',
    },
  );
}

async function head(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, '');
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new FogrunError(
      'file-unreadable',
      `${printable(path, 200)} cannot be read (${code}); its header says what it has`,
      {
        cause,
      },
    );
  }
}

export function guessColumns(text: string): Columns | null {
  const [header, first] = text.split(/\r\n|\n|\r/);
  if (!header || !first) return null;
  const delimiter = [',', ';', '\t'].sort((a, b) => header.split(b).length - header.split(a).length)[0]!;
  const names = cells(header, delimiter);
  const row = cells(first, delimiter);
  const decimal = delimiter !== ',' && row.some((cell) => /^[+-]?\d+,\d+$/.test(cell)) ? ',' : '.';
  const at = names.findIndex(
    (name, i) => /^(?:time|date|datetime|timestamp|ts|zeit)\b/i.test(name) && timeFormat(row[i] ?? ''),
  );
  const numberIn = (cell: string) => (cell === '' ? Number.NaN : Number(cell.replace(decimal, '.')));
  const values = names
    .filter((name, i) => i !== at && name !== '' && Number.isFinite(numberIn(row[i] ?? '')))
    .slice(0, columnsMax);
  if (values.length === 0 || new Set(names).size < names.length) return null;
  const format = at < 0 ? null : timeFormat(row[at]!);
  return {
    delimiter: delimiter === '\t' ? 'tab' : delimiter,
    decimal,
    time: format === null ? null : { column: names[at]!, format },
    values,
    units: values.map((name) => guessUnit(name, numberIn(row[names.indexOf(name)]!))),
  };
}

/** Simple quotes only: a guess that is wrong is corrected by hand. */
const cells = (row: string, delimiter: string) =>
  row.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));

function timeFormat(cell: string): 'iso' | 'unix' | 'unix-ms' | null {
  if (/^\d{9,10}(?:\.\d+)?$/.test(cell)) return 'unix';
  if (/^\d{12,13}$/.test(cell)) return 'unix-ms';
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(cell) ? 'iso' : null;
}
