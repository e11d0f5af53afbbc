/** Functions that every device with a processor of its own has. */
import type { Surroundings } from './device.ts';
import { type DeviceFunction, getter, setter } from './function.ts';
import { writeRaw } from './raw.ts';

const statusLedMax = 3;
const firmwareMode = 1;
/** A chip is warmer than the air, in degrees Celsius. */
const chipWarmth = 8;

/**
 * @param uid number of the device
 * @param airTemperature of the surroundings, in degrees Celsius
 */
export function housekeeping(
  uid: number,
  airTemperature: () => number,
  { restart }: Pick<Surroundings, 'restart'>,
): [number, DeviceFunction][] {
  let statusLed = 3;
  let storedUid = uid;
  const u8 = (value: number) => writeRaw([{ raw: 'u8', value }]);
  return [
    // Error counts of the wire between brick and bricklet: there is no wire.
    [234, getter(() => Buffer.alloc(16))],
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
    [242, getter(() => writeRaw([{ raw: 'i16', value: Math.round(airTemperature()) + chipWarmth }]))],
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
    [249, getter(() => writeRaw([{ raw: 'u32', value: storedUid }]))],
  ];
}
