/** Barometer Bricklet (device identifier 221). */
import { altitudeM, clampRound, sensorTemperature, standardPressure } from './atmosphere.ts';
import {
  type Callback,
  callbackOff,
  createCallback,
  readThreshold,
  type Threshold,
  thresholdOff,
  writeThreshold,
} from './callback.ts';
import type { EmulatedDevice, Identity, Surroundings } from './device.ts';
import { type DeviceFunction, getter, i16, i32, setter, u8, u32 } from './function.ts';

const pressureMin = 10_000;
const pressureMax = 1_200_000;
const averagingMax = { movingPressure: 25, pressure: 10 };
const i2cModeMax = 1;

export function createBarometer(
  identity: Omit<Identity, 'identifier' | 'hardware' | 'firmware'>,
  { clock, measure, elapsedMs, callback }: Surroundings,
): EmulatedDevice {
  let reference = standardPressure;
  let averaging = [25, 10, 10];
  let i2cMode = 0;
  let debounceMs = 100;
  const pressure = () => clampRound(measure() * 1_000, pressureMin, pressureMax);
  const altitudeCm = () => Math.round(altitudeM(pressure(), reference) * 100);

  const pressureChanged = createCallback(clock, pressure, (value) => callback(15, i32(value)));
  const altitudeChanged = createCallback(clock, altitudeCm, (value) => callback(16, i32(value)));
  const pressureReached = createCallback(clock, pressure, (value) => callback(17, i32(value)));
  const altitudeReached = createCallback(clock, altitudeCm, (value) => callback(18, i32(value)));

  const period = (changed: Callback) =>
    setter(4, (payload) => {
      changed.configure({
        periodMs: payload.readUInt32LE(0),
        valueHasToChange: true,
        threshold: thresholdOff,
      });
      return true;
    });
  const watch = (reached: Callback, threshold: Threshold) => {
    // Debounce 0 is "as often as it is looked at".
    const periodMs = threshold.option === 'x' ? 0 : Math.max(debounceMs, 1);
    reached.configure({ periodMs, valueHasToChange: false, threshold }, 0);
  };
  const threshold = (reached: Callback) =>
    setter(9, (payload) => {
      const wanted = readThreshold(payload);
      if (wanted) watch(reached, wanted);
      return wanted !== undefined;
    });
  const functions: [number, DeviceFunction][] = [
    [1, getter(() => i32(pressure()))],
    [2, getter(() => i32(altitudeCm()))],
    [3, period(pressureChanged)],
    [4, getter(() => u32(pressureChanged.config.periodMs))],
    [5, period(altitudeChanged)],
    [6, getter(() => u32(altitudeChanged.config.periodMs))],
    [7, threshold(pressureReached)],
    [8, getter(() => writeThreshold(pressureReached.config.threshold))],
    [9, threshold(altitudeReached)],
    [10, getter(() => writeThreshold(altitudeReached.config.threshold))],
    [
      11,
      setter(4, (payload) => {
        debounceMs = payload.readUInt32LE(0);
        for (const reached of [pressureReached, altitudeReached]) watch(reached, reached.config.threshold);
        return true;
      }),
    ],
    [12, getter(() => u32(debounceMs))],
    [
      13,
      setter(4, (payload) => {
        // 0 stands for the pressure of the moment.
        const wanted = payload.readInt32LE(0) || pressure();
        if (wanted < pressureMin || wanted > pressureMax) return false;
        reference = wanted;
        return true;
      }),
    ],
    [14, getter(() => i16(sensorTemperature(elapsedMs())))],
    [19, getter(() => i32(reference))],
    [
      20,
      setter(3, (payload) => {
        if (payload[0]! > averagingMax.movingPressure || payload[1]! > averagingMax.pressure) return false;
        averaging = [...payload];
        return true;
      }),
    ],
    [21, getter(() => u8(...averaging))],
    [
      22,
      setter(1, (payload) => {
        if (payload[0]! > i2cModeMax) return false;
        i2cMode = payload[0]!;
        return true;
      }),
    ],
    [23, getter(() => u8(i2cMode))],
  ];
  return {
    identity: { ...identity, hardware: [1, 1, 0], firmware: [2, 0, 3], identifier: 221 },
    functions: new Map(functions),
    stop() {
      for (const one of [pressureChanged, altitudeChanged, pressureReached, altitudeReached]) {
        one.configure(callbackOff);
      }
    },
  };
}
