/** Gathers what the weather page shows of one pipeline: what came by, what the console still knows, and what happened. */
import type { Weather } from '../../../contract/weather.ts';
import { getJson } from '../model/api.ts';
import { useModel } from '../model/context.ts';
import type { PipelineModel } from '../model/model.ts';
import type { PastItem, PastView } from '../model/past.ts';
import { type Polled, useBeat, usePolled } from '../model/polled.ts';
import { askedSinceMs, type Range } from './ranges.ts';
import type { KnownForecast } from './readout.ts';
import { edgeOf, type Sensor, sensorsOf } from './sensors.ts';
import { forecastsIn, seriesIn } from './told.ts';

export interface WeatherFacts {
  readonly sensors: readonly Sensor[];
  readonly forecasts: readonly KnownForecast[];
  readonly gaps: Weather['gaps'];
  readonly items: readonly PastItem[];
  readonly figures: PastView['figures'];
  /** The pipeline's time; stands still while it is stale. */
  readonly nowMs: number;
  readonly asked: Polled<Weather>;
}

const askMs = 5_000;
/** What all edges have is for the list of them where one is looked at. */
const askAllMs = 30_000;
const beatMs = 1_000;
const replayBeatMs = 200;

/** @param chosen the sensor that the address names: a cloud tells of its edge without what it leaves out where edges are many */
export function useWeather(pipeline: PipelineModel, range: Range, chosen: string | null): WeatherFacts {
  const model = useModel();
  const isReplay = model.isReplay.value;
  const isAttached = pipeline.known.value.attached;
  // The past changes with every frame of the screen; a barometer does not.
  useBeat(isReplay ? replayBeatMs : beatMs);
  const ask = (query: Readonly<Record<string, string>>) => (signal: AbortSignal) => {
    const since = Math.floor(askedSinceMs(range, pipeline.nowMs.peek()));
    return getJson<Weather>(
      'api/weather',
      { pipeline: pipeline.name, since: String(since), ...query },
      signal,
    );
  };
  const isCloud = pipeline.status.peek()?.store?.role === 'cloud';
  const one = isCloud && chosen !== null ? edgeOf(chosen) : null;
  const key = isReplay || !isAttached ? null : `${pipeline.name} ${range.id}`;
  const all = usePolled(key, ask({}), one === null ? askMs : askAllMs);
  const single = usePolled(
    key === null || one === null ? null : `${key} ${one}`,
    ask({ edge: one ?? '' }),
    askMs,
  );
  const asked = one === null ? all : { ...single, answer: withEdge(all.answer, single.answer, one) };

  const past = model.past.peek();
  const own = <T extends { readonly pipeline: string }>(all: readonly T[]) =>
    all.filter((each) => each.pipeline === pipeline.name);
  const edge = pipeline.status.peek()?.edge ?? null;
  const items = own(past.items);
  const samples = own(past.samples).map(({ sample }) => sample);
  // A recorded cloud says nothing of forecasts: its edges do, where they were recorded too.
  const heard = new Set(isCloud && isReplay ? samples.map((sample) => sample.edge) : []);
  const told = heard.size > 0 ? past.items : items;
  const edgeOfPipeline = (name: string) => {
    if (name === pipeline.name) return edge;
    const other = model.pipeline(name)?.status.peek()?.edge ?? null;
    return heard.has(other) ? other : null;
  };
  const weather = withMeans(asked.answer, seriesIn(told, edgeOfPipeline));
  return {
    sensors: sensorsOf(samples, weather, edge),
    forecasts: [...(asked.answer?.forecasts ?? []), ...forecastsIn(told, edgeOfPipeline)],
    gaps: asked.answer?.gaps ?? [],
    items,
    figures: own(past.figures),
    nowMs: pipeline.nowMs.peek(),
    asked,
  };
}

/** What is known of all, with that of one edge as it was told by itself. */
function withEdge(all: Weather | null, own: Weather | null, edge: string): Weather | null {
  if (!all || !own) return own ?? all;
  const others = <T extends { readonly edge: string }>(these: readonly T[]) =>
    these.filter((each) => each.edge !== edge);
  return {
    series: [...others(all.series), ...own.series],
    gaps: [...others(all.gaps), ...own.gaps],
    forecasts: [...others(all.forecasts), ...own.forecasts],
  };
}

/** A recording, or a console that does not answer, still has the means that forecasts told. */
function withMeans(weather: Weather | null, told: Weather['series']): Weather | null {
  if (weather?.series.some(({ means }) => means.length > 0) || told.length === 0) return weather;
  return { series: told, gaps: weather?.gaps ?? [], forecasts: weather?.forecasts ?? [] };
}
