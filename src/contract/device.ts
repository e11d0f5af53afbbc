/** Sensors behind a daemon, as a poller sees them. Real: src/devices; simulated: src/sim. */

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

/** A connected, identified device of the wanted type. */
export interface Device {
  readonly info: DeviceInfo;
  /** True when it hangs on an emulator's master brick. */
  readonly simulated: boolean;
  /**
   * The measured value in `unit`. Rejects with `device-silent` or `device-error`; once the connection has ended, at
   * once with its cause (`device-unreachable`, `device-foreign`, or `device-unknown` for a device unplugged).
   */
  read(): Promise<number>;
  readonly unit: string;
  /** Called once when the connection ends, but not for `close` or an abort by its owner. */
  onLost(listener: () => void): void;
  close(): void;
}
