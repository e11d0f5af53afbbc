/** Sensors behind a daemon, as a poller sees them. Real: src/devices; simulated: src/sim. */
import type { Problem } from './errors.ts';

/** One entry of the list of available devices. */
export interface DeviceInfo {
  readonly uid: string;
  /** Device identifier of the TinkerForge protocol, such as 221. */
  readonly identifier: number;
  /** Its name, such as `Barometer Bricklet`, or `device 4711` when unknown. */
  readonly name: string;
  readonly connectedUid: string;
  readonly position: string;
  readonly hardware: readonly [number, number, number];
  readonly firmware: readonly [number, number, number];
}

export interface DeviceTarget {
  readonly host: string;
  readonly port: number;
  /** Base58; empty picks the only device of the type. */
  readonly uid: string;
  readonly secret: string;
  /** Longest wait for a connection or an answer, ms. */
  readonly timeoutMs: number;
}

/** What to read of a device. */
export interface DeviceWish {
  /** Type as a pipeline names it, such as `barometer`. */
  readonly type: string;
  /** Names of sensors that devices of the type have, such as `pressure`; at least one. */
  readonly sensors: readonly string[];
}

/** Something that a device measures. */
export interface DeviceSensor {
  readonly sensor: string;
  readonly unit: string;
  /** Values to believe, in the unit. */
  readonly plausible: { readonly min: number; readonly max: number };
}

/** One measured value. */
export interface Measurement {
  readonly sensor: string;
  /** In the unit of the sensor. */
  readonly value: number;
  /** The device's own word on how far to trust it, where it has one. */
  readonly accuracy?: string;
}

export interface ListenOptions {
  /** Shortest time between two callbacks of a kind, ms. */
  readonly periodMs: number;
  /** Leave out values that did not change, where the device can. */
  readonly onChange: boolean;
}

/** What `listen` calls. It must not throw. */
export interface DeviceListener {
  /** Values that came together; always the same sensors together. */
  measured(measurements: readonly Measurement[]): void;
  /** It cannot measure now, though it answers. */
  noValue(cause: Problem): void;
}

/** A connected, identified device of the wanted type. */
export interface Device {
  readonly info: DeviceInfo;
  /** True when it hangs on an emulator's master brick. */
  readonly simulated: boolean;
  /** What was wished for. */
  readonly sensors: readonly DeviceSensor[];
  /**
   * The measured values of all sensors wished for. Rejects with `device-silent`, `device-error` or `device-no-value`;
   * once the connection has ended, at once with its cause (`device-unreachable`, `device-foreign`, or `device-unknown`
   * for a device unplugged).
   */
  read(): Promise<readonly Measurement[]>;
  /**
   * Has the device send by itself from now on, also after it was reset. Resolves when it has taken the settings, with
   * whether it sends only what changed, so that silence says nothing. Rejects as `read` does. May be called again: the
   * newest listener counts.
   */
  listen(options: ListenOptions, listener: DeviceListener): Promise<{ readonly onlyChanges: boolean }>;
  /** Called once, with the cause, when the connection ends, but not for `close` or an abort by its owner. */
  onLost(listener: (cause: Problem) => void): void;
  close(): void;
}
