/** What a poller can ask for, and how each device that measures it is read. A new device is one entry here. */
import type { Connection } from 'tinkerforge/lib/IPConnection.js';
import { deviceName } from './names.ts';

/** What a pipeline asks for by name. */
export type DeviceType = 'barometer';

/** Asks once; a success calls `answer` with the raw value, a failure `failure` with a code of the bindings. */
export type Getter = (answer: (raw: unknown) => void, failure: (code: number) => void) => void;

export interface Driver {
  readonly type: DeviceType;
  /** Device identifier of the TinkerForge protocol. */
  readonly identifier: number;
  readonly unit: string;
  /** Raw values per `unit`. */
  readonly rawPerUnit: number;
  /** Loads the binding of this device, and of no other, and gives its getter. */
  open(uid: string, connection: Connection): Promise<Getter>;
}

const drivers: readonly Driver[] = [
  {
    type: 'barometer',
    identifier: 221,
    unit: 'hPa',
    rawPerUnit: 1_000,
    async open(uid, connection) {
      const { default: Barometer } = await import('tinkerforge/lib/BrickletBarometer.js');
      const device = new Barometer(uid, connection);
      return (answer, failure) => device.getAirPressure!(answer, failure);
    },
  },
  {
    type: 'barometer',
    identifier: 2117,
    unit: 'hPa',
    rawPerUnit: 1_000,
    async open(uid, connection) {
      const { default: BarometerV2 } = await import('tinkerforge/lib/BrickletBarometerV2.js');
      const device = new BarometerV2(uid, connection);
      return (answer, failure) => device.getAirPressure!(answer, failure);
    },
  },
];

/** The driver for a device as one of that type, if it is one. */
export function findDriver(type: DeviceType, identifier: number): Driver | undefined {
  return drivers.find((driver) => driver.type === type && driver.identifier === identifier);
}

/** Names of the devices that are of a type, for messages. */
export function deviceNamesOf(type: DeviceType): string {
  return drivers
    .filter((driver) => driver.type === type)
    .map((driver) => deviceName(driver.identifier))
    .join(' or ');
}
