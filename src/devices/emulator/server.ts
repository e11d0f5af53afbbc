/** A brick daemon with barometers that are not there: for trying things out, for demonstrations and for tests. */
import { createServer } from 'node:net';
import type { Clock, Random } from '../../contract/clock.ts';
import { FogrunError } from '../../contract/errors.ts';
import { type Shape, shapeProblem, shapeValue } from '../../domain/shapes.ts';
import { protocolFunction, writePacket } from '../packet.ts';
import { printable } from '../text.ts';
import { EMULATOR_MASTER_UID, formatUid, parseUid } from '../uid.ts';
import { createBarometer } from './barometer.ts';
import { createBarometerV2 } from './barometer-v2.ts';
import { canonicalUid, createMaster, type EmulatedDevice, type Identity, writeIdentity } from './device.ts';
import { u8 } from './function.ts';
import { openSession, type Session } from './session.ts';

/** A model of device that can be emulated. */
export type EmulatedModel = 'barometer' | 'barometer-v2';

export interface EmulatedDeviceOptions {
  readonly type: EmulatedModel;
  readonly uid: string;
  /** In hPa, over the time since the emulator started. */
  readonly pressure: Shape;
}

export interface EmulatorOptions {
  readonly host: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** ASCII; empty switches authentication off. */
  readonly secret: string;
  /** At most 8, as many as a brick has ports for. */
  readonly devices: readonly EmulatedDeviceOptions[];
}

export interface Emulator {
  /** The address really bound. */
  readonly host: string;
  readonly port: number;
  /** Clients connected now. */
  readonly connections: number;
  /** Called once when it serves no more: without a cause after `close`, else with it. */
  onStopped(listener: (cause?: FogrunError) => void): void;
  /** Drops every client. Resolves when the address is free; may be called again. */
  close(): Promise<void>;
}

/** Ports of a brick. */
const positions = 'abcdefgh';
/** Clients beyond this are turned away at once. */
const clientsMax = 256;
const create = { barometer: createBarometer, 'barometer-v2': createBarometerV2 };
const available = 0;
const connected = 1;

/**
 * Starts a brick daemon with these devices on a master brick of the UID `EMULATOR_MASTER_UID`. Callback settings
 * belong to the devices: they outlive the client that made them, and end with the emulator.
 *
 * Rejects with `address-in-use`, `address-refused`, `device-uid` or, for other mistakes in the options,
 * `pipeline-invalid`.
 */
export async function startEmulator(
  options: EmulatorOptions,
  env: { clock: Clock; random: Random },
): Promise<Emulator> {
  checkOptions(options);
  const { clock, random } = env;
  const startedMs = clock.monotonic();
  const elapsedMs = () => clock.monotonic() - startedMs;
  const devices = new Map<number, EmulatedDevice>();
  const sessions = new Set<Session>();
  const stoppedListeners: ((cause?: FogrunError) => void)[] = [];
  let enumerating = false;
  let stopped: { cause?: FogrunError } | undefined;

  const callback = (uid: number, functionId: number, payload: Uint8Array) => {
    const header = { uid, functionId, sequence: 0, responseExpected: false, error: 0 };
    const packet = writePacket(header, payload);
    for (const session of sessions) session.callback(packet);
  };
  const announce = (identity: Identity, change: number) =>
    callback(
      parseUid(identity.uid),
      protocolFunction.enumerateCallback,
      Buffer.concat([writeIdentity(identity), u8(change)]),
    );
  // Requests that arrive together are answered once: an enumeration is 40 times its request, and goes to everybody.
  const enumerate = () => {
    if (enumerating) return;
    enumerating = true;
    queueMicrotask(() => {
      enumerating = false;
      for (const device of devices.values()) announce(device.identity, available);
    });
  };
  const plug = ({ type, pressure }: EmulatedDeviceOptions, uid: number, position: string) => {
    const identity = { uid: formatUid(uid), connectedUid: EMULATOR_MASTER_UID, position };
    const device = create[type](identity, {
      clock,
      measure: () => shapeValue(pressure, elapsedMs()),
      elapsedMs,
      callback: (functionId, payload) => callback(uid, functionId, payload),
      restart(wanted) {
        device.stop();
        devices.delete(uid);
        const again = plug({ type, uid: '', pressure }, devices.has(wanted) ? uid : wanted, position);
        announce(again.identity, connected);
      },
    });
    devices.set(uid, device);
    return device;
  };
  devices.set(parseUid(EMULATOR_MASTER_UID), createMaster());
  for (const [index, device] of options.devices.entries())
    plug(device, parseUid(device.uid), positions[index]!);

  const server = createServer((socket) => {
    if (sessions.size >= clientsMax) {
      socket.destroy();
      return;
    }
    const session = openSession(socket, { secret: options.secret, random, device, enumerate }, () =>
      sessions.delete(session),
    );
    sessions.add(session);
  });
  const device = (uid: number) => devices.get(uid);
  const stop = (cause?: FogrunError) => {
    if (stopped) return;
    stopped = cause ? { cause } : {};
    for (const device of devices.values()) device.stop();
    for (const session of sessions) session.destroy();
    closing = new Promise((resolve) => server.close(() => resolve()));
    for (const listener of stoppedListeners) listener(cause);
  };
  let closing = Promise.resolve();

  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenProblem(options, error));
    server.once('error', failed);
    try {
      server.listen({ host: options.host, port: options.port }, () => {
        server.off('error', failed);
        resolve();
      });
    } catch (thrown) {
      reject(listenProblem(options, thrown as NodeJS.ErrnoException));
    }
  });
  server.on('error', (error) => stop(listenProblem(options, error)));
  const bound = server.address() as { address: string; port: number };
  return {
    host: bound.address,
    port: bound.port,
    get connections() {
      return sessions.size;
    },
    onStopped(listener) {
      if (stopped) {
        const { cause } = stopped;
        queueMicrotask(() => listener(cause));
      } else stoppedListeners.push(listener);
    },
    close() {
      stop();
      return closing;
    },
  };
}

function checkOptions({ secret, devices }: EmulatorOptions): void {
  const refuse = (message: string, advice: string) =>
    new FogrunError('pipeline-invalid', `the emulator cannot start: ${message}`, { advice });
  if (!/^[\x20-\x7e]*$/.test(secret)) {
    throw refuse('its secret holds characters that are not printable ASCII', 'Choose another secret.');
  }
  if (devices.length > positions.length) {
    throw refuse(`${devices.length} devices are too many`, `Name at most ${positions.length}.`);
  }
  const uids = new Set([EMULATOR_MASTER_UID]);
  for (const { uid: text, pressure } of devices) {
    const uid = canonicalUid(text);
    if (uids.has(uid)) throw refuse(`the UID ${uid} is given twice`, 'Give each device a UID of its own.');
    uids.add(uid);
    const problem = shapeProblem(pressure);
    if (problem) throw refuse(`the shape of device ${uid} is wrong: ${problem}`, 'Mend the shape.');
  }
}

function listenProblem({ host, port }: EmulatorOptions, error: NodeJS.ErrnoException): FogrunError {
  const where = printable(`${host}:${port}`);
  if (error.code === 'EADDRINUSE') {
    return new FogrunError('address-in-use', `another process listens on ${where}`, { cause: error });
  }
  const why = printable(error.code ?? error.message);
  return new FogrunError('address-refused', `the emulator cannot listen on ${where} (${why})`, {
    cause: error,
  });
}
