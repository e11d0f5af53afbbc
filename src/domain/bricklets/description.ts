/**
 * What a TinkerForge sensor is, said once: its functions, what their bytes hold, and what the numbers mean. Client,
 * emulator, config and lists all work from these descriptions; a new device is one more of them in src/domain/bricklets.ts.
 *
 * Source of ids, payloads, scales and ranges: the vendor's bindings (npm `tinkerforge`) and API documentation.
 */
import type { Shape } from '../shapes.ts';

/** How a value stands in a payload, little-endian. */
export type RawType = 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'char' | 'bool';

export interface Field {
  readonly name: string;
  readonly raw: RawType;
}

/** One function that answers values, and the callback that sends the same values unasked. */
export interface Channel {
  readonly getter: number;
  readonly fields: readonly Field[];
  readonly callback?: ChannelCallback;
}

export type ChannelCallback =
  /** A period, and whether the values must have changed; with `threshold` also option, min and max. */
  | {
      readonly form: 'configured';
      readonly id: number;
      readonly set: number;
      readonly get: number;
      readonly threshold: boolean;
    }
  /** A period only: sent when the values have changed. */
  | {
      readonly form: 'on-change';
      readonly id: number;
      readonly set: number;
      readonly get: number;
      readonly reached?: { readonly id: number; readonly set: number; readonly get: number };
    };

/** Something measured. */
export interface Quantity {
  /** Its name in readings and in `sensors:`, and of the field that holds it. */
  readonly sensor: string;
  readonly unit: string;
  /** What the field holds for each unit. */
  readonly rawPerUnit: number;
  /** The value counts as negative when that field holds that letter. */
  readonly negativeWhen?: { readonly field: string; readonly is: string; readonly otherwise: string };
  /** A field that says how far to trust the value: its numbers as words, from 0. */
  readonly accuracy?: { readonly field: string; readonly words: readonly string[] };
  /** What the device can say, in the unit. */
  readonly range: Bounds;
  /** What to believe where nobody says otherwise, in the unit. */
  readonly plausible: Bounds;
  /** What an emulator shows where nobody says otherwise. */
  readonly shape: Shape;
  /** Read only when it is asked for by name. */
  readonly onRequest?: true;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Values that can be set and asked for and do nothing here. */
export interface Setting {
  readonly set: number;
  readonly get: number;
  readonly values: readonly (Bounds & { readonly raw: RawType; readonly initial: number })[];
  /** All zeros are taken as well: they take the setting away. */
  readonly orZeros?: true;
}

/** A function that does something and answers nothing. */
export interface Command {
  readonly id: number;
  readonly values: readonly (Bounds & { readonly raw: RawType })[];
}

export interface Bricklet {
  /** Device identifier of the TinkerForge protocol. */
  readonly identifier: number;
  readonly name: string;
  /** What a pipeline asks for; generations of a device share it. */
  readonly type: string;
  /** What an emulator is told to be; the first is the usual word. */
  readonly models: readonly string[];
  readonly hardware: readonly [number, number, number];
  readonly firmware: readonly [number, number, number];
  /** Has a processor of its own, with the functions that all of these share. */
  readonly coMcu: boolean;
  readonly channels: readonly Channel[];
  readonly quantities: readonly Quantity[];
  /** Fields that are no quantity and no sign, with what an emulator shows. */
  readonly states?: Readonly<Record<string, Shape>>;
  /** Its values count only while the field `fix` is true; `satellites` says how many are in view. */
  readonly needsFix?: true;
  /** Set and get of the pressure from which `altitude` follows. */
  readonly reference?: { readonly set: number; readonly get: number };
  /** Shortest time between two callbacks for a threshold. */
  readonly debounce?: { readonly set: number; readonly get: number };
  readonly settings: readonly Setting[];
  readonly commands: readonly Command[];
}

const hour = 3_600_000;

/** Shapes of a quiet day; periods in ms. */
export const day = {
  pressure: { shape: 'sine', mean: 1013.25, amplitude: 2.5, period: 3 * hour },
  temperature: { shape: 'sine', mean: 15, amplitude: 6, period: 24 * hour },
  roomTemperature: { shape: 'sine', mean: 21, amplitude: 1.5, period: 24 * hour },
  humidity: { shape: 'sine', mean: 55, amplitude: 15, period: 24 * hour },
  roomHumidity: { shape: 'sine', mean: 45, amplitude: 8, period: 24 * hour },
  illuminance: { shape: 'sine', mean: 8_000, amplitude: 8_000, period: 24 * hour },
  chip: { shape: 'sine', mean: 21.5, amplitude: 0.5, period: hour / 6 },
} as const satisfies Record<string, Shape>;

/** What weather and rooms can be: wider is a broken sensor rather than a rare day. */
export const believable = {
  pressure: { min: 850, max: 1_100 },
  temperature: { min: -60, max: 85 },
  humidity: { min: 0, max: 100 },
} as const satisfies Record<string, Bounds>;

/** A channel of one value in the order that the second generation numbers them: get, set, get configuration, callback. */
export function plainChannel(first: number, name: string, raw: RawType): Channel {
  return {
    getter: first,
    fields: [{ name, raw }],
    callback: { form: 'configured', id: first + 3, set: first + 1, get: first + 2, threshold: true },
  };
}

const numbers: Readonly<Record<RawType, Bounds & { readonly bytes: number }>> = {
  u8: { bytes: 1, min: 0, max: 0xff },
  i16: { bytes: 2, min: -0x8000, max: 0x7fff },
  u16: { bytes: 2, min: 0, max: 0xffff },
  i32: { bytes: 4, min: -0x8000_0000, max: 0x7fff_ffff },
  u32: { bytes: 4, min: 0, max: 0xffff_ffff },
  char: { bytes: 1, min: 0, max: 0xff },
  bool: { bytes: 1, min: 0, max: 1 },
};

/** Size and bounds of a raw type. */
export function rawType(raw: RawType): Bounds & { readonly bytes: number } {
  return numbers[raw];
}
