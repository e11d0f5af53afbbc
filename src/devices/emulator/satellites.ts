/** What a receiver of satellite navigation tells of its satellites. */
import { type DeviceFunction, invalid } from './function.ts';
import { writeRaw } from './raw.ts';

const systems = 3;
const numbersMax = 12;
const numberMax = 32;
const fix = { none: 1, threeDimensional: 3 } as const;

/** @param state raw value of the fields `fix` and `satellites` */
export function satelliteFunctions(state: (name: string) => number): [number, DeviceFunction][] {
  // All that are in view belong to the first system.
  const inView = (system: number) => (system === 0 ? Math.min(numbersMax, state('satellites')) : 0);
  return [
    [
      7,
      {
        payloadBytes: 1,
        answer(payload) {
          if (payload[0]! >= systems) return invalid;
          const used = state('fix') ? inView(payload[0]!) : 0;
          const numbers = Array.from({ length: numbersMax }, (_, index) => (index < used ? index + 1 : 0));
          const u8s = [used, ...numbers, used > 0 ? fix.threeDimensional : fix.none];
          // Dilutions of precision in 1/100.
          const dilutions = used > 0 ? [150, 90, 120] : [9_999, 9_999, 9_999];
          return writeRaw([
            ...u8s.map((value) => ({ raw: 'u8', value }) as const),
            ...dilutions.map((value) => ({ raw: 'u16', value }) as const),
          ]);
        },
      },
    ],
    [
      8,
      {
        payloadBytes: 2,
        answer(payload) {
          const [system, number] = [payload[0]!, payload[1]!];
          if (system >= systems || number < 1 || number > numberMax) return invalid;
          const seen = number <= inView(system);
          // Elevation and azimuth in degrees, signal in dB.
          const values = seen ? [20 + number, (number * 37) % 360, 40] : [0, 0, 0];
          return writeRaw(values.map((value) => ({ raw: 'i16', value }) as const));
        },
      },
    ],
  ];
}
