/** A drawing in a frame that can be made larger and moved about in. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Chart, ChartLayout } from '../../../contract/chart.ts';
import { chartCss } from '../../../inspect/drawing/chart-style.ts';
import { chartSvg } from '../../../inspect/drawing/svg.ts';
import { Button } from '../shared/parts.tsx';
import { type Lighting, type Lit, lightingOf } from './lighting.ts';

interface ChartFrameProps {
  readonly chart: Chart;
  readonly layout: ChartLayout;
  readonly lit: Lit;
  readonly nowMs: number;
  /** The active state in words, for those who do not see the drawing. */
  readonly label: string;
}

const zoomMin = 0.25;
const zoomMax = 2.5;
/** Smaller than that, words cannot be read: the drawing is moved about in instead. */
const zoomReadable = 0.85;
const step = 1.25;

let hasStyle = false;

/** The rules of drawings come along with what draws them, and the page's policy allows style sheets made by it. */
function ensureStyle() {
  if (hasStyle) return;
  hasStyle = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(chartCss);
  document.adoptedStyleSheets.push(sheet);
}

function drawn(chart: Chart, layout: ChartLayout): SVGSVGElement {
  const text = chartSvg(chart, layout);
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  return document.importNode(parsed.documentElement, true) as unknown as SVGSVGElement;
}

export function ChartFrame({ chart, layout, lit, nowMs, label }: ChartFrameProps) {
  const scroller = useRef<HTMLElement>(null);
  const lighting = useRef<Lighting | null>(null);
  const [zoom, setZoom] = useState<number | null>(null);
  const [room, setRoom] = useState({ width: 900, height: 600 });
  const svg = useMemo(() => drawn(chart, layout), [chart, layout]);
  const fit = Math.min(1, room.width / layout.width, room.height / layout.height);
  const asWide = Math.min(1, room.width / layout.width);
  const shown = zoom ?? (fit >= zoomReadable ? fit : Math.max(asWide, zoomReadable));

  useLayoutEffect(() => {
    ensureStyle();
    scroller.current!.replaceChildren(svg);
    lighting.current = lightingOf(svg, chart, layout);
  }, [svg]);
  useLayoutEffect(() => {
    svg.setAttribute('width', String(Math.round(layout.width * shown)));
    svg.setAttribute('height', String(Math.round(layout.height * shown)));
  }, [svg, shown]);
  useLayoutEffect(() => lighting.current!.light(lit), [svg, lit]);
  useLayoutEffect(() => lighting.current!.tick(nowMs), [svg, lit, nowMs]);
  useEffect(() => {
    const element = scroller.current!;
    const watcher = new ResizeObserver(() => {
      setRoom({ width: element.clientWidth, height: element.clientHeight });
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const activeKey = lit.active.at(-1);
  useEffect(() => {
    const point = lighting.current!.focus();
    const element = scroller.current!;
    if (!point) return;
    // Only as far as needed, and never while somebody moves about in it.
    const [x, y] = [point.x * shown, point.y * shown];
    const margin = 90;
    const isSeen = (at: number, from: number, length: number) =>
      at > from + margin && at < from + length - margin;
    if (!isSeen(x, element.scrollLeft, element.clientWidth)) element.scrollLeft = x - element.clientWidth / 2;
    if (!isSeen(y, element.scrollTop, element.clientHeight)) element.scrollTop = y - element.clientHeight / 2;
  }, [svg, shown, activeKey, room]);

  const zoomTo = (next: number) => setZoom(Math.min(zoomMax, Math.max(zoomMin, next)));
  return (
    <div class="chart-frame card">
      <div class="chart-tools">
        <Button onPress={() => zoomTo(shown / step)} label="Smaller">
          −
        </Button>
        <Button onPress={() => zoomTo(shown * step)} label="Larger">
          +
        </Button>
        <Button onPress={() => setZoom(Math.max(zoomMin, fit))} label="Fit: show all of it">
          Fit
        </Button>
        <Button onPress={() => setZoom(1)} label="1:1, full size">
          1:1
        </Button>
      </div>
      <section
        ref={scroller}
        class="chart-scroller"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        tabIndex={0}
        aria-label={label}
        {...dragging(scroller)}
      />
    </div>
  );
}

/** Moves a drawing about with the mouse; fingers do so by themselves. */
function dragging(scroller: { readonly current: HTMLElement | null }) {
  return {
    onPointerDown(event: PointerEvent) {
      const element = scroller.current!;
      if (event.pointerType !== 'mouse' || event.button !== 0) return;
      const { clientX: x, clientY: y } = event;
      const begun = { x, y, left: element.scrollLeft, top: element.scrollTop };
      const move = (moved: PointerEvent) => {
        element.scrollLeft = begun.left - (moved.clientX - begun.x);
        element.scrollTop = begun.top - (moved.clientY - begun.y);
      };
      const end = () => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        element.classList.remove('is-dragged');
      };
      element.classList.add('is-dragged');
      addEventListener('pointermove', move);
      addEventListener('pointerup', end);
    },
  };
}
