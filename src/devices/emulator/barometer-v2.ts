/** Barometer Bricklet 2.0 (device identifier 2117). */
import { parseUid } from '../uid.ts';
import { altitudeM, clampRound, sensorTemperature, standardPressure } from './atmosphere.ts';
import { type Callback, callbackOff, createCallback, readThreshold, writeThreshold } from './callback.ts';
import type { EmulatedDevice, Identity, Surroundings } from './device.ts';
import { type DeviceFunction, getter, i16, i32, setter, u8, u16, u32 } from './function.ts';

const pressureMin = 260_000;
const pressureMax = 1_260_000;
const averagingMax = 1_000;
const dataRateMax = 5;
const lowPassFilterMax = 2;
const statusLedMax = 3;
const firmwareMode = 1;

export function createBarometerV2(
  identity: Omit<Identity, 'identifier' | 'hardware' | 'firmware'>,
  { clock, measure, elapsedMs, callback, restart }: Surroundings,
): EmulatedDevice {
  let reference = standardPressure;
  let averaging = [100, 100];
  let calibration = [0, 0];
  let sensor = [4, 1];
  let statusLed = 3;
  let storedUid = parseUid(identity.uid);
  const pressure = () => clampRound(measure() * 1_000, pressureMin, pressureMax);
  const altitudeMm = () => Math.round(altitudeM(pressure(), reference) * 1_000);
  const temperature = () => sensorTemperature(elapsedMs());
  const isPressure = (value: number) => value >= pressureMin && value <= pressureMax;

  const pressureCallback = createCallback(clock, pressure, (value) => callback(4, i32(value)));
  const altitudeCallback = createCallback(clock, altitudeMm, (value) => callback(8, i32(value)));
  const temperatureCallback = createCallback(clock, temperature, (value) => callback(12, i32(value)));

  /** Period u32, valueHasToChange u8, threshold. */
  const configure = (one: Callback) =>
    setter(14, (payload) => {
      const threshold = readThreshold(payload.subarray(5));
      if (!threshold) return false;
      one.configure({ periodMs: payload.readUInt32LE(0), valueHasToChange: payload[4] !== 0, threshold });
      return true;
    });
  const configuration = (one: Callback) =>
    getter(() => {
      const { periodMs, valueHasToChange, threshold } = one.config;
      return Buffer.concat([u32(periodMs), u8(valueHasToChange ? 1 : 0), writeThreshold(threshold)]);
    });
  const functions: [number, DeviceFunction][] = [
    [1, getter(() => i32(pressure()))],
    [2, configure(pressureCallback)],
    [3, configuration(pressureCallback)],
    [5, getter(() => i32(altitudeMm()))],
    [6, configure(altitudeCallback)],
    [7, configuration(altitudeCallback)],
    [9, getter(() => i32(temperature()))],
    [10, configure(temperatureCallback)],
    [11, configuration(temperatureCallback)],
    [
      13,
      setter(4, (payload) => {
        const wanted = [payload.readUInt16LE(0), payload.readUInt16LE(2)];
        if (!wanted.every((length) => length >= 1 && length <= averagingMax)) return false;
        averaging = wanted;
        return true;
      }),
    ],
    [14, getter(() => u16(...averaging))],
    [
      15,
      setter(4, (payload) => {
        // 0 stands for the pressure of the moment.
        const wanted = payload.readInt32LE(0) || pressure();
        if (!isPressure(wanted)) return false;
        reference = wanted;
        return true;
      }),
    ],
    [16, getter(() => i32(reference))],
    [
      17,
      setter(8, (payload) => {
        const wanted = [payload.readInt32LE(0), payload.readInt32LE(4)];
        // Two zeros take a calibration away.
        if (!wanted.every((value) => value === 0) && !wanted.every(isPressure)) return false;
        calibration = wanted;
        return true;
      }),
    ],
    [18, getter(() => i32(...calibration))],
    [
      19,
      setter(2, (payload) => {
        if (payload[0]! > dataRateMax || payload[1]! > lowPassFilterMax) return false;
        sensor = [...payload];
        return true;
      }),
    ],
    [20, getter(() => u8(...sensor))],
    // Error counts of the wire between brick and bricklet: there is no wire.
    [234, getter(() => u32(0, 0, 0, 0))],
    [236, getter(() => u8(firmwareMode))],
    [
      239,
      setter(1, (payload) => {
        if (payload[0]! > statusLedMax) return false;
        statusLed = payload[0]!;
        return true;
      }),
    ],
    [240, getter(() => u8(statusLed))],
    [242, getter(() => i16(Math.round(temperature() / 100) + 8))],
    [
      243,
      setter(0, () => {
        restart(storedUid);
        return true;
      }),
    ],
    // Counts from the next reset on, as on the real one.
    [
      248,
      setter(4, (payload) => {
        if (payload.readUInt32LE(0) <= 1) return false;
        storedUid = payload.readUInt32LE(0);
        return true;
      }),
    ],
    [249, getter(() => u32(storedUid))],
  ];
  return {
    identity: { ...identity, hardware: [1, 0, 0], firmware: [2, 0, 3], identifier: 2117 },
    functions: new Map(functions),
    stop() {
      for (const one of [pressureCallback, altitudeCallback, temperatureCallback]) one.configure(callbackOff);
    },
  };
}
