/** What holds in every state stands above the drawing, not in it: an arrow from each state would hide all others. */
import type { ChartEdge, ChartState } from '../../contract/chart.ts';
import { lineHeight, lineSize, partsWidth, stateBox } from './state-box.ts';
import { type Bundle, labelParts, labelText, type Telling } from './telling.ts';
import { textWidth } from './text-width.ts';

export const chipPadding = 8;
export const chipHeight = lineHeight + 6;
const gap = 6;
const left = 16;
const top = 14;
const widthMin = 420;
/** Before the first chip. */
export const chipsTitle = 'in any state';
export const titleSize = 16;

export interface PlacedChips {
  /** Room for the kind's name, what it invokes and the chips. */
  readonly height: number;
  readonly width: number;
  /** Edges without points. */
  readonly edges: readonly ChartEdge[];
}

/** What a chip says behind its events. */
export function chipTarget({ target }: Pick<Bundle, 'target'>): string {
  return target === null ? '' : `→ ${target}`;
}

/** Places chips in rows as wide as the drawing. */
export function placeChips(root: ChartState, telling: Telling, widthWanted: number): PlacedChips {
  const { rows } = stateBox(root, telling.lines.get(root.id) ?? []);
  const width = Math.max(widthWanted, widthMin);
  const headHeight = top + titleSize + 6 + rows.length * lineHeight;
  if (telling.chips.length === 0) return { height: headHeight, width, edges: [] };
  let x = left + textWidth(chipsTitle, lineSize) + gap + 2;
  let y = headHeight + gap;
  const edges = telling.chips.map((chip): ChartEdge => {
    const own = Math.ceil(chipWidth(chip));
    if (x + own > width - left && x > left) {
      x = left;
      y += chipHeight + gap;
    }
    const edge = {
      transitions: chip.transitions.map(({ id }) => id),
      points: [],
      label: {
        ...{ x: Math.round(x), y, width: own, height: chipHeight },
        lines: chip.transitions.map(labelText),
      },
    };
    x += own + gap;
    return edge;
  });
  return { height: y + chipHeight, width: Math.ceil(width), edges };
}

export function chipWidth(chip: Bundle): number {
  const events = chip.transitions.map((one) => partsWidth({ ...labelParts(one), actions: '' }));
  const between = textWidth(', ', lineSize) * (events.length - 1);
  const target = textWidth(chipTarget(chip), lineSize);
  return (
    events.reduce((sum, one) => sum + one, 0) + between + target + textWidth(' ', lineSize) + 2 * chipPadding
  );
}
