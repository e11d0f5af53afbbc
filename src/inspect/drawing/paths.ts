/** Lines with round corners and heads of arrows, as SVG path data. */
import type { Point } from '../../contract/chart.ts';

const cornerRadius = 7;
const headLength = 9;
const headHalf = 4.5;

/** Two decimals, as short as they can be. */
export const short = (value: number) => String(Math.round(value * 100) / 100);

/** Through all points, corners rounded; ends where the head of the arrow begins, if there is one. */
export function roundedPath(points: readonly Point[], head: boolean): string {
  const [first, ...rest] = straightened(points);
  if (!first || rest.length === 0) return '';
  const tip = rest.pop()!;
  const before = rest.at(-1) ?? first;
  rest.push(head ? toward(tip, before, headLength - 1) : tip);
  let path = `M${short(first.x)} ${short(first.y)}`;
  let from = first;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    if (!next) {
      path += `L${short(point.x)} ${short(point.y)}`;
      return;
    }
    const radius = Math.min(cornerRadius, distance(from, point) / 2, distance(point, next) / 2);
    const into = toward(point, from, radius);
    const out = toward(point, next, radius);
    path += `L${short(into.x)} ${short(into.y)}Q${short(point.x)} ${short(point.y)} ${short(out.x)} ${short(out.y)}`;
    from = point;
  });
  return path;
}

/** The head at the end of the points. */
export function headPath(points: readonly Point[]): string {
  const all = straightened(points);
  const tip = all.at(-1);
  const before = all.at(-2);
  if (!tip || !before) return '';
  const base = toward(tip, before, headLength);
  const length = distance(tip, before) || 1;
  const across = {
    x: (-(tip.y - before.y) / length) * headHalf,
    y: ((tip.x - before.x) / length) * headHalf,
  };
  return (
    `M${short(tip.x)} ${short(tip.y)}` +
    `L${short(base.x + across.x)} ${short(base.y + across.y)}` +
    `L${short(base.x - across.x)} ${short(base.y - across.y)}Z`
  );
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

/** A point so far from `from` on the way to `to`. */
function toward(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  const part = Math.min(1, length / whole);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** Without points that say nothing: those twice the same, and those on the line between their neighbours. */
function straightened(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    const before = kept.at(-2);
    if (last && distance(last, point) < 0.5) continue;
    const between =
      before &&
      last &&
      Math.abs((last.x - before.x) * (point.y - before.y) - (last.y - before.y) * (point.x - before.x)) < 0.5;
    if (between) kept.pop();
    kept.push(point);
  }
  return kept;
}
