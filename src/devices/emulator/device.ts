/** What every emulated device has: an identity, functions, and a way to send callbacks. */
import type { Clock } from '../../contract/clock.ts';
import { EMULATOR_MASTER_UID, formatUid, parseUid } from '../uid.ts';
import type { DeviceFunction } from './function.ts';

export interface Identity {
  readonly uid: string;
  readonly connectedUid: string;
  readonly position: string;
  readonly hardware: readonly [number, number, number];
  readonly firmware: readonly [number, number, number];
  readonly identifier: number;
}

export interface EmulatedDevice {
  readonly identity: Identity;
  readonly functions: ReadonlyMap<number, DeviceFunction>;
  /** Stops its callbacks. */
  stop(): void;
}

/** What a device is given to live in. */
export interface Surroundings {
  readonly clock: Clock;
  /** What the shape of a quantity (in its unit) or of a state says now. */
  measure(name: string): number;
  /** Sends a callback to every client. */
  callback(functionId: number, payload: Uint8Array): void;
  /** The device was reset: it starts again with everything forgotten, under that UID. */
  restart(uid: number): void;
}

/** The 25 bytes that getIdentity and the enumerate callback share: UIDs, position, versions, identifier. */
export function writeIdentity(identity: Identity): Buffer {
  const bytes = Buffer.alloc(25);
  bytes.write(identity.uid, 0, 8, 'latin1');
  bytes.write(identity.connectedUid, 8, 8, 'latin1');
  bytes.write(identity.position, 16, 1, 'latin1');
  bytes.set(identity.hardware, 17);
  bytes.set(identity.firmware, 20);
  bytes.writeUInt16LE(identity.identifier, 23);
  return bytes;
}

/** The brick that the emulated devices hang on; it answers for itself and measures nothing. */
export function createMaster(): EmulatedDevice {
  const identity: Identity = {
    uid: EMULATOR_MASTER_UID,
    connectedUid: '0',
    position: '0',
    hardware: [2, 1, 0],
    firmware: [2, 5, 2],
    identifier: 13,
  };
  return { identity, functions: new Map(), stop() {} };
}

/** The form in which a device names itself, whatever leading digits the text had. */
export function canonicalUid(text: string): string {
  return formatUid(parseUid(text));
}
