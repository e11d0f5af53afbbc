/** Lines made of pieces with a tone each, and the escape sequences that paint them. */
import { cellsOf, cut } from './width.ts';

/** `pill…` are filled, for the state of an actor; the others colour the letters alone. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'well'
  | 'paused'
  | 'trouble'
  | 'failed'
  | 'pillWell'
  | 'pillPaused'
  | 'pillTrouble'
  | 'pillFailed'
  | 'pillEnded'
  | 'key';

export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}
export type Line = readonly Piece[];

/** The sixteen colours alone, which each terminal's theme has made readable; black letters on the filled ones. */
const codes: Readonly<Record<Tone, string>> = {
  plain: '',
  dim: '2',
  strong: '1',
  well: '32',
  paused: '36',
  trouble: '33',
  failed: '31',
  pillWell: '30;42',
  pillPaused: '30;46',
  pillTrouble: '30;43',
  pillFailed: '1;97;41',
  pillEnded: '7;2',
  key: '7',
};

/** Seen also where there are no letters. */
const filled: ReadonlySet<Tone> = new Set([
  'pillWell',
  'pillPaused',
  'pillTrouble',
  'pillFailed',
  'pillEnded',
  'key',
]);

export const piece = (text: string, tone: Tone = 'plain'): Piece => ({ text, tone });

export const cellsOfLine = (line: Line): number => line.reduce((sum, { text }) => sum + cellsOf(text), 0);

export interface PaintOptions {
  readonly columns: number;
  readonly colour: boolean;
  /** False for a terminal that has ASCII alone. */
  readonly unicode: boolean;
}

/** The line as a terminal takes it, in at most `columns` cells. */
export function paint(line: Line, { columns, colour, unicode }: PaintOptions): string {
  let left = columns;
  let painted = '';
  for (const { text, tone } of line) {
    const short = cut(unicode ? text : toAscii(text), left, unicode ? '…' : '~');
    left -= cellsOf(short);
    const code = colour ? codes[tone] : '';
    const blank = short.trim() === '' && !filled.has(tone);
    painted += code === '' || blank ? short : `\u001b[${code}m${short}\u001b[0m`;
    if (left <= 0) break;
  }
  return painted.replace(/ +$/, '');
}

const plainly: Readonly<Record<string, string>> = { '→': '->', '·': '-', '…': '~', '–': '-', '’': "'" };

const toAscii = (text: string) => text.replace(/[^\x20-\x7e]/gu, (letter) => plainly[letter] ?? '?');
