/** The descriptions of devices against the vendor's bindings, which are the reference. */

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import test from 'ava';
import {
  type Bricklet,
  brickletOfModel,
  bricklets,
  brickletsOfType,
  deviceTypes,
  models,
  quantitiesOfType,
  type RawType,
  rawType,
  sensorsByDefault,
} from '../../src/domain/bricklets.ts';

const require = createRequire(import.meta.url);
const letters: Record<RawType, string> = {
  u8: 'B',
  i16: 'h',
  u16: 'H',
  i32: 'i',
  u32: 'I',
  char: 'c',
  bool: '?',
};
const formatOf = (types: readonly { readonly raw: RawType }[]) =>
  types.map(({ raw }) => letters[raw]).join(' ');

interface Call {
  readonly takes: string;
  readonly answerBytes: number;
  readonly answers: string;
}

/** Every function of the vendor's class of a device, by id, with its formats; and its callbacks. */
function reference({ identifier }: Bricklet) {
  const folder = dirname(require.resolve('tinkerforge/lib/Device.js'));
  const files = readdirSync(folder).filter((file) => file.startsWith('Bricklet'));
  const classes = files.map((file) => require(`tinkerforge/lib/${file}`));
  const Vendor = classes.find(({ DEVICE_IDENTIFIER }) => DEVICE_IDENTIFIER === identifier);
  const calls = new Map<number, Call>();
  const connection = {
    addDevice() {},
    sendRequest(
      ...[_, id, __, takes, answerBytes, answers]: [unknown, number, unknown, string, number, string]
    ) {
      calls.set(id, { takes, answerBytes, answers });
    },
  };
  const device = new Vendor('abc', connection);
  for (const [name, method] of Object.entries(device)) {
    if (/^(get|set|reset|restart|remove|read|write)[A-Z]?/.test(name) && typeof method === 'function') {
      if (['getDeviceOID', 'getAPIVersion', 'getResponseExpected', 'setResponseExpected'].includes(name))
        continue;
      if (['setResponseExpectedAll', 'resetStreamStateObject', 'getSatelliteSystemStatus'].includes(name))
        continue;
      method.call(device);
    }
  }
  return { name: Vendor.DEVICE_DISPLAY_NAME as string, calls, callbacks: device.callbackFormats };
}

for (const bricklet of bricklets) {
  test(`${bricklet.name} has the functions and formats of the vendor's bindings`, (t) => {
    const { name, calls, callbacks } = reference(bricklet);
    t.is(bricklet.name, name);
    const bytes = (types: readonly { readonly raw: RawType }[]) =>
      types.reduce((sum, { raw }) => sum + rawType(raw).bytes, 8);
    const gets = (id: number, types: readonly { readonly raw: RawType }[]) =>
      t.deepEqual(
        calls.get(id),
        { takes: '', answerBytes: bytes(types), answers: formatOf(types) },
        `get ${id}`,
      );
    const sets = (id: number, types: readonly { readonly raw: RawType }[]) =>
      t.deepEqual(calls.get(id), { takes: formatOf(types), answerBytes: 0, answers: '' }, `set ${id}`);
    for (const { getter, fields, callback } of bricklet.channels) {
      gets(getter, fields);
      if (!callback) continue;
      t.deepEqual(callbacks[callback.id], [bytes(fields), formatOf(fields)], `callback ${callback.id}`);
      const limit = [{ raw: 'char' }, fields[0]!, fields[0]!] as const;
      const settings =
        callback.form === 'on-change'
          ? [{ raw: 'u32' } as const]
          : ([{ raw: 'u32' }, { raw: 'bool' }, ...(callback.threshold ? limit : [])] as const);
      sets(callback.set, settings);
      gets(callback.get, settings);
      if (callback.form !== 'on-change' || !callback.reached) continue;
      sets(callback.reached.set, limit);
      gets(callback.reached.get, limit);
      t.deepEqual(callbacks[callback.reached.id], callbacks[callback.id]);
    }
    for (const { set, get, values } of bricklet.settings) {
      sets(set, values);
      gets(get, values);
    }
    for (const { id, values } of bricklet.commands) sets(id, values);
    for (const { set, get } of [bricklet.reference, bricklet.debounce].flatMap((one) => one ?? [])) {
      t.is(calls.get(set)?.takes.length, 1);
      t.is(calls.get(get)?.answers, calls.get(set)?.takes);
    }
    for (const id of [234, 236, 239, 240, 242, 243, 248, 249]) t.is(calls.has(id), bricklet.coMcu, `${id}`);
  });

  test(`${bricklet.name} is described without contradiction`, (t) => {
    const fields = new Set(bricklet.channels.flatMap((channel) => channel.fields.map(({ name }) => name)));
    for (const { sensor, range, plausible, negativeWhen, accuracy, rawPerUnit } of bricklet.quantities) {
      t.true(fields.has(sensor), sensor);
      t.true(range.min < range.max && plausible.min < plausible.max && rawPerUnit > 0, sensor);
      if (negativeWhen) t.true(fields.has(negativeWhen.field));
      if (accuracy) t.true(fields.has(accuracy.field));
      const { raw } = bricklet.channels
        .flatMap((channel) => channel.fields)
        .find(({ name }) => name === sensor)!;
      t.true(range.max * rawPerUnit <= rawType(raw).max, sensor);
      t.true(negativeWhen !== undefined || range.min * rawPerUnit >= rawType(raw).min, sensor);
    }
    for (const state of Object.keys(bricklet.states ?? {})) t.true(fields.has(state), state);
    for (const { values, orZeros } of bricklet.settings) {
      for (const { min, max, initial } of values)
        t.true((initial >= min && initial <= max) || orZeros === true);
    }
    for (const model of bricklet.models) t.is(brickletOfModel(model), bricklet);
  });
}

test('every type measures something by default, and its generations agree on units', (t) => {
  for (const type of deviceTypes) {
    t.true(sensorsByDefault(type).length > 0, type);
    for (const { sensor, unit } of quantitiesOfType(type)) {
      for (const { quantities } of brickletsOfType(type)) {
        t.is(quantities.find((one) => one.sensor === sensor)?.unit, unit, `${type} ${sensor}`);
      }
    }
  }
  t.deepEqual(sensorsByDefault('barometer'), ['pressure'], 'as files of old expect');
  t.is(new Set(models).size, models.length);
});
