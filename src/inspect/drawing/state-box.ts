/** What stands in a state's box and how much room that takes. */
import type { ChartState, ChartTransition } from '../../contract/chart.ts';
import { type LabelParts, labelParts, type StateLine } from './telling.ts';
import { textWidth } from './text-width.ts';

export const nameSize = 13;
export const lineSize = 11;
export const lineHeight = 15;
/** Before the text of a row that has a sign. */
export const iconWidth = 15;
export const boxPadding = 10;
export const nameHeight = 20;
const boxTop = 5;
const boxBottom = 6;
const boxWidthMin = 84;
/** Longer lists of names go on in the next row. */
const rowWidthMax = 190;

export interface BoxRow {
  /** A sign before the text; `null` where it goes on from the row above. */
  readonly icon: 'gear' | 'enter' | 'leave' | 'stay' | 'again' | 'deaf' | null;
  readonly parts: LabelParts;
  readonly transitions: readonly ChartTransition[];
}

export interface StateBox {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly BoxRow[];
}

export function partsWidth({ event, guard, actions }: LabelParts): number {
  const gap = textWidth(' ', lineSize);
  return [event, guard, actions && `/ ${actions}`]
    .filter((part) => part !== '')
    .reduce((sum, part) => sum + textWidth(part, lineSize) + (sum > 0 ? gap : 0), 0);
}

/** Room for the head of a state: its name and its rows; a state with others inside has these below. */
export function stateBox(state: ChartState, lines: readonly StateLine[]): StateBox {
  const rows = lines.flatMap(rowsOf);
  const widest = Math.max(
    textWidth(state.name, nameSize, 'bold'),
    ...rows.map(({ parts }) => iconWidth + partsWidth(parts)),
  );
  return {
    width: Math.max(boxWidthMin, Math.ceil(widest) + 2 * boxPadding),
    height: boxTop + nameHeight + rows.length * lineHeight + (rows.length > 0 ? boxBottom : boxTop),
    rows,
  };
}

/** Baseline of a row's text below the upper edge of the box. */
export function rowBaseline(index: number): number {
  return boxTop + nameHeight + index * lineHeight + lineSize;
}

/** Baseline of the name. */
export const nameBaseline = boxTop + 14;

function rowsOf(line: StateLine): BoxRow[] {
  if (line.as === 'stay') {
    const { transition, reenters } = line;
    return [{ icon: reenters ? 'again' : 'stay', parts: labelParts(transition), transitions: [transition] }];
  }
  if (line.as === 'deaf') {
    const { transitions } = line;
    return wrapped(transitions.map(({ label }) => label)).map((event, i) => ({
      icon: i === 0 ? 'deaf' : null,
      parts: { event, guard: '', actions: '' },
      transitions,
    }));
  }
  const icon = line.as === 'invoke' ? 'gear' : line.as === 'entry' ? 'enter' : 'leave';
  const own = (text: string): LabelParts =>
    line.as === 'invoke' ? { event: text, guard: '', actions: '' } : { event: '', guard: '', actions: text };
  return wrapped(line.text.split(', ')).map((text, i) => ({
    icon: i === 0 ? icon : null,
    parts: own(text),
    transitions: [],
  }));
}

/** Names with commas between them, in as many rows as they need. */
function wrapped(names: readonly string[]): string[] {
  const rows: string[] = [];
  for (const name of names) {
    const last = rows.at(-1);
    if (last !== undefined && textWidth(`${last}, ${name}`, lineSize) <= rowWidthMax) {
      rows[rows.length - 1] = `${last}, ${name}`;
    } else {
      if (last !== undefined) rows[rows.length - 1] = `${last},`;
      rows.push(name);
    }
  }
  return rows;
}
