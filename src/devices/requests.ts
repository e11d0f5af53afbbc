/** Functions of one device, called through the vendor's connection but without a class for each device. */
import VendorDevice from 'tinkerforge/lib/Device.js';
import { type RawType, rawType } from '../domain/bricklets.ts';
import type { Daemon } from './daemon.ts';
import { headerBytes, protocolFunction } from './packet.ts';

/** Letters of the bindings' formats. */
const letters: Readonly<Record<RawType, string>> = {
  u8: 'B',
  i16: 'h',
  u16: 'H',
  i32: 'i',
  u32: 'I',
  char: 'c',
  bool: '?',
};
const identityFormat = { letters: 's8 s8 c B3 B3 H', bytes: 25 };

/** As the bindings give and take it: a number, or text for `char`, or a boolean. */
export type WireValue = number | string | boolean;

export interface DeviceRequests {
  /** Values as getIdentity gives them. */
  identity(): Promise<unknown[]>;
  /** Calls a function without parameters. Rejects as `ask` of the daemon does. */
  get(functionId: number, answer: readonly RawType[]): Promise<WireValue[]>;
  /** Calls a function that answers nothing, and waits until it was taken. */
  set(functionId: number, values: readonly (readonly [RawType, WireValue])[]): Promise<void>;
  /** Takes the values of a callback, of the right length; a later listener replaces an earlier one. */
  on(callbackId: number, types: readonly RawType[], listener: (values: WireValue[]) => void): void;
}

/**
 * @param name for messages, such as `Barometer Bricklet abc`
 * @param identifier of the device; 0 where only its identity will be asked for
 */
export function deviceRequests(
  daemon: Daemon,
  uid: string,
  name: string,
  identifier: number,
): DeviceRequests {
  const { connection } = daemon;
  const device = new VendorDevice(undefined, uid, connection, identifier, name);
  connection.addDevice(device);
  device.responseExpected[protocolFunction.getIdentity] = VendorDevice.RESPONSE_EXPECTED_ALWAYS_TRUE;

  const call = (
    functionId: number,
    values: readonly (readonly [RawType, WireValue])[],
    answer: { letters: string; bytes: number },
    checksType: boolean,
  ) => {
    device.responseExpected[functionId] = VendorDevice.RESPONSE_EXPECTED_ALWAYS_TRUE;
    return daemon.ask(name, (taken, failure) =>
      connection.sendRequest(
        device,
        functionId,
        values.map(([, value]) => value),
        values.map(([raw]) => letters[raw]).join(' '),
        answer.bytes === 0 ? 0 : headerBytes + answer.bytes,
        answer.letters,
        taken,
        failure,
        false,
        checksType,
      ),
    );
  };
  return {
    identity: () => call(protocolFunction.getIdentity, [], identityFormat, false),
    get: (functionId, answer) => call(functionId, [], formatOf(answer), true) as Promise<WireValue[]>,
    async set(functionId, values) {
      await call(functionId, values, { letters: '', bytes: 0 }, true);
    },
    on(callbackId, types, listener) {
      const { letters: format, bytes } = formatOf(types);
      device.callbackFormats[callbackId] = [headerBytes + bytes, format];
      device.on(callbackId, (...values) => listener(values as WireValue[]));
    },
  };
}

function formatOf(types: readonly RawType[]): { letters: string; bytes: number } {
  return {
    letters: types.map((raw) => letters[raw]).join(' '),
    bytes: types.reduce((sum, raw) => sum + rawType(raw).bytes, 0),
  };
}
