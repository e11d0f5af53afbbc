/** Colours, axes and lines of a plot, from the page's theme. */
import type uPlot from 'uplot';
import type { PlotAxis, PlotLine } from './plot.tsx';

export interface Looks {
  readonly ink: string;
  readonly grid: string;
  readonly gap: string;
  readonly mark: string;
  readonly surface: string;
  readonly font: string;
  of(name: string): string;
}

/** The theme's colours as a canvas takes them: `light-dark()` is known to style sheets only. */
export function colours(at: HTMLElement): Looks {
  const probe = document.createElement('span');
  at.append(probe);
  const of = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const known = new Map<string, string>();
  for (const name of ['--ink-3', '--line', '--held', '--line-strong', '--surface']) known.set(name, of(name));
  for (const n of [1, 2, 3, 4]) known.set(`--series-${n}`, of(`--series-${n}`));
  probe.remove();
  return {
    ink: known.get('--ink-3')!,
    grid: known.get('--line')!,
    gap: known.get('--held')!,
    mark: known.get('--line-strong')!,
    surface: known.get('--surface')!,
    font: `11px ${getComputedStyle(at).fontFamily}`,
    of: (name) => known.get(name) ?? known.get('--ink-3')!,
  };
}

const two = (value: number) => String(value).padStart(2, '0');

/** As fine as the distance of the ticks, in the time zone of whoever looks. */
export function timeText(timeS: number, stepS: number): string {
  const at = new Date(timeS * 1_000);
  if (stepS >= 86_400) return `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return stepS >= 60 ? minutes : `${minutes}:${two(at.getSeconds())}`;
}

interface AxesWish {
  readonly left: PlotAxis;
  readonly right: PlotAxis | null;
  readonly withTimes: boolean;
  readonly sidePx: number;
  readonly looks: Looks;
}

export function axesFor({ left, right, withTimes, sidePx, looks }: AxesWish): uPlot.Axis[] {
  const { ink, grid, font } = looks;
  const base = { stroke: ink, font, ticks: { show: false }, gap: 6 };
  const side = (axis: PlotAxis, scale: string, where: 1 | 3, hasGrid: boolean): uPlot.Axis => ({
    ...base,
    ...{ scale, side: where, size: sidePx },
    grid: { show: hasGrid, stroke: grid, width: 1 },
    values: (_, splits) => splits.map((value) => axis.text(value)),
    space: 28,
  });
  return [
    {
      ...base,
      size: withTimes ? 26 : 6,
      grid: { stroke: grid, width: 1 },
      values: (_, splits, _axis, _space, stepS) =>
        withTimes ? splits.map((timeS) => timeText(timeS, stepS)) : splits.map(() => ''),
      space: 70,
    },
    side(left, 'left', 3, true),
    ...(right ? [side(right, 'right', 1, false)] : []),
  ];
}

export function seriesFor({ label, as, colour, scale }: PlotLine, looks: Looks): uPlot.Series {
  const stroke = looks.of(colour);
  if (as === 'points') {
    return {
      ...{ label, scale, stroke, width: 1, dash: [2, 4] },
      points: { show: true, size: 6, stroke, fill: looks.surface, width: 1.5 },
    };
  }
  const fill = as === 'area' ? `color-mix(in srgb, ${stroke} 18%, transparent)` : undefined;
  // Breaks are told by `null`; `undefined` stands where another line has a point.
  return { label, scale, stroke, width: 1.75, points: { show: false }, ...(fill && { fill }) };
}

/** Slanted lines, for what is not there. */
export function hatch(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern {
  const size = 8;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const on = tile.getContext('2d')!;
  on.globalAlpha = 0.14;
  on.fillStyle = colour;
  on.fillRect(0, 0, size, size);
  on.globalAlpha = 0.6;
  on.strokeStyle = colour;
  on.lineWidth = 1;
  on.beginPath();
  for (const shift of [-size, 0, size]) {
    on.moveTo(shift, size);
    on.lineTo(shift + size, 0);
  }
  on.stroke();
  return ctx.createPattern(tile, 'repeat')!;
}
