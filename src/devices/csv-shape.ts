/** Recorded measurements for the shape `csv`. */
import { FogrunError } from '../contract/errors.ts';
import { printable } from './text.ts';

const valuesMax = 1_000_000;
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Numbers from text: one a line, with a decimal point. Empty lines and lines that begin with `#` do not count. With
 * a header line there may be several columns, parted by comma, semicolon or tab; the first that has one of
 * `columnNames` counts.
 *
 * Throws `file-unreadable` with the line's number; the message does not name the file, which only the caller knows.
 */
export function parseCsvShape(text: string, columnNames = ['value', 'pressure']): number[] {
  const values: number[] = [];
  let column: number | undefined;
  let columns = 1;
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const refuse = (message: string) => unreadable(`line ${index + 1}: ${message}`, columnNames);
    const fields = line.split(/[,;\t]/).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
    if (column === undefined) {
      const isHeader = fields.every((field) => !decimal.test(field));
      columns = fields.length;
      column = isHeader ? fields.findIndex((field) => columnNames.includes(field.toLowerCase())) : 0;
      if (column < 0 || (!isHeader && columns > 1)) {
        throw refuse(
          `\`${printable(line)}\` is neither one number (with a decimal point) nor a header with a column named ` +
            columnNames.join(' or '),
        );
      }
      if (isHeader) continue;
    }
    if (fields.length !== columns) throw refuse(`${fields.length} columns; ${columns} were expected`);
    const field = fields[column]!;
    const value = decimal.test(field) ? Number(field) : Number.NaN;
    if (!Number.isFinite(value)) throw refuse(`\`${printable(field)}\` is not a number`);
    if (values.length === valuesMax) throw refuse(`more than ${valuesMax} values`);
    values.push(value);
  }
  if (values.length === 0) throw unreadable('there is no value in it', columnNames);
  return values;
}

function unreadable(message: string, columnNames: readonly string[]): FogrunError {
  return new FogrunError('file-unreadable', message, {
    advice: `Give one number a line, or a header line and a column named ${columnNames.join(' or ')}.`,
  });
}
