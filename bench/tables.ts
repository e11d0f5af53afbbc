/** How pages of results are written. */
import type { Machine } from './machine.ts';

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)];
}

/** A machine in words. */
export function describe({ cpu, cores, memory, kernel, filesystem, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memory} GB, Linux ${kernel}, ${filesystem}, Node.js ${node}`;
}
