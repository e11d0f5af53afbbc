/** What fogrun uses of node-ipc 14, which brings no types. Read from its source. */
declare module 'node-ipc' {
  import type { Server, Socket } from 'node:net';

  export interface Config {
    parser: 'raw' | 'fast' | 'guarded' | 'assured';
    silent: boolean;
    unlink: boolean;
    socketRoot: string;
    /** Makes the mode of `socketRoot` 0700, whatever it was. */
    secureSocketRoot: boolean;
    /** Longest frame in bytes, its delimiter left out. */
    maxMessageSize: number;
    /** Bytes that may wait in a socket; beyond them it is destroyed. */
    maxPendingBytes: number;
    /** 0 for none. See src/runtime/ipc-wire.ts for why. */
    messageTimeout: number;
    maxConnections: number;
    maxRetries: number;
  }

  interface Events {
    /** `*` gets every event, its type first. */
    on(type: '*', handler: (type: string, ...rest: unknown[]) => void): this;
    reset(): this;
  }

  export interface IpcServer extends Events {
    readonly server: Server | false;
    start(): void;
    stop(): void;
    /** Throws an IPCProtocolError when the frame would be too long. */
    emit(socket: Socket, type: string, data: object): boolean;
  }

  export interface IpcClient extends Events {
    readonly socket: Socket;
    emit(type: string, data: object): boolean;
  }

  export class IPCModule {
    readonly config: Config;
    readonly of: Record<string, IpcClient | undefined>;
    readonly server: IpcServer;
    serve(path: string): void;
    connectTo(id: string, path: string): void;
    disconnect(id: string): void;
  }
}
