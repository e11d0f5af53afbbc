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
  }

  const IPConnection: {
    new (): Connection;
    readonly CALLBACK_CONNECTED: number;
    readonly CALLBACK_ENUMERATE: number;
  };

  export type { Connection };
  export default IPConnection;
}

declare module 'tinkerforge/lib/BrickletBarometer.js' {
  import type { Connection } from 'tinkerforge/lib/IPConnection.js';

  type Call = (...values: unknown[]) => void;

  const BrickletBarometer: new (uid: string, connection: Connection) => Record<string, Call>;
  export default BrickletBarometer;
}

declare module 'tinkerforge/lib/BrickletBarometerV2.js' {
  import type { Connection } from 'tinkerforge/lib/IPConnection.js';

  type Call = (...values: unknown[]) => void;

  const BrickletBarometerV2: new (uid: string, connection: Connection) => Record<string, Call>;
  export default BrickletBarometerV2;
}
