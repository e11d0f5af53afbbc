/** The means that a forecast needs: of the sensor itself, and of what else the edge measures. */
import { createHash } from 'node:crypto';
import type { ForecasterConfig } from '../../machines/forecaster.ts';
import type { Mean, SensorMean } from '../contract/store.ts';
import { DirectionMean } from '../domain/direction.ts';
import { type SegmentMean, segmentMean } from '../domain/forecast.ts';

/** Temperature and wind are those of the last hour, ms. */
const recentMs = 3_600_000;
/** Warmer or colder than any air measured on earth, °C. */
const airC = { min: -90, max: 60 };
const celsius: ReadonlySet<string> = new Set(['°C', 'C', 'degC', 'Cel']);

export interface SegmentMeans {
  /** Of the sensor that the forecast is about; `null` when the segment holds no reading of it. */
  readonly own: SegmentMean | null;
  /** What the store is to keep. */
  readonly kept: readonly SensorMean[];
  /** Unit of the temperature sensor where it is not °C. */
  readonly strangeUnit: string | null;
}

/** Names of devices may be long: a short mark stands for them. */
function originOf({ device, unit }: SegmentMean): string {
  return createHash('sha256')
    .update(JSON.stringify([device, unit]))
    .digest('base64url')
    .slice(0, 16);
}

/** Those of the same device and unit: between two barometers lies a step that no weather made. */
export function ofSameOrigin(means: readonly Mean[], own: SegmentMean): readonly Mean[] {
  const wanted = originOf(own);
  return means.filter(({ origin }) => origin === undefined || origin === wanted);
}

/** All means of one segment. */
export function segmentMeans(body: Uint8Array, config: ForecasterConfig): SegmentMeans {
  const own = segmentMean(body, { sensor: config.sensor });
  const kept: SensorMean[] = [];
  let strangeUnit: string | null = null;
  const keep = (sensor: string, mean: SegmentMean | null) => {
    if (mean === null || mean.mean === null) return;
    const { timeMs, readings } = mean;
    kept.push({ sensor, value: { timeMs, mean: mean.mean, readings, origin: originOf(mean) } });
  };
  keep(config.sensor, own);
  const { 'temperature-sensor': temperature, 'wind-sensor': wind } = config;
  if (temperature !== undefined) {
    const mean = segmentMean(body, { sensor: temperature });
    if (mean === null || celsius.has(mean.unit)) keep(temperature, mean);
    else strangeUnit = mean.unit;
  }
  if (wind !== undefined) keep(wind, segmentMean(body, { sensor: wind, directions: true }));
  return { own, kept, strangeUnit };
}

/** What the edge's own sensors told in the hour before `untilMs`. */
export async function measuredSite(
  config: ForecasterConfig,
  untilMs: number,
  known: (sensor: string, backMs: number) => Promise<readonly Mean[]>,
): Promise<{ temperatureC: number | null; windDegrees: number | null }> {
  const recent = async (sensor: string | undefined) =>
    sensor === undefined
      ? []
      : (await known(sensor, recentMs)).filter(({ timeMs }) => Math.abs(untilMs - timeMs) <= recentMs);
  const degrees = new DirectionMean();
  for (const { mean } of await recent(config['wind-sensor'])) degrees.add(mean);
  const celsiusMeans = (await recent(config['temperature-sensor'])).filter(
    ({ mean }) => mean >= airC.min && mean <= airC.max,
  );
  const sum = celsiusMeans.reduce((total, { mean }) => total + mean, 0);
  return {
    temperatureC: celsiusMeans.length === 0 ? null : sum / celsiusMeans.length,
    windDegrees: degrees.degrees,
  };
}

/** Means of segments whose commit is still under way: the store does not know them yet. */
export class MeansUnderWay {
  readonly #byEdge = new Map<string, Set<SensorMean>>();

  add(edge: string, means: readonly SensorMean[]): void {
    if (means.length === 0) return;
    const all = this.#byEdge.get(edge) ?? new Set();
    for (const mean of means) all.add(mean);
    this.#byEdge.set(edge, all);
  }

  forget(edge: string, means: readonly SensorMean[]): void {
    const all = this.#byEdge.get(edge);
    for (const mean of means) all?.delete(mean);
    if (all?.size === 0) this.#byEdge.delete(edge);
  }

  of(edge: string, sensor: string): Mean[] {
    return [...(this.#byEdge.get(edge) ?? [])]
      .filter((one) => one.sensor === sensor)
      .map(({ value }) => value);
  }
}
