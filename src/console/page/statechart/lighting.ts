/** Lights a chart that is drawn: sets classes, and draws countdowns over it. The drawing itself stays as it is. */
import type { Chart, ChartEdge, ChartLayout } from '../../../contract/chart.ts';
import type { Refusal, RunningTimer } from '../../../contract/inspect.ts';
import { lineHeight } from '../../../inspect/drawing/state-box.ts';
import { transitionToken } from '../../../inspect/drawing/svg.ts';
import { countdown } from '../shared/figures.ts';
import { timerProgress } from './active.ts';

/** What is to be seen. */
export interface Lit {
  readonly active: readonly string[];
  /** Ids of the transitions taken last. */
  readonly taken: readonly string[];
  readonly refused: readonly Refusal[];
  readonly timers: readonly RunningTimer[];
  /** Tells one step from the next: another one lets what was taken flash again. */
  readonly step: number | null;
  /** Lets what was taken flash and fade; otherwise it stays marked. */
  readonly fades: boolean;
}

export interface Lighting {
  light(lit: Lit): void;
  /** Countdowns go on. */
  tick(nowMs: number): void;
  /** Where the deepest active state is, in the drawing. */
  focus(): { readonly x: number; readonly y: number } | null;
}

const namespace = 'http://www.w3.org/2000/svg';
const badgeWidth = 52;

export function lightingOf(svg: SVGSVGElement, chart: Chart, layout: ChartLayout): Lighting {
  const states = new Map<string, Element>();
  for (const each of svg.querySelectorAll('[data-state]')) states.set(each.getAttribute('data-state')!, each);
  const byTransition = new Map<string, Element[]>();
  for (const each of svg.querySelectorAll('[data-transitions]')) {
    for (const token of each.getAttribute('data-transitions')!.split(' ')) {
      byTransition.set(token, [...(byTransition.get(token) ?? []), each]);
    }
  }
  const over = svg.appendChild(document.createElementNS(namespace, 'g'));
  over.setAttribute('class', 'over');
  const lamps = [lampOf('active'), lampOf('taken'), lampOf('refused')] as const;
  const partsOf = (ids: readonly string[]) =>
    ids.flatMap((id) => byTransition.get(transitionToken(id)) ?? []);
  let countdowns: readonly Countdown[] = [];
  let shownTimers: readonly RunningTimer[] = [];
  let shownStep: number | null = null;
  let deepest: string | null = null;

  return {
    light({ active, taken, refused, timers, step, fades }) {
      lamps[0](active.flatMap((id) => states.get(id) ?? []));
      lamps[1](partsOf(taken));
      lamps[2](partsOf(refused.map(({ transition }) => transition)));
      svg.classList.toggle('fades', fades);
      if (step !== shownStep) {
        shownStep = step;
        // Its animation begins anew only when the other name comes up.
        svg.classList.toggle('turn');
      }
      deepest = active.at(-1) ?? null;
      if (timers === shownTimers) return;
      shownTimers = timers;
      over.replaceChildren();
      countdowns = timers.flatMap((timer) => drawCountdown(timer, chart, layout, partsOf, over));
    },
    tick(nowMs) {
      for (const each of countdowns) each(nowMs);
    },
    focus() {
      const box = deepest === null ? undefined : layout.states[deepest];
      return box ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : null;
    },
  };
}

/** Puts a class on these elements, and takes it from those that had it before. */
function lampOf(name: string): (elements: readonly Element[]) => void {
  let lit = new Set<Element>();
  return (elements) => {
    const next = new Set(elements);
    for (const each of lit) if (!next.has(each)) each.classList.remove(name);
    for (const each of next) if (!lit.has(each)) each.classList.add(name);
    lit = next;
  };
}

type Countdown = (nowMs: number) => void;

/** A thin line that grows along the arrow, and what is left beside its words. */
function drawCountdown(
  timer: RunningTimer,
  chart: Chart,
  layout: ChartLayout,
  partsOf: (ids: readonly string[]) => readonly Element[],
  over: Element,
): readonly Countdown[] {
  const ids = chart.transitions.filter(({ event }) => event === timer.event).map(({ id }) => id);
  const edge = layout.edges.find(({ transitions }) => transitions.some((id) => ids.includes(id)));
  const place = placeOf(edge, ids, layout.width) ?? placeInState(layout, ids);
  if (!place) return [];
  const line = partsOf(ids)
    .find((part) => part.classList.contains('edge'))
    ?.querySelector('.line');
  const along = line ? over.appendChild(line.cloneNode() as SVGPathElement) : null;
  along?.setAttribute('class', 'countdown-line');
  along?.setAttribute('pathLength', '100');
  const badge = over.appendChild(document.createElementNS(namespace, 'g'));
  badge.setAttribute('class', 'countdown');
  badge.setAttribute('transform', `translate(${place.x} ${place.y})`);
  const rect = (kind: string, width: number, height: number, y: number) => {
    const element = badge.appendChild(document.createElementNS(namespace, 'rect'));
    const entries = Object.entries({ class: kind, width, height, y, rx: Math.min(4, height / 2) });
    for (const [name, value] of entries) element.setAttribute(name, String(value));
    return element;
  };
  rect('countdown-box', badgeWidth, 18, 0);
  const bar = rect('countdown-bar', 0, 2.5, 15.5);
  const text = badge.appendChild(document.createElementNS(namespace, 'text'));
  for (const [name, value] of Object.entries({ x: badgeWidth / 2, y: 12, 'text-anchor': 'middle' }))
    text.setAttribute(name, String(value));
  return [
    (nowMs) => {
      const { share, leftMs } = timerProgress(timer, nowMs);
      along?.setAttribute('stroke-dasharray', `${share * 100} 100`);
      bar.setAttribute('width', String(share * badgeWidth));
      text.textContent = countdown(leftMs);
    },
  ];
}

/** Beside the label, or below it where the picture ends there. */
function placeOf(
  edge: ChartEdge | undefined,
  ids: readonly string[],
  widthMax: number,
): { x: number; y: number } | null {
  if (!edge?.label) return null;
  const { x, y, width, height } = edge.label;
  if (x + width + 3 + badgeWidth > widthMax) return { x: x + width - badgeWidth, y: y + height + 3 };
  const row = edge.transitions.findIndex((id) => ids.includes(id));
  return { x: x + width + 3, y: y + 1 + row * lineHeight };
}

/** For one that is told inside its state: at the corner of that. */
function placeInState(layout: ChartLayout, [id]: readonly string[]): { x: number; y: number } | null {
  const box = id === undefined ? undefined : layout.states[id.split('|')[0]!];
  return box ? { x: box.x + box.width - badgeWidth - 4, y: box.y - 9 } : null;
}
