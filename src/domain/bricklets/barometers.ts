/** Barometers. */
import { type Bricklet, believable, day, plainChannel } from './description.ts';

const temperature = {
  sensor: 'temperature',
  unit: '°C',
  rawPerUnit: 100,
  range: { min: -40, max: 85 },
  plausible: believable.temperature,
  shape: day.chip,
  onRequest: true,
} as const;

/** Above where the pressure is the reference that is set in the device. */
const altitude = {
  sensor: 'altitude',
  unit: 'm',
  range: { min: -1_000, max: 40_000 },
  plausible: { min: -1_000, max: 10_000 },
  // It follows from the pressure.
  shape: { shape: 'const', value: 0 },
  onRequest: true,
} as const;

const pressure = {
  sensor: 'pressure',
  unit: 'hPa',
  rawPerUnit: 1_000,
  plausible: believable.pressure,
  shape: day.pressure,
} as const;

export const barometer: Bricklet = {
  identifier: 221,
  name: 'Barometer Bricklet',
  type: 'barometer',
  models: ['barometer'],
  hardware: [1, 1, 0],
  firmware: [2, 0, 3],
  coMcu: false,
  channels: [
    {
      getter: 1,
      fields: [{ name: 'pressure', raw: 'i32' }],
      callback: { form: 'on-change', id: 15, set: 3, get: 4, reached: { id: 17, set: 7, get: 8 } },
    },
    {
      getter: 2,
      fields: [{ name: 'altitude', raw: 'i32' }],
      callback: { form: 'on-change', id: 16, set: 5, get: 6, reached: { id: 18, set: 9, get: 10 } },
    },
    { getter: 14, fields: [{ name: 'temperature', raw: 'i16' }] },
  ],
  quantities: [
    { ...pressure, range: { min: 10, max: 1_200 } },
    { ...altitude, rawPerUnit: 100 },
    temperature,
  ],
  reference: { set: 13, get: 19 },
  debounce: { set: 11, get: 12 },
  settings: [
    {
      // Averaging: of the moving pressure, of pressure, of temperature.
      set: 20,
      get: 21,
      values: [
        { raw: 'u8', min: 0, max: 25, initial: 25 },
        { raw: 'u8', min: 0, max: 10, initial: 10 },
        { raw: 'u8', min: 0, max: 255, initial: 10 },
      ],
    },
    // I2C mode.
    { set: 22, get: 23, values: [{ raw: 'u8', min: 0, max: 1, initial: 0 }] },
  ],
  commands: [],
};

const pressureRaw = { raw: 'i32', min: 260_000, max: 1_260_000, initial: 0 } as const;

export const barometerV2: Bricklet = {
  identifier: 2117,
  name: 'Barometer Bricklet 2.0',
  type: 'barometer',
  models: ['barometer-v2'],
  hardware: [1, 0, 0],
  firmware: [2, 0, 3],
  coMcu: true,
  channels: [
    plainChannel(1, 'pressure', 'i32'),
    plainChannel(5, 'altitude', 'i32'),
    plainChannel(9, 'temperature', 'i32'),
  ],
  quantities: [
    { ...pressure, range: { min: 260, max: 1_260 } },
    { ...altitude, rawPerUnit: 1_000 },
    temperature,
  ],
  reference: { set: 15, get: 16 },
  settings: [
    {
      // Lengths of the moving averages of pressure and temperature.
      set: 13,
      get: 14,
      values: [
        { raw: 'u16', min: 1, max: 1_000, initial: 100 },
        { raw: 'u16', min: 1, max: 1_000, initial: 100 },
      ],
    },
    // Calibration: measured and actual pressure.
    { set: 17, get: 18, values: [pressureRaw, pressureRaw], orZeros: true },
    {
      // Data rate and low pass filter.
      set: 19,
      get: 20,
      values: [
        { raw: 'u8', min: 0, max: 5, initial: 4 },
        { raw: 'u8', min: 0, max: 2, initial: 1 },
      ],
    },
  ],
  commands: [],
};
