/** What happened, in order and bounded: for histories, logs and charts over time. */
import type { InspectFrame, SampleFrame } from '../../../contract/inspect.ts';
import type { LogEntry } from '../../../contract/report.ts';
import { type Figures, figuresOf } from '../../figures.ts';
import type { ConsoleEvent, StatusEvent } from '../../wire.ts';

/** A frame or a line of the log. */
export type PastItem = {
  /** Rises from item to item, in the order they came. */
  readonly place: number;
  /** Of the console event that brought it. */
  readonly eventId: number;
  /** On the pipeline's clock, ms since 1970. */
  readonly timeMs: number;
  readonly pipeline: string;
  readonly actor: string;
} & (
  | { readonly frame: Exclude<InspectFrame, SampleFrame>; readonly entry: null }
  | { readonly frame: null; readonly entry: LogEntry }
);

export interface PastSample {
  readonly eventId: number;
  readonly pipeline: string;
  readonly sample: SampleFrame;
}

/** A pipeline's figures at one moment, for curves. */
export interface PastFigures extends Figures {
  readonly eventId: number;
  readonly pipeline: string;
}

/** Bounds; `null` keeps everything, which a recording of bounded length does. */
export interface PastLimits {
  readonly itemsMax: number;
  readonly actorItemsMax: number;
  /** Of all actors together, about: the more there are, the less is kept of each. */
  readonly actorsItemsMax: number;
  readonly samplesMax: number;
  readonly figuresMax: number;
}

export const liveLimits: PastLimits = {
  itemsMax: 20_000,
  actorItemsMax: 1_000,
  actorsItemsMax: 60_000,
  samplesMax: 40_000,
  figuresMax: 20_000,
};

/** However many others there are, so much is kept of each. */
const actorItemsMin = 20;

/** So often at most a pipeline's figures are kept, where there are bounds. */
const figuresMs = 2_000;

/** What views read: all of it, oldest first. */
export interface PastView {
  readonly items: readonly PastItem[];
  readonly samples: readonly PastSample[];
  readonly figures: readonly PastFigures[];
  /** Reaches further back for a quiet actor than `items` does. */
  ofActor(pipeline: string, actor: string): readonly PastItem[];
}

export interface Past {
  add(event: ConsoleEvent): void;
  clear(): void;
  /** Everything, or what had happened when the event with that id had come. The same object while nothing changed. */
  view(untilEventId?: number): PastView;
}

export function createPast(limits: PastLimits | null = liveLimits): Past {
  const items = list<PastItem>(limits?.itemsMax);
  const samples = list<PastSample>(limits?.samplesMax);
  const figures = list<PastFigures>(limits?.figuresMax);
  const byActor = new Map<string, List<PastItem>>();
  const figuresAtMs = new Map<string, number>();
  let lastPlace = 0;
  let kept: { view: PastView; until: number | undefined } | null = null;

  const push = (event: ConsoleEvent, pipeline: string, what: InspectFrame | LogEntry) => {
    if ('type' in what && what.type === 'sample') {
      samples.push({ eventId: event.id, pipeline, sample: what });
      return;
    }
    lastPlace += 1;
    const base = { place: lastPlace, eventId: event.id, pipeline, actor: what.actor };
    const item: PastItem =
      'report' in what
        ? { ...base, timeMs: what.time, frame: null, entry: what }
        : { ...base, timeMs: what.timeMs, frame: what, entry: null };
    items.push(item);
    const key = `${pipeline}\n${what.actor}`;
    const own = byActor.get(key) ?? list<PastItem>(limits?.actorItemsMax);
    own.push(item);
    if (limits) own.shorten(Math.max(actorItemsMin, Math.floor(limits.actorsItemsMax / (byActor.size + 1))));
    // Put behind the others, so that the first is the one that was quiet for longest.
    byActor.delete(key);
    byActor.set(key, own);
    if (limits && byActor.size > 5_000) byActor.delete(byActor.keys().next().value!);
  };
  const pushFigures = ({ id: eventId, status, before = [] }: StatusEvent) => {
    const { pipeline, nowMs } = status;
    for (const each of before) {
      if (each.timeMs <= (figuresAtMs.get(pipeline) ?? Number.NEGATIVE_INFINITY)) continue;
      figuresAtMs.set(pipeline, each.timeMs);
      figures.push({ ...each, eventId, pipeline });
    }
    if (limits && nowMs - (figuresAtMs.get(pipeline) ?? Number.NEGATIVE_INFINITY) < figuresMs) return;
    figuresAtMs.set(pipeline, nowMs);
    figures.push({ ...figuresOf(status), eventId, pipeline });
  };
  const clear = () => {
    for (const each of [items, samples, figures]) each.clear();
    byActor.clear();
    figuresAtMs.clear();
    kept = null;
  };

  return {
    add(event) {
      kept = null;
      if (event.type === 'reset') clear();
      if (event.type === 'status') pushFigures(event);
      if (event.type === 'frames') for (const frame of event.frames) push(event, event.pipeline, frame);
      if (event.type === 'entries') for (const entry of event.entries) push(event, entry.pipeline, entry);
    },
    clear,
    view(until) {
      if (kept && kept.until === until) return kept.view;
      const actors = new Map<string, readonly PastItem[]>();
      const view: PastView = {
        items: items.until(until),
        samples: samples.until(until),
        figures: figures.until(until),
        ofActor(pipeline, actor) {
          const key = `${pipeline}\n${actor}`;
          const known = actors.get(key) ?? byActor.get(key)?.until(until) ?? [];
          actors.set(key, known);
          return known;
        },
      };
      kept = { view, until };
      return view;
    },
  };
}

interface List<T> {
  push(item: T): void;
  /** Keeps so many, the newest, where they have become more than that by a quarter. */
  shorten(max: number): void;
  clear(): void;
  until(eventId: number | undefined): readonly T[];
}

/** Keeps the newest; what is over the bound goes in large pieces, so that one more costs nothing. */
function list<T extends { readonly eventId: number }>(max: number = Number.POSITIVE_INFINITY): List<T> {
  let all: T[] = [];
  const shorten = (to: number) => {
    if (all.length > to * 1.25) all = all.slice(-to);
  };
  return {
    push(item) {
      all.push(item);
      shorten(max);
    },
    shorten,
    clear() {
      all = [];
    },
    until(eventId) {
      if (eventId === undefined) return all.slice();
      let [low, high] = [0, all.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (all[middle]!.eventId <= eventId) low = middle + 1;
        else high = middle;
      }
      return all.slice(0, low);
    },
  };
}
