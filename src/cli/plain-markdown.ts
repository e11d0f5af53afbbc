/** The reference on a terminal: its Markdown, as far as the reference uses it, as indented lines. */

/** @param width of a line, columns; only prose is folded, so that what can be copied stays whole */
export function plainMarkdown(markdown: string, width: number): string {
  const lines: string[] = [];
  let header: readonly string[] | null = null;
  let isCode = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    else if (isCode) lines.push(`  ${line}`);
    else if (!line.startsWith('|')) {
      header = null;
      lines.push(...(line === '' ? [''] : fold(bare(line.replace(/^#+ /, '')), width, '')));
    } else if (header === null) header = cells(line);
    else if (!/^\|[-|]+$/.test(line)) lines.push(...row(header, cells(line), width));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** What it is called and what it is on one line, what it means below. */
function row(header: readonly string[], [name = '', ...rest]: readonly string[], width: number): string[] {
  const last = rest.pop() ?? '';
  const middle = rest.flatMap((cell, i) => {
    if (cell === '') return [];
    return header[i + 1] === 'default' ? [`default ${cell}`] : [cell];
  });
  const about = middle.length > 0 ? `  (${middle.join(', ')})` : '';
  return [`  ${name}${about}`, ...(last === '' ? [] : fold(last, width, '      '))];
}

const cells = (line: string) => line.slice(2, -2).split(' | ').map(bare);

const bare = (text: string) => text.replaceAll('`', '').trim();

function fold(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines.push(`${lines.pop()} ${word}`);
    else lines.push(`${indent}${word}`);
  }
  return lines;
}
