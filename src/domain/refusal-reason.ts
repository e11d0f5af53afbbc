/** Why a line is refused, in a clause for a person. */
import type { JsonFlaw } from './json-scan.ts';
import { printable } from './text.ts';

export const notUtf8 = 'is not valid UTF-8';

export const maybeCut = 'is a number that no newline ends: it may be cut short';

export function tooLong(lineBytesMax: number): string {
  return `is longer than ${lineBytesMax} bytes`;
}

/**
 * @param start byte at which the line begins, where the flaw's places are counted; columns are bytes, from 1
 * @param line its bytes, without the end of line
 */
export function reasonOfFlaw(flaw: JsonFlaw, start: number, line: Uint8Array, depthMax: number): string {
  const at = Math.min(flaw.at - start, line.length);
  const column = `column ${at + 1}`;
  switch (flaw.type) {
    case 'depth':
      return `is nested deeper than ${depthMax} levels at ${column}`;
    case 'finite':
      return `holds \`${printable(flaw.text, 40)}\` at ${column}, which is not a finite number`;
    case 'control': {
      const code = line[at]!.toString(16).padStart(2, '0');
      return `is not JSON: the control character 0x${code} at ${column} must be written as \\u00${code}`;
    }
    case 'syntax': {
      const where = at === line.length ? `${column}, where the line ends` : column;
      return `is not JSON: expected ${flaw.expected} at ${where}`;
    }
  }
}
