/** Sensors of the air that people breathe. */
import { type Bricklet, believable, day, plainChannel } from './description.ts';

const secondGeneration = { hardware: [1, 0, 0], coMcu: true } as const;

const temperature = {
  sensor: 'temperature',
  unit: '°C',
  rawPerUnit: 100,
  plausible: believable.temperature,
  shape: day.roomTemperature,
} as const;

const humidity = {
  sensor: 'humidity',
  unit: '%RH',
  rawPerUnit: 100,
  range: { min: 0, max: 100 },
  plausible: believable.humidity,
  shape: day.roomHumidity,
} as const;

const iaqFields = [
  { name: 'iaq', raw: 'i32' },
  { name: 'accuracy', raw: 'u8' },
] as const;

export const airQuality: Bricklet = {
  identifier: 297,
  name: 'Air Quality Bricklet',
  type: 'air-quality',
  models: ['air-quality'],
  ...secondGeneration,
  firmware: [2, 0, 7],
  channels: [
    {
      getter: 1,
      fields: [
        ...iaqFields,
        { name: 'temperature', raw: 'i32' },
        { name: 'humidity', raw: 'i32' },
        { name: 'pressure', raw: 'i32' },
      ],
      callback: { form: 'configured', id: 6, set: 4, get: 5, threshold: false },
    },
    {
      getter: 7,
      fields: iaqFields,
      callback: { form: 'configured', id: 10, set: 8, get: 9, threshold: false },
    },
    plainChannel(11, 'temperature', 'i32'),
    plainChannel(15, 'humidity', 'i32'),
    plainChannel(19, 'pressure', 'i32'),
  ],
  quantities: [
    {
      sensor: 'iaq',
      unit: 'IAQ',
      rawPerUnit: 1,
      accuracy: { field: 'accuracy', words: ['unreliable', 'low', 'medium', 'high'] },
      range: { min: 0, max: 500 },
      plausible: { min: 0, max: 500 },
      shape: { shape: 'sine', mean: 75, amplitude: 50, period: 14_400_000 },
    },
    { ...temperature, range: { min: -40, max: 85 } },
    humidity,
    {
      sensor: 'pressure',
      unit: 'hPa',
      rawPerUnit: 100,
      range: { min: 300, max: 1_100 },
      plausible: believable.pressure,
      shape: day.pressure,
    },
  ],
  states: { accuracy: { shape: 'const', value: 3 } },
  settings: [
    // Temperature offset in 1/100 degrees.
    { set: 2, get: 3, values: [{ raw: 'i32', min: -0x8000_0000, max: 0x7fff_ffff, initial: 0 }] },
    // Duration of the background calibration.
    { set: 24, get: 25, values: [{ raw: 'u8', min: 0, max: 1, initial: 0 }] },
  ],
  // Removes the calibration.
  commands: [{ id: 23, values: [] }],
};

export const co2V2: Bricklet = {
  identifier: 2147,
  name: 'CO2 Bricklet 2.0',
  type: 'co2',
  models: ['co2', 'co2-v2'],
  ...secondGeneration,
  firmware: [2, 0, 1],
  channels: [
    {
      getter: 1,
      fields: [
        { name: 'co2', raw: 'u16' },
        { name: 'temperature', raw: 'i16' },
        { name: 'humidity', raw: 'u16' },
      ],
      callback: { form: 'configured', id: 8, set: 6, get: 7, threshold: false },
    },
    plainChannel(9, 'co2', 'u16'),
    plainChannel(13, 'temperature', 'i16'),
    plainChannel(17, 'humidity', 'u16'),
  ],
  quantities: [
    {
      sensor: 'co2',
      unit: 'ppm',
      rawPerUnit: 1,
      range: { min: 0, max: 40_000 },
      plausible: { min: 300, max: 40_000 },
      shape: { shape: 'sine', mean: 700, amplitude: 250, period: 14_400_000 },
    },
    { ...temperature, range: { min: -40, max: 120 } },
    humidity,
  ],
  settings: [
    // Air pressure to compensate for, in hPa; 0 for none.
    { set: 2, get: 3, values: [{ raw: 'u16', min: 700, max: 1_200, initial: 0 }], orZeros: true },
    // Temperature offset in 1/100 degrees.
    { set: 4, get: 5, values: [{ raw: 'u16', min: 0, max: 0xffff, initial: 0 }] },
  ],
  commands: [],
};
