/** Settings of a forecast: where an edge stands, what else it measures, and from which amounts on words change. */
import { z } from 'zod';
import type { ForecastThresholds, Site } from '../domain/forecast.ts';
import { namePattern } from '../domain/segment.ts';
import type { Hemisphere } from '../domain/zambretti.ts';
import { number } from './config.ts';

const sensorName = () => z.string().min(1).max(64);
const degrees = () => number({ min: 0, max: 360 });
const altitude = () => z.union([z.literal('none'), number({ min: -500, max: 5_000 })]);
const temperature = () => number({ min: -90, max: 60 });
const latitude = () => number({ min: -90, max: 90 });
const hemisphere = () => z.enum(['north', 'south', 'auto']);
const wind = () => z.union([z.literal('none'), degrees()]);
const amount = (fallback: number) => number({ min: 0.1, max: 100 }).prefault(fallback);

const thresholds = z
  .strictObject({
    'steady-below': amount(0.1).describe('Less is steady, hPa in 3 h.'),
    'moderate-from': amount(1.6).describe('From here on it no longer rises or falls slowly, hPa in 3 h.'),
    'quick-from': amount(3.6).describe('From here on it rises or falls quickly, hPa in 3 h.'),
    'very-rapid-from': amount(6.1).describe('From here on it rises or falls very rapidly, hPa in 3 h.'),
    'turn-from': amount(0.3).describe('What pressure must bend, rise or fall for a turn within 3 h, hPa.'),
    'trend-from': amount(1.6).describe('From here on its trend is not steady for Zambretti, hPa in 3 h.'),
  })
  .superRefine((value, context) => {
    const ordered = ['steady-below', 'moderate-from', 'quick-from', 'very-rapid-from'] as const;
    for (const [i, key] of ordered.slice(1).entries()) {
      const lower = ordered[i]!;
      if (value[key] > value[lower]) continue;
      const message = `${value[key]} is not more than \`${lower}\`, ${value[lower]}`;
      context.addIssue({ code: 'custom', path: [key], message });
    }
  })
  .prefault({})
  .describe('Amounts from which the words and codes for pressure change.');

/** A narrower one would make every breath of wind a storm. */
const rangeMinHPa = 20;

const pressureRange = z
  .strictObject({
    bottom: number({ min: 850, max: 1_100 })
      .prefault(950)
      .describe('Lowest pressure at sea level that the place knows, hPa.'),
    top: number({ min: 850, max: 1_100 })
      .prefault(1_050)
      .describe('Highest pressure at sea level that the place knows, hPa.'),
  })
  .superRefine(({ bottom, top }, context) => {
    if (top - bottom >= rangeMinHPa) return;
    const message = `${top} is not at least ${rangeMinHPa} hPa more than \`bottom\`, ${bottom}`;
    context.addIssue({ code: 'custom', path: ['top'], message });
  })
  .prefault({})
  .describe("What Zambretti's scale is stretched to; unless given, the weather of the British Isles.");

const edgeSite = z
  .strictObject({
    altitude: altitude().optional().describe('Its own `altitude`.'),
    temperature: temperature().optional().describe('Its own `temperature`.'),
    latitude: latitude().optional().describe('Its own `latitude`.'),
    hemisphere: hemisphere().optional().describe('Its own `hemisphere`.'),
    wind: wind().optional().describe('Its own `wind`.'),
  })
  .describe('What is different at this edge.');

/** Fields for the config of a kind. */
export const forecastFields = {
  altitude: altitude()
    .prefault('none')
    .describe('Height of the barometers above sea level, m; `none` takes pressure as it is.'),
  temperature: temperature()
    .prefault(15)
    .describe('Of the air outside, °C, for the reduction to sea level, where no sensor tells it.'),
  'temperature-sensor': sensorName()
    .optional()
    .describe('Sensor of the edge that tells the temperature of the air outside, in °C.'),
  latitude: latitude().optional().describe('Degrees, south negative; says the hemisphere.'),
  hemisphere: hemisphere()
    .prefault('auto')
    .describe('For season and wind; `auto` is what `latitude` says, and north without one.'),
  wind: wind()
    .prefault('none')
    .describe('Where the wind mostly comes from, degrees clockwise from north, where no sensor tells it.'),
  'wind-sensor': sensorName()
    .optional()
    .describe('Sensor of the edge that tells where the wind comes from, in degrees.'),
  'pressure-range': pressureRange,
  thresholds,
  edges: z
    .record(z.string().regex(namePattern, 'expected the name of an edge'), edgeSite)
    .prefault({})
    .describe('Edges that stand elsewhere, by name.'),
};

const fields = z.strictObject(forecastFields);
export type ForecastFields = z.output<typeof fields>;

/** One sensor cannot be two things: their means would be mixed. */
export function checkSensors(
  config: Pick<ForecastFields, 'temperature-sensor' | 'wind-sensor'> & { readonly sensor: string },
  context: z.core.$RefinementCtx,
): void {
  const uses = new Map([[config.sensor, 'sensor']]);
  for (const key of ['temperature-sensor', 'wind-sensor'] as const) {
    const name = config[key];
    if (name === undefined) continue;
    const other = uses.get(name);
    if (other) context.addIssue({ code: 'custom', path: [key], message: `the same sensor as \`${other}\`` });
    uses.set(name, key);
  }
}

/** The site of an edge; what its sensors tell, if anything, goes before what is set. */
export function siteOf(
  config: ForecastFields,
  edge: string,
  measured: { readonly temperatureC: number | null; readonly windDegrees: number | null },
): Site {
  const own = Object.hasOwn(config.edges, edge) ? config.edges[edge]! : {};
  const height = own.altitude ?? config.altitude;
  const direction = own.wind ?? config.wind;
  const range = config['pressure-range'];
  return {
    altitudeM: height === 'none' ? null : height,
    temperatureC: measured.temperatureC ?? own.temperature ?? config.temperature,
    hemisphere: hemisphereOf(own) ?? hemisphereOf(config) ?? 'north',
    windDegrees: measured.windDegrees ?? (direction === 'none' ? null : direction),
    range: { bottomHPa: range.bottom, topHPa: range.top },
  };
}

function hemisphereOf(place: {
  readonly hemisphere?: Hemisphere | 'auto' | undefined;
  readonly latitude?: number | undefined;
}): Hemisphere | undefined {
  if (place.hemisphere !== undefined && place.hemisphere !== 'auto') return place.hemisphere;
  if (place.latitude === undefined) return undefined;
  return place.latitude < 0 ? 'south' : 'north';
}

export function thresholdsOf({ thresholds: given }: ForecastFields): ForecastThresholds {
  return {
    steadyBelow: given['steady-below'],
    moderateFrom: given['moderate-from'],
    quickFrom: given['quick-from'],
    veryRapidFrom: given['very-rapid-from'],
    turnFrom: given['turn-from'],
    trendFrom: given['trend-from'],
  };
}
