/** Sensors of temperature, humidity and light. */
import { type Bricklet, believable, day, plainChannel } from './description.ts';

const secondGeneration = { hardware: [1, 0, 0], firmware: [2, 0, 3], coMcu: true } as const;
const onOff = { raw: 'u8', min: 0, max: 1, initial: 0 } as const;
const averaged = { raw: 'u16', min: 1, max: 1_000, initial: 5 } as const;

export const temperatureV2: Bricklet = {
  identifier: 2113,
  name: 'Temperature Bricklet 2.0',
  type: 'temperature',
  models: ['temperature', 'temperature-v2'],
  ...secondGeneration,
  channels: [plainChannel(1, 'temperature', 'i16')],
  quantities: [
    {
      sensor: 'temperature',
      unit: '°C',
      rawPerUnit: 100,
      range: { min: -45, max: 130 },
      plausible: believable.temperature,
      shape: day.temperature,
    },
  ],
  // Heater.
  settings: [{ set: 5, get: 6, values: [onOff] }],
  commands: [],
};

export const humidityV2: Bricklet = {
  identifier: 283,
  name: 'Humidity Bricklet 2.0',
  type: 'humidity',
  models: ['humidity', 'humidity-v2'],
  ...secondGeneration,
  channels: [plainChannel(1, 'humidity', 'u16'), plainChannel(5, 'temperature', 'i16')],
  quantities: [
    {
      sensor: 'humidity',
      unit: '%RH',
      rawPerUnit: 100,
      range: { min: 0, max: 100 },
      plausible: believable.humidity,
      shape: day.humidity,
    },
    {
      sensor: 'temperature',
      unit: '°C',
      rawPerUnit: 100,
      range: { min: -40, max: 165 },
      plausible: believable.temperature,
      shape: day.temperature,
    },
  ],
  settings: [
    // Heater.
    { set: 9, get: 10, values: [onOff] },
    // Lengths of the moving averages.
    { set: 11, get: 12, values: [averaged, averaged] },
    // Samples per second, 20 to 0.1.
    { set: 13, get: 14, values: [{ raw: 'u8', min: 0, max: 5, initial: 3 }] },
  ],
  commands: [],
};

export const ambientLightV3: Bricklet = {
  identifier: 2131,
  name: 'Ambient Light Bricklet 3.0',
  type: 'ambient-light',
  models: ['ambient-light', 'ambient-light-v3'],
  ...secondGeneration,
  channels: [plainChannel(1, 'illuminance', 'u32')],
  quantities: [
    {
      sensor: 'illuminance',
      unit: 'lx',
      rawPerUnit: 100,
      // The unlimited range ends at about 100,000 lx.
      range: { min: 0, max: 100_000 },
      plausible: { min: 0, max: 150_000 },
      shape: day.illuminance,
    },
  ],
  settings: [
    {
      // Range and integration time.
      set: 5,
      get: 6,
      values: [
        { raw: 'u8', min: 0, max: 6, initial: 3 },
        { raw: 'u8', min: 0, max: 7, initial: 2 },
      ],
    },
  ],
  commands: [],
};
