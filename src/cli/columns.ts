/** Rows of texts as columns of a plain table, without colour and as wide as they are. */
import { cellsOf } from '../terminal/width.ts';

/** @param rightAligned places of the columns whose texts stand on the right, as numbers do */
export function columnsText(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: ReadonlySet<number>,
): string {
  const all = [titles, ...rows];
  const widths = titles.map((_, i) => Math.max(...all.map((row) => cellsOf(row[i]!))));
  const cell = (text: string, i: number) => {
    const rest = ' '.repeat(widths[i]! - cellsOf(text));
    return rightAligned.has(i) ? rest + text : text + rest;
  };
  return `${all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')}\n`;
}
