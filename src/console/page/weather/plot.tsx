/** Curves over time on a canvas, with gaps hatched and marks as lines; several of them share one cursor. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { aligned, type Curve } from './curves.ts';
import { loadUPlot, type UPlot } from './load-uplot.ts';
import { axesFor, colours, hatch, seriesFor } from './plot-looks.ts';

export interface PlotLine {
  readonly label: string;
  readonly curve: Curve;
  /** Name of a colour of the theme, such as `--series-1`. */
  readonly colour: string;
  readonly as: 'line' | 'points' | 'area';
  readonly scale: 'left' | 'right';
}

export interface PlotAxis {
  readonly label: string;
  readonly text: (value: number) => string;
  /** The axis reaches down to nothing. */
  readonly fromZero: boolean;
  /** It is at least so wide: a flat line is not to look like a mountain range. */
  readonly spanLeast: number;
}

export interface PlotSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface PlotProps {
  readonly lines: readonly PlotLine[];
  readonly left: PlotAxis;
  readonly right: PlotAxis | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly heightPx: number;
  readonly withTimes: boolean;
  readonly gaps: readonly PlotSpan[];
  readonly marksMs: readonly number[];
  /** Where the cursor stands, ms since 1970; `null` when nowhere. */
  readonly cursorMs: number | null;
  readonly onCursor: (timeMs: number | null) => void;
}

/** Room for the values on the left and on the right of a plot, px: the same everywhere, so that times stand below each other. */
export const sidePx = 56;

export function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  const [{ Draws, failure }, setDraws] = useState<Loaded>({ Draws: null, failure: null });
  const { lines, heightPx, withTimes, left, right, cursorMs } = props;
  const made = `${Draws !== null} ${theme} ${heightPx} ${withTimes} ${left.label} ${right?.label} ${lines
    .map(({ label, as, colour, scale }) => `${label}/${as}/${colour}/${scale}`)
    .join()}`;

  useEffect(() => {
    let isGone = false;
    loadUPlot().then(
      (Found) => !isGone && setDraws({ Draws: Found, failure: null }),
      (thrown) => !isGone && setDraws({ Draws: null, failure: String(thrown) }),
    );
    return () => {
      isGone = true;
    };
  }, []);

  useEffect(() => {
    if (!Draws) return;
    const at = host.current!;
    const own = new Draws(optionsOf(latest, at), dataOf(latest.current), at);
    plot.current = own;
    const sized = new ResizeObserver(() => own.setSize({ width: at.clientWidth, height: heightPx }));
    sized.observe(at);
    return () => {
      sized.disconnect();
      plot.current = null;
      own.destroy();
    };
  }, [made]);

  useEffect(() => {
    const own = plot.current;
    if (!own) return;
    own.setData(dataOf(props), false);
    own.setScale('x', { min: props.fromMs / 1_000, max: props.toMs / 1_000 });
  }, [props.lines, props.gaps, props.marksMs, props.fromMs, props.toMs, made]);

  useEffect(() => {
    const own = plot.current;
    if (!own || isPointedAt(own)) return;
    const left = cursorMs === null ? -10 : own.valToPos(cursorMs / 1_000, 'x');
    own.setCursor({ left, top: cursorMs === null ? -10 : 0 }, false);
  }, [cursorMs, made, props.toMs]);

  return (
    <div class="plot" ref={host} aria-hidden="true" style={{ minHeight: `${heightPx}px` }}>
      {failure && <p class="quiet">The curve cannot be drawn: {failure}. The table below says the same.</p>}
    </div>
  );
}

interface Loaded {
  readonly Draws: UPlot | null;
  /** Why it is not there. */
  readonly failure: string | null;
}

const isPointedAt = (own: uPlot) => own.over.matches(':hover');

function dataOf({ lines }: PlotProps): uPlot.AlignedData {
  const { timesMs, columns } = aligned(lines.map(({ curve }) => curve));
  return [timesMs.map((timeMs) => timeMs / 1_000), ...columns.map((column) => [...column])];
}

function optionsOf(latest: { readonly current: PlotProps }, at: HTMLElement): uPlot.Options {
  const { lines, left, right, heightPx, withTimes, fromMs, toMs } = latest.current;
  const looks = colours(at);
  const rangeOf = (side: 'left' | 'right'): uPlot.Range.Function => {
    return (_, min, max) => yRange(side === 'left' ? latest.current.left : latest.current.right, min, max);
  };
  return {
    width: at.clientWidth,
    height: heightPx,
    padding: [8, right ? 0 : sidePx, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: true, min: fromMs / 1_000, max: toMs / 1_000 },
      left: { range: rangeOf('left') },
      right: { range: rangeOf('right') },
    },
    axes: axesFor({ left, right, withTimes, sidePx, looks }),
    series: [{}, ...lines.map((line) => seriesFor(line, looks))],
    hooks: {
      drawClear: [(own) => drawGaps(own, latest.current, looks)],
      draw: [(own) => drawMarks(own, latest.current, looks)],
      setCursor: [
        (own) => {
          if (!isPointedAt(own)) return;
          const { left } = own.cursor;
          const time = left === undefined || left < 0 ? null : own.posToVal(left, 'x') * 1_000;
          latest.current.onCursor(time);
        },
      ],
      ready: [(own) => own.over.addEventListener('mouseleave', () => latest.current.onCursor(null))],
    },
  };
}

/** With some room around, at least as wide as the axis asks for. */
function yRange(axis: PlotAxis | null, min: number | null, max: number | null): [number, number] {
  const least = axis?.spanLeast ?? 1;
  if (min === null || max === null) return [0, least];
  if (axis?.fromZero) return [0, Math.max(least, max * 1.1)];
  const middle = (min + max) / 2;
  const half = Math.max(least / 2, ((max - min) / 2) * 1.15);
  return [middle - half, middle + half];
}

function drawGaps(own: uPlot, { gaps }: PlotProps, looks: ReturnType<typeof colours>) {
  const { ctx, bbox } = own;
  for (const { fromMs, toMs } of gaps) {
    const from = Math.max(bbox.left, own.valToPos(fromMs / 1_000, 'x', true));
    const to = Math.min(bbox.left + bbox.width, own.valToPos(toMs / 1_000, 'x', true));
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    ctx.save();
    ctx.fillStyle = hatch(ctx, looks.gap);
    ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height);
    ctx.restore();
  }
}

function drawMarks(own: uPlot, { marksMs }: PlotProps, looks: ReturnType<typeof colours>) {
  const { ctx, bbox } = own;
  ctx.save();
  ctx.strokeStyle = looks.mark;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const timeMs of marksMs) {
    const x = Math.round(own.valToPos(timeMs / 1_000, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Another one when the page turns light or dark: a canvas keeps the colours it was drawn with. */
function useTheme(): number {
  const [turn, set] = useState(0);
  useEffect(() => {
    const next = () => set((before) => before + 1);
    const asked = matchMedia('(prefers-color-scheme: dark)');
    const chosen = new MutationObserver(next);
    asked.addEventListener('change', next);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      asked.removeEventListener('change', next);
      chosen.disconnect();
    };
  }, []);
  return turn;
}
