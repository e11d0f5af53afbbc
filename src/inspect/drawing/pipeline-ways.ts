/** The ways of wires and links between placed actors. */
import type { Box, Point } from '../../contract/chart.ts';
import { roundedPath, short } from './paths.ts';

export interface Way {
  readonly path: string;
  readonly labelAt: Point;
  readonly tip: readonly [Point, Point];
}

/** A line ends where the head of its arrow begins. */
const headLength = 8;
const stub = 12;

/** From the right side to the left side of the next; `layerEnd` is behind the last actor of its layer. */
export function wireWay(from: Box, to: Box, { gapY }: { readonly gapY: number }, layerEnd: number): Way {
  const end = { x: to.x, y: to.y + to.height / 2 };
  const right = from.x + from.width;
  const out = { x: right, y: from.y + from.height / 2 };
  const tip = [{ x: end.x - headLength, y: end.y }, end] as const;
  // Others stand between it and the end of its layer: below them.
  const behind = right < layerEnd - 1;
  const lane = from.y + from.height + gapY / 2;
  const start = behind ? { x: layerEnd, y: lane } : out;
  const bend = Math.max(stub, (tip[0].x - start.x) / 2);
  const curve =
    `C${short(start.x + bend)} ${short(start.y)} ${short(tip[0].x - bend)} ${short(end.y)} ` +
    `${short(tip[0].x)} ${short(end.y)}`;
  const path = behind
    ? `${roundedPath([out, { x: right + stub, y: out.y }, { x: right + stub, y: lane }, start], false)}${curve}`
    : `M${short(out.x)} ${short(out.y)}${curve}`;
  return { path, labelAt: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 }, tip };
}

/** Back to an actor further left, below all others. */
export function backWire(from: Box, to: Box, y: number): Way {
  const points = [
    { x: from.x + from.width / 2, y: from.y + from.height },
    { x: from.x + from.width / 2, y },
    { x: to.x + to.width / 2, y },
    { x: to.x + to.width / 2, y: to.y + to.height },
  ];
  return {
    path: roundedPath(points, true),
    labelAt: { x: (points[1]!.x + points[2]!.x) / 2, y },
    tip: [points[2]!, points[3]!],
  };
}

/** Above the actors of both pipelines, and between their boxes from one height to the other. */
export function linkWay(
  from: Box,
  to: Box,
  ys: { readonly from: number; readonly to: number; readonly lane: number },
): Way {
  const start = { x: from.x + from.width / 2, y: from.y };
  const end = { x: to.x + to.width / 2, y: to.y };
  const points = [
    start,
    { x: start.x, y: ys.from },
    ...(ys.from === ys.to
      ? []
      : [
          { x: ys.lane, y: ys.from },
          { x: ys.lane, y: ys.to },
        ]),
    { x: end.x, y: ys.to },
    end,
  ];
  return {
    path: roundedPath(points, true),
    labelAt: { x: ys.from === ys.to ? (start.x + end.x) / 2 : (start.x + ys.lane) / 2, y: ys.from },
    tip: [points.at(-2)!, end],
  };
}
