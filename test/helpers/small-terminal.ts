/** As much of a terminal as the live view uses: what stands on the screen after what was written to it. */

export interface SmallTerminal {
  write(text: string): void;
  /** Lines without colours and without spaces at their ends. */
  lines(): string[];
  /** The live view's screen, not the one it came from. */
  alternate(): boolean;
  cursorShown(): boolean;
  wraps(): boolean;
  /** Everything that was written while the normal screen was shown. */
  normal(): string;
}

const sequence = /\u001b\[([?0-9;]*)([A-Za-z])/y;

export function smallTerminal(): SmallTerminal {
  let rest = '';
  let rows: string[] = [];
  let at = { row: 0, column: 0 };
  const modes = new Map([
    ['?25', true],
    ['?7', true],
    ['?1049', false],
  ]);
  let normal = '';
  const obey = (parameters: string, final: string) => {
    if (final === 'h' || final === 'l') modes.set(parameters, final === 'h');
    if (parameters === '?1049') rows = [];
    if (final === 'J') rows = [];
    if (final === 'H') {
      const [row = 1, column = 1] = parameters.split(';').map(Number);
      at = { row: row - 1, column: column - 1 };
    }
    if (final === 'K') rows[at.row] = (rows[at.row] ?? '').slice(0, at.column);
  };
  return {
    write(text) {
      let left = rest + text;
      rest = '';
      while (left !== '') {
        const steers = left.indexOf('\u001b');
        const plain = steers < 0 ? left : left.slice(0, steers);
        if (plain !== '') {
          if (modes.get('?1049')) rows[at.row] = (rows[at.row] ?? '').padEnd(at.column) + plain;
          else normal += plain;
          at = { ...at, column: at.column + plain.length };
        }
        if (steers < 0) return;
        sequence.lastIndex = steers;
        const found = sequence.exec(left);
        if (!found) {
          rest = left.slice(steers);
          return;
        }
        obey(found[1]!, found[2]!);
        left = left.slice(sequence.lastIndex);
      }
    },
    lines: () => Array.from(rows, (row) => (row ?? '').trimEnd()),
    alternate: () => modes.get('?1049')!,
    cursorShown: () => modes.get('?25')!,
    wraps: () => modes.get('?7')!,
    normal: () => normal,
  };
}
