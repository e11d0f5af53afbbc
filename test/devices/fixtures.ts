/** What the tests of devices share: clocks, a client that speaks bytes, servers that are no brick daemon. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { ExecutionContext } from 'ava';
import type { Clock, Random } from '../../src/contract/clock.ts';
import type { Device, DeviceTarget, DeviceWish } from '../../src/contract/device.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/devices/emulator/server.ts';
import { createPacketReader, type PacketHeader, writePacket } from '../../src/devices/packet.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** A clock that only moves when told, from timer to timer. */
export function handClock(): Clock & { advance(byMs: number): void; readonly timers: number } {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimeout(callback, delayMs) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer) => void timers.delete(timer as never),
    get timers() {
      return timers.size;
    },
    advance(byMs) {
      const untilMs = nowMs + byMs;
      for (;;) {
        const due = [...timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (!due) break;
        timers.delete(due);
        nowMs = due.atMs;
        due.callback();
      }
      nowMs = untilMs;
    },
  };
}

export const fixedRandom: Random = {
  next: () => 0.5,
  bytes: (length) => Uint8Array.from({ length }, (_, index) => index + 1),
};

export const v1 = { type: 'barometer', uid: 'abc', pressure: { shape: 'const', value: 1013.25 } } as const;
export const v2 = {
  type: 'barometer-v2',
  uid: 'Xyz',
  pressure: { shape: 'const', value: 990.001 },
} as const;

/** What most tests ask for. */
export const pressureOf: DeviceWish = { type: 'barometer', sensors: ['pressure'] };

/** The first value that a device says. */
export async function readOne(device: Device): Promise<number> {
  const [first] = await device.read();
  return first!.value;
}

/** Numbers of the UIDs above, and of the emulator's master brick. */
export const uids = { abc: 30_867, Xyz: 186_909, FogEm: 445_688_492 };

/** An emulator that ends with the test. */
export async function emulate(
  t: ExecutionContext,
  options: Partial<EmulatorOptions> = {},
  clock: Clock = realClock,
): Promise<Emulator> {
  const emulator = await startEmulator(
    { host: '127.0.0.1', port: 0, secret: '', devices: [v1], ...options },
    { clock, random: fixedRandom },
  );
  t.teardown(() => emulator.close());
  return emulator;
}

export function targetOf(at: { port: number }, more: Partial<DeviceTarget> = {}): DeviceTarget {
  return { host: '127.0.0.1', port: at.port, uid: '', secret: '', timeoutMs: 1_500, ...more };
}

/** A server that ends with the test; `serve` gets each connection. */
export async function serve(
  t: ExecutionContext,
  handle: (socket: Socket) => void,
): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

export interface Received extends PacketHeader {
  readonly payload: Buffer;
}

export interface RawClient {
  readonly socket: Socket;
  /** Everything received, oldest first. */
  readonly received: Received[];
  send(bytes: Uint8Array): void;
  /** The first packet, of those not yet taken, that passes. Rejects when the connection ends first. */
  take(passes: (packet: Received) => boolean): Promise<Received>;
  /** Sends a request and takes its answer. */
  request(uid: number, functionId: number, payload?: Uint8Array): Promise<Received>;
  /** Resolves when the other side closed. */
  readonly closed: Promise<unknown>;
}

export function packetOf(
  uid: number,
  functionId: number,
  payload: Uint8Array = Buffer.alloc(0),
  more: { sequence?: number; responseExpected?: boolean } = {},
): Buffer {
  return writePacket({ uid, functionId, sequence: 1, responseExpected: true, error: 0, ...more }, payload);
}

/** A client that speaks bytes and ends with the test. */
export async function rawClient(t: ExecutionContext, port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  const received: Received[] = [];
  const taken = new Set<Received>();
  const waiting = new Set<() => void>();
  const reader = createPacketReader(() => true);
  let sequence = 0;
  socket.on('data', (bytes) => {
    reader.push(bytes, (packet, header) => {
      received.push({ ...header, payload: Buffer.from(packet.subarray(8)) });
      return true;
    });
    for (const look of [...waiting]) look();
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const take: RawClient['take'] = (passes) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const packet = received.find((one) => !taken.has(one) && passes(one));
        if (!packet) return;
        taken.add(packet);
        waiting.delete(look);
        resolve(packet);
      };
      waiting.add(look);
      closed.then(() => reject(new Error('the connection ended')));
      look();
    });
  return {
    socket,
    received,
    closed,
    take,
    send: (bytes) => void socket.write(bytes),
    request(uid, functionId, payload = Buffer.alloc(0)) {
      sequence = (sequence % 15) + 1;
      const mine = sequence;
      socket.write(packetOf(uid, functionId, payload, { sequence: mine }));
      return take(
        (packet) => packet.uid === uid && packet.functionId === functionId && packet.sequence === mine,
      );
    },
  };
}
