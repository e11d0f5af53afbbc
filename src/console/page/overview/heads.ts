/** What of a pipeline's head is free of its links' labels, which stand at the same height. Pure. */
import type { Box } from '../../../contract/chart.ts';
import { headHeight, type PlacedLink, padding } from '../../../inspect/drawing/pipeline-graph.ts';

/** Of the longest label, `link: down, tries again in 9.9 s`, px. */
export const labelWidthMax = 220;

/** The name and what is said of a lost pipeline are readable in so much, px. */
const enough = 360;

export interface Room {
  /** From the box's left side, px. */
  readonly from: number;
  readonly to: number;
}

/** The part before all labels if that is enough, else the largest one. */
export function headRoom(box: Box, links: readonly Pick<PlacedLink, 'labelAt'>[]): Room {
  const labels = links
    .filter(({ labelAt: { x, y } }) => {
      const isAtHead = y > box.y && y < box.y + headHeight;
      return isAtHead && x + labelWidthMax / 2 > box.x && x - labelWidthMax / 2 < box.x + box.width;
    })
    .map(({ labelAt }) => labelAt.x - box.x)
    .sort((a, b) => a - b);
  const rooms = [...labels, box.width + labelWidthMax / 2].map((x, i): Room => {
    const before = labels[i - 1];
    return {
      from: before === undefined ? 0 : Math.max(0, before + labelWidthMax / 2 - padding),
      to: Math.min(box.width, x - labelWidthMax / 2),
    };
  });
  const widthOf = ({ from, to }: Room) => to - from;
  const [first] = rooms;
  if (widthOf(first!) >= enough) return first!;
  return rooms.reduce((best, room) => (widthOf(room) > widthOf(best) ? room : best));
}
