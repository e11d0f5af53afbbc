// The part of the vendor's bindings that is used here, including members they do not document: see daemon.ts.

declare module 'tinkerforge/lib/IPConnection.js' {
  import type { Socket } from 'node:net';

  interface ExpectedResponse {
    readonly FID: number;
    readonly SEQ: number;
    readonly timeout: NodeJS.Timeout;
  }

  interface BoundDevice {
    readonly uid: number;
    expectedResponses: ExpectedResponse[];
    /** By function id. */
    readonly responseExpected: Record<number, number>;
    /** Length of the packet and format of its payload, by callback id. */
    readonly callbackFormats: Record<number, readonly [number, string]>;
    on(callback: number, listener: (...values: unknown[]) => void): void;
  }

  type Answer = (...values: unknown[]) => void;
  type Failure = (code: number) => void;

  interface Connection {
    readonly devices: Record<number, BoundDevice>;
    readonly brickd: { getAuthenticationNonce(answer: Answer, failure: Failure): void };
    readonly socket: { readonly socket: Socket } | undefined;
    readonly disconnectProbeIID: NodeJS.Timeout | undefined;
    handleIncomingData(bytes: Buffer): void;
    handleConnectionError(error: NodeJS.ErrnoException): void;
    handleConnectionClose(): void;
    handlePacket(packet: Buffer): void;
    resetDisconnectProbe(): void;
    setAutoReconnect(on: boolean): void;
    setTimeout(timeoutMs: number): void;
    connect(host: string, port: number, failure: Failure): void;
    authenticate(secret: string, answer: Answer, failure: Failure): void;
    enumerate(failure: Failure): void;
    // biome-ignore lint/suspicious/noExplicitAny: each callback has arguments of its own
    on(callback: number, listener: (...values: any[]) => void): void;
    addDevice(device: BoundDevice): void;
    sendRequest(
      device: BoundDevice,
      functionId: number,
      values: readonly unknown[],
      format: string,
      /** Of the whole packet; 0 when there is no payload. */
      answerBytes: number,
      answerFormat: string,
      answer: Answer,
      failure: Failure,
      startsStream: boolean,
      /** Asks first who the device is, unless that is known. */
      checksType: boolean,
    ): void;
  }

  const IPConnection: {
    new (): Connection;
    readonly CALLBACK_CONNECTED: number;
    readonly CALLBACK_ENUMERATE: number;
  };

  export type { BoundDevice, Connection };
  export default IPConnection;
}

declare module 'tinkerforge/lib/Device.js' {
  import type { BoundDevice, Connection } from 'tinkerforge/lib/IPConnection.js';

  /** What the classes of all devices are made from; its first parameter is not used. */
  const Device: {
    new (self: undefined, uid: string, connection: Connection, identifier: number, name: string): BoundDevice;
    readonly RESPONSE_EXPECTED_ALWAYS_TRUE: number;
  };
  export default Device;
}
