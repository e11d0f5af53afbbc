/** A brick daemon with devices that are not there: for trying things out, for demonstrations and for tests. */
import { createServer } from 'node:net';
import type { Clock, Random } from '../../contract/clock.ts';
import { FogrunError } from '../../contract/errors.ts';
import { brickletOfModel } from '../../domain/bricklets.ts';
import { shapeProblem } from '../../domain/shapes.ts';
import { printable } from '../text.ts';
import { EMULATOR_MASTER_UID, parseUid } from '../uid.ts';
import { canonicalUid } from './device.ts';
import { openSession, type Session } from './session.ts';
import { createStack, type EmulatedDeviceOptions, positions, shapesOf } from './stack.ts';

export type { EmulatedDeviceOptions } from './stack.ts';

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
  /** Takes a device away, as if its cable were pulled; clients are told. False when it is not there. */
  unplug(uid: string): boolean;
  /** Brings it back, with everything forgotten that was set in it. False when it was not away. */
  replug(uid: string, position?: string): boolean;
  /** Starts a device again that was never away. False when it is not there. */
  reset(uid: string): boolean;
  /** Called once when it serves no more: without a cause after `close`, else with it. */
  onStopped(listener: (cause?: FogrunError) => void): void;
  /** Drops every client. Resolves when the address is free; may be called again. */
  close(): Promise<void>;
}

/** `startEmulator`, or what stands for it in a simulation. */
export type StartEmulator = (
  options: EmulatorOptions,
  env: { readonly clock: Clock; readonly random: Random },
) => Promise<Emulator>;

/** Clients beyond this are turned away at once. */
const clientsMax = 256;

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
  const sessions = new Set<Session>();
  const stoppedListeners: ((cause?: FogrunError) => void)[] = [];
  let stopped: { cause?: FogrunError } | undefined;
  const stack = createStack(options.devices, clock, (packet) => {
    for (const session of sessions) session.callback(packet);
  });

  const server = createServer((socket) => {
    if (sessions.size >= clientsMax) {
      socket.destroy();
      return;
    }
    const session = openSession(socket, { secret: options.secret, random, ...stack }, () =>
      sessions.delete(session),
    );
    sessions.add(session);
  });
  const stop = (cause?: FogrunError) => {
    if (stopped) return;
    stopped = cause ? { cause } : {};
    stack.stop();
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
    unplug: (uid) => stack.unplug(parseUid(uid)),
    replug: (uid, position) => stack.replug(parseUid(uid), position),
    reset: (uid) => stack.reset(parseUid(uid)),
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
  for (const { uid: text, type, ...shapes } of devices) {
    const uid = canonicalUid(text);
    if (uids.has(uid)) throw refuse(`the UID ${uid} is given twice`, 'Give each device a UID of its own.');
    uids.add(uid);
    const bricklet = brickletOfModel(type);
    if (!bricklet) throw refuse(`there is no device ${printable(type)}`, 'Choose a type that there is.');
    const has = Object.keys(shapesOf(bricklet, {}));
    for (const [name, shape] of Object.entries(shapesOf(bricklet, shapes))) {
      if (!has.includes(name)) {
        throw refuse(
          `device ${uid}, a ${bricklet.name}, has no value ${printable(name)}`,
          `It has ${has.join(', ')}.`,
        );
      }
      const problem = shapeProblem(shape);
      if (problem)
        throw refuse(`the shape of ${name} of device ${uid} is wrong: ${problem}`, 'Mend the shape.');
    }
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
