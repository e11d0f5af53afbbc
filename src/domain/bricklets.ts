/** The devices there are descriptions of, and the words people use for them. */
import { airQuality, co2V2 } from './bricklets/air.ts';
import { barometer, barometerV2 } from './bricklets/barometers.ts';
import { ambientLightV3, humidityV2, temperatureV2 } from './bricklets/climate.ts';
import type { Bricklet, Quantity } from './bricklets/description.ts';
import { gpsV2, gpsV3 } from './bricklets/gps.ts';

export type {
  Bounds,
  Bricklet,
  Channel,
  ChannelCallback,
  Field,
  Quantity,
  RawType,
  Setting,
} from './bricklets/description.ts';
export { rawType } from './bricklets/description.ts';

export const bricklets: readonly Bricklet[] = [
  barometer,
  barometerV2,
  temperatureV2,
  humidityV2,
  ambientLightV3,
  airQuality,
  co2V2,
  gpsV3,
  gpsV2,
];

/** Every type, in the order of the table. */
export const deviceTypes = unique(bricklets.map(({ type }) => type));

/** Every word for a model that can be emulated. */
export const models = unique(bricklets.flatMap(({ models: words }) => words));

/** Every name of something measured. */
export const sensorNames = unique(
  bricklets.flatMap(({ quantities }) => quantities.map(({ sensor }) => sensor)),
);

/** Every name of a field that an emulator can be told a shape for, beside `sensorNames`. */
export const stateNames = unique(bricklets.flatMap(({ states }) => Object.keys(states ?? {})));

/** The description of a device, if there is one. */
export function findBricklet(identifier: number): Bricklet | undefined {
  return bricklets.find((bricklet) => bricklet.identifier === identifier);
}

export function brickletOfModel(model: string): Bricklet | undefined {
  return bricklets.find(({ models: words }) => words.includes(model));
}

export function brickletsOfType(type: string): readonly Bricklet[] {
  return bricklets.filter((bricklet) => bricklet.type === type);
}

/** What devices of a type measure, as every generation of them names it. */
export function quantitiesOfType(type: string): readonly Quantity[] {
  const all = brickletsOfType(type).flatMap(({ quantities }) => quantities);
  return unique(all.map(({ sensor }) => sensor)).map(
    (sensor) => all.find((quantity) => quantity.sensor === sensor)!,
  );
}

/** What is read where nobody names any: all but what is `onRequest`. */
export function sensorsByDefault(type: string): readonly string[] {
  return quantitiesOfType(type).flatMap(({ sensor, onRequest }) => (onRequest ? [] : [sensor]));
}

function unique(words: readonly string[]): readonly [string, ...string[]] {
  return [...new Set(words)] as unknown as [string, ...string[]];
}
