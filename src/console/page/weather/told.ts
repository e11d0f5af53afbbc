/** What forecasts told that came to edges with acknowledgements, as the log has it. Pure. */
import type { WeatherMean, WeatherSeries } from '../../../contract/weather.ts';
import type { PastItem } from '../model/past.ts';
import type { KnownForecast } from './readout.ts';

/** The edge that a pipeline is; `null` for one that is none, or that nobody asks for. */
export type EdgeOfPipeline = (pipeline: string) => string | null;

/** @param items oldest first, as what is returned */
export function forecastsIn(items: readonly PastItem[], edgeOf: EdgeOfPipeline): readonly KnownForecast[] {
  return items.flatMap(({ entry, timeMs, pipeline }) => {
    const edge = entry?.report.type === 'forecast' ? edgeOf(pipeline) : null;
    return edge !== null && entry?.report.type === 'forecast'
      ? [{ edge, atMs: timeMs, forecast: entry.report }]
      : [];
  });
}

/**
 * Means of segments, each where its readings were measured as far as the log tells: what waited through an outage is answered all at
 * once. Of each edge, of the sensor that was told of last.
 * @param items oldest first
 */
export function seriesIn(items: readonly PastItem[], edgeOf: EdgeOfPipeline): readonly WeatherSeries[] {
  const byEdge = new Map<string, { sensor: string; unit: string | null; means: WeatherMean[] }>();
  const lastSealedMs = new Map<string, number>();
  const middleMs = new Map<string, number>();
  for (const { entry, timeMs, pipeline } of items) {
    const edge = entry ? edgeOf(pipeline) : null;
    if (!entry || edge === null) continue;
    const { report } = entry;
    if (report.type === 'segment' && report.what === 'sealed' && report.stream === 'readings') {
      const fromMs = lastSealedMs.get(pipeline) ?? timeMs;
      lastSealedMs.set(pipeline, timeMs);
      middleMs.set(`${pipeline}\n${report.segment}`, Math.round((fromMs + timeMs) / 2));
    }
    if (report.type !== 'forecast') continue;
    const { sensor, unit, mean, readings, segment } = report;
    const known = byEdge.get(edge);
    const own = known?.sensor === sensor ? known : { sensor, unit, means: [] };
    byEdge.set(edge, own);
    if (mean === null) continue;
    own.means.push({ timeMs: middleMs.get(`${pipeline}\n${segment}`) ?? timeMs, mean, readings });
  }
  return [...byEdge].map(([edge, { sensor, unit, means }]) => ({
    ...{ edge, sensor, unit },
    means: means.sort((a, b) => a.timeMs - b.timeMs),
  }));
}
