/** Receivers of satellite navigation. */
import type { Bricklet, Channel } from './description.ts';

function channel(getter: number, fields: Channel['fields'], set: number, id: number): Channel {
  return { getter, fields, callback: { form: 'on-change', id, set, get: set + 1 } };
}

const common = {
  type: 'gps',
  hardware: [1, 0, 0],
  firmware: [2, 0, 4],
  coMcu: true,
  channels: [
    channel(
      1,
      [
        { name: 'latitude', raw: 'u32' },
        { name: 'ns', raw: 'char' },
        { name: 'longitude', raw: 'u32' },
        { name: 'ew', raw: 'char' },
      ],
      11,
      22,
    ),
    channel(
      2,
      [
        { name: 'fix', raw: 'bool' },
        { name: 'satellites', raw: 'u8' },
      ],
      13,
      23,
    ),
    channel(
      3,
      [
        { name: 'altitude', raw: 'i32' },
        { name: 'separation', raw: 'i32' },
      ],
      15,
      24,
    ),
    channel(
      4,
      [
        { name: 'course', raw: 'u32' },
        { name: 'speed', raw: 'u32' },
      ],
      17,
      25,
    ),
    channel(
      5,
      [
        { name: 'date', raw: 'u32' },
        { name: 'time', raw: 'u32' },
      ],
      19,
      26,
    ),
  ],
  quantities: [
    {
      sensor: 'latitude',
      unit: 'deg',
      // The receiver says six decimals.
      rawPerUnit: 1_000_000,
      negativeWhen: { field: 'ns', is: 'S', otherwise: 'N' },
      range: { min: -90, max: 90 },
      plausible: { min: -90, max: 90 },
      shape: {
        shape: 'random-walk',
        start: 48.137154,
        step: 0.00001,
        seed: 11,
        min: 48.1361,
        max: 48.1381,
      },
    },
    {
      sensor: 'longitude',
      unit: 'deg',
      rawPerUnit: 1_000_000,
      negativeWhen: { field: 'ew', is: 'W', otherwise: 'E' },
      range: { min: -180, max: 180 },
      plausible: { min: -180, max: 180 },
      shape: {
        shape: 'random-walk',
        start: 11.576124,
        step: 0.00001,
        seed: 12,
        min: 11.5751,
        max: 11.5771,
      },
    },
    {
      sensor: 'altitude',
      unit: 'm',
      rawPerUnit: 100,
      range: { min: -1_000, max: 50_000 },
      plausible: { min: -500, max: 9_000 },
      shape: { shape: 'random-walk', start: 519, step: 0.5, seed: 13, min: 510, max: 530 },
    },
    {
      sensor: 'course',
      unit: 'deg',
      rawPerUnit: 100,
      range: { min: 0, max: 360 },
      plausible: { min: 0, max: 360 },
      shape: { shape: 'linear', from: 0, to: 360, over: 3_600_000 },
    },
    {
      sensor: 'speed',
      unit: 'km/h',
      rawPerUnit: 100,
      range: { min: 0, max: 1_800 },
      plausible: { min: 0, max: 1_200 },
      shape: { shape: 'random-walk', start: 3, step: 0.3, seed: 14, min: 0, max: 6 },
    },
  ],
  states: {
    fix: { shape: 'const', value: 1 },
    satellites: { shape: 'const', value: 9 },
    separation: { shape: 'const', value: 4_700 },
  },
  needsFix: true,
  settings: [
    // LED that shows the fix.
    { set: 9, get: 10, values: [{ raw: 'u8', min: 0, max: 4, initial: 3 }] },
    // Augmentation by geostationary satellites, on or off.
    { set: 27, get: 28, values: [{ raw: 'u8', min: 0, max: 1, initial: 0 }] },
  ],
  // Restart, hot to factory reset.
  commands: [{ id: 6, values: [{ raw: 'u8', min: 0, max: 3 }] }],
} as const satisfies Omit<Bricklet, 'identifier' | 'name' | 'models'>;

export const gpsV2: Bricklet = {
  identifier: 276,
  name: 'GPS Bricklet 2.0',
  models: ['gps-v2'],
  ...common,
};

export const gpsV3: Bricklet = {
  identifier: 2171,
  name: 'GPS Bricklet 3.0',
  models: ['gps', 'gps-v3'],
  ...common,
  firmware: [2, 0, 0],
};
