/** An emulated device, from its description. */
import type { Bricklet, Channel, Setting } from '../../domain/bricklets.ts';
import { parseUid } from '../uid.ts';
import {
  type Callback,
  callbackOff,
  createCallback,
  readThreshold,
  type Threshold,
  thresholdBytes,
  thresholdOff,
  writeThreshold,
} from './callback.ts';
import type { EmulatedDevice, Identity, Surroundings } from './device.ts';
import { type DeviceFunction, getter, setter } from './function.ts';
import { housekeeping } from './housekeeping.ts';
import { bytesOf, readRaws, writeRaw } from './raw.ts';
import { satelliteFunctions } from './satellites.ts';
import { createFieldValues } from './values.ts';

const debounceMsAtFirst = 100;
/** In degrees Celsius, where a device measures none. */
const roomTemperature = 21;

type Functions = [number, DeviceFunction][];

export function createBricklet(
  bricklet: Bricklet,
  identity: Pick<Identity, 'uid' | 'connectedUid' | 'position'>,
  surroundings: Surroundings,
): EmulatedDevice {
  const { clock, callback } = surroundings;
  const { identifier, hardware, firmware } = bricklet;
  const values = createFieldValues(bricklet, surroundings);
  const callbacks: Callback[] = [];
  const reached: Callback[] = [];
  let debounceMs = debounceMsAtFirst;

  const sample = ({ fields }: Channel) => fields.map((field) => values.raw(field));
  const payload = ({ fields }: Channel, raws: readonly number[]) =>
    writeRaw(fields.map(({ raw }, index) => ({ raw, value: raws[index]! })));
  const addCallback = (channel: Channel, id: number): Callback => {
    const made = createCallback(
      clock,
      () => sample(channel),
      (raws) => callback(id, payload(channel, raws)),
    );
    callbacks.push(made);
    return made;
  };
  const watch = (one: Callback, threshold: Threshold) => {
    // Debounce 0 is "as often as it is looked at".
    const periodMs = threshold.option === 'x' ? 0 : Math.max(debounceMs, 1);
    one.configure({ periodMs, valueHasToChange: false, threshold }, 0);
  };

  const channelFunctions = (channel: Channel): Functions => {
    const read: Functions = [[channel.getter, getter(() => payload(channel, sample(channel)))]];
    const { callback: how, fields } = channel;
    if (!how) return read;
    const { raw } = fields[0]!;
    const sent = addCallback(channel, how.id);
    if (how.form === 'configured') {
      const limitBytes = how.threshold ? thresholdBytes(raw) : 0;
      return [
        ...read,
        [
          how.set,
          setter(5 + limitBytes, (bytes) => {
            const threshold = how.threshold ? readThreshold(bytes.subarray(5), raw) : thresholdOff;
            if (!threshold) return false;
            sent.configure({ periodMs: bytes.readUInt32LE(0), valueHasToChange: bytes[4] !== 0, threshold });
            return true;
          }),
        ],
        [
          how.get,
          getter(() => {
            const { periodMs, valueHasToChange, threshold } = sent.config;
            const head = writeRaw([
              { raw: 'u32', value: periodMs },
              { raw: 'bool', value: valueHasToChange ? 1 : 0 },
            ]);
            return how.threshold ? Buffer.concat([head, writeThreshold(threshold, raw)]) : head;
          }),
        ],
      ];
    }
    const period: Functions = [
      [
        how.set,
        setter(4, (bytes) => {
          const periodMs = bytes.readUInt32LE(0);
          sent.configure({ periodMs, valueHasToChange: true, threshold: thresholdOff });
          return true;
        }),
      ],
      [how.get, getter(() => writeRaw([{ raw: 'u32', value: sent.config.periodMs }]))],
    ];
    if (!how.reached) return [...read, ...period];
    const limit = addCallback(channel, how.reached.id);
    reached.push(limit);
    return [
      ...read,
      ...period,
      [
        how.reached.set,
        setter(thresholdBytes(raw), (bytes) => {
          const wanted = readThreshold(bytes, raw);
          if (wanted) watch(limit, wanted);
          return wanted !== undefined;
        }),
      ],
      [how.reached.get, getter(() => writeThreshold(limit.config.threshold, raw))],
    ];
  };
  const debounceFunctions = ({ set, get }: { set: number; get: number }): Functions => [
    [
      set,
      setter(4, (bytes) => {
        debounceMs = bytes.readUInt32LE(0);
        for (const one of reached) watch(one, one.config.threshold);
        return true;
      }),
    ],
    [get, getter(() => writeRaw([{ raw: 'u32', value: debounceMs }]))],
  ];
  const pressure = bricklet.channels.flatMap(({ fields }) => fields).find(({ name }) => name === 'pressure');
  const referenceFunctions = ({ set, get }: { set: number; get: number }): Functions => {
    const { range, rawPerUnit } = bricklet.quantities.find(({ sensor }) => sensor === 'pressure')!;
    return [
      [
        set,
        setter(4, (bytes) => {
          // 0 stands for the pressure of the moment.
          const wanted = bytes.readInt32LE(0) || values.raw(pressure!);
          if (wanted < range.min * rawPerUnit || wanted > range.max * rawPerUnit) return false;
          values.reference = wanted;
          return true;
        }),
      ],
      [get, getter(() => writeRaw([{ raw: 'i32', value: values.reference }]))],
    ];
  };

  const functions: Functions = [
    ...bricklet.channels.flatMap(channelFunctions),
    ...bricklet.settings.flatMap(settingFunctions),
    ...bricklet.commands.map(({ id, values: expected }): [number, DeviceFunction] => [
      id,
      setter(bytesOf(expected), (bytes) => areWithin(readRaws(bytes, expected), expected)),
    ]),
    ...(bricklet.reference ? referenceFunctions(bricklet.reference) : []),
    ...(bricklet.debounce ? debounceFunctions(bricklet.debounce) : []),
    ...(bricklet.needsFix ? satelliteFunctions((name) => values.raw({ name, raw: 'u8' })) : []),
    ...(bricklet.coMcu
      ? housekeeping(
          parseUid(identity.uid),
          () => values.inUnit('temperature') ?? roomTemperature,
          surroundings,
        )
      : []),
  ];
  return {
    identity: { ...identity, hardware, firmware, identifier },
    functions: new Map(functions),
    stop() {
      for (const one of callbacks) one.configure(callbackOff);
    },
  };
}

function settingFunctions({ set, get, values, orZeros }: Setting): Functions {
  let held = values.map(({ initial }) => initial);
  return [
    [
      set,
      setter(bytesOf(values), (bytes) => {
        const wanted = readRaws(bytes, values);
        const taken = areWithin(wanted, values) || (orZeros === true && wanted.every((value) => value === 0));
        if (taken) held = wanted;
        return taken;
      }),
    ],
    [get, getter(() => writeRaw(values.map(({ raw }, index) => ({ raw, value: held[index]! }))))],
  ];
}

function areWithin(values: readonly number[], bounds: readonly { min: number; max: number }[]): boolean {
  return values.every((value, index) => value >= bounds[index]!.min && value <= bounds[index]!.max);
}
