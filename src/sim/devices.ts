/**
 * Brick daemons and their clients without sockets. Emulators register where they listen; whatever else a pipeline names
 * is taken for a real daemon with one device of the type that is asked for.
 */
import { addressText, listenError } from '../contract/address.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Device, DeviceTarget, DeviceWish } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Emulator, EmulatorOptions } from '../devices/emulator/server.ts';
import { listing } from '../devices/survey.ts';
import { formatUid, parseUid } from '../devices/uid.ts';
import { brickletsOfType } from '../domain/bricklets.ts';
import { SimDaemon, type Slot } from './daemon.ts';
import { SimDevice } from './device.ts';

export interface DeviceAccess {
  connect(target: DeviceTarget, wish: DeviceWish, env: { readonly signal: AbortSignal }): Promise<Device>;
  awaitDevice(
    target: DeviceTarget,
    wish: { readonly type: string; readonly orPresent: boolean },
    env: { readonly signal: AbortSignal },
  ): Promise<void>;
  startEmulator(options: EmulatorOptions): Promise<Emulator>;
  /** Daemons that this process sees, those it emulates and those that stand for real ones. */
  readonly daemons: readonly SimDaemon[];
  /** The process is gone, and its emulators with it. */
  die(): void;
}

export interface DeviceAccessOptions {
  /** Of the process. */
  readonly clock: Clock;
  /** `host:port` of the emulators in its plan: who connects there while they do not run is refused. */
  readonly emulates?: readonly string[];
  /** How long an answer takes, ms. */
  readonly answerMs?: () => number;
}

/** UID of the device that stands for a real one where none is named. */
const anyUid = 'sim';
const firstPort = 40_000;
const loopback = ['localhost', '127.0.0.1', '::1'];
/** The same machine has many names. */
const placeOf = (host: string, port: number) =>
  addressText(loopback.includes(host) ? '127.0.0.1' : host, port);

/** One process's devices. */
export function createSimDevices(options: DeviceAccessOptions): DeviceAccess {
  const { clock, answerMs = () => 1 } = options;
  const daemons = new Map<string, SimDaemon>();
  const emulates = new Set(
    (options.emulates ?? []).map((at) => {
      const colon = at.lastIndexOf(':');
      return placeOf(at.slice(0, colon), Number(at.slice(colon + 1)));
    }),
  );
  let nextPort = firstPort;
  let alive = true;

  /** Waits for the answer and finds the daemon, or rejects as the client of real ones does. */
  async function reach(target: DeviceTarget, type: string, signal: AbortSignal): Promise<SimDaemon> {
    const { host, port } = target;
    const where = addressText(host, port);
    const unreachable = (why: string) =>
      new FogrunError('device-unreachable', `no connection to ${where}: ${why}`);
    const givenUp = () => new FogrunError('device-unreachable', `the connection to ${where} was given up`);
    if (signal.aborted) throw givenUp();
    const daemon = daemons.get(placeOf(host, port)) ?? standIn(target, type);
    if (!daemon) {
      await sleep(clock, answerMs(), signal);
      throw signal.aborted ? givenUp() : unreachable('nothing listens there');
    }
    await sleep(clock, daemon.silent ? target.timeoutMs : answerMs(), signal);
    if (signal.aborted) throw givenUp();
    if (daemon.silent) throw unreachable('no answer');
    if (!alive || daemons.get(placeOf(host, port)) !== daemon) throw unreachable('the connection ended');
    const { secret } = daemon.options;
    if (secret !== '' && target.secret === '') {
      throw new FogrunError('device-secret-missing', `${where} wants a secret`);
    }
    if (secret !== target.secret && !daemon.options.real) {
      throw new FogrunError(
        'device-secret',
        `${where} did not take the secret: it is wrong, or none is wanted`,
      );
    }
    return daemon;
  }

  /** A daemon in place of one that the pipeline expects elsewhere. */
  function standIn({ host, port, uid }: DeviceTarget, type: string): SimDaemon | undefined {
    const place = placeOf(host, port);
    const model = brickletsOfType(type)[0]?.models[0];
    if (emulates.has(place) || model === undefined) return undefined;
    const devices = [{ type: model, uid: uid === '' ? anyUid : uid }];
    const daemon = new SimDaemon({ host, port, secret: '', devices, real: true }, clock);
    daemons.set(place, daemon);
    return daemon;
  }

  return {
    async connect(target, wish, { signal }) {
      const uid = target.uid === '' ? undefined : formatUid(parseUid(target.uid));
      const daemon = await reach(target, wish.type, signal);
      const slot = uid === undefined ? findOnly(daemon, wish.type) : findByUid(daemon, uid);
      if (!isOf(wish.type, slot)) {
        const text = `${slot.info.uid} at ${daemon.where} is a ${slot.info.name}; a ${namesOf(wish.type)} was expected`;
        throw new FogrunError('device-type', text);
      }
      return new SimDevice(daemon, slot, target, wish, { clock, signal, answerMs });
    },
    async awaitDevice(target, { type, orPresent }, { signal }) {
      const uid = target.uid === '' ? undefined : formatUid(parseUid(target.uid));
      const daemon = await reach(target, type, signal);
      const fits = (slot: Slot) => (uid === undefined ? isOf(type, slot) : slot.info.uid === uid);
      if (orPresent && daemon.slots.some(fits)) return;
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => {
          const text = `the connection to ${daemon.where} was given up`;
          client.ended(new FogrunError('device-unreachable', text));
        };
        const over = () => {
          daemon.leave(client);
          signal.removeEventListener('abort', giveUp);
        };
        const client = {
          plugged(slot: Slot) {
            if (!fits(slot)) return;
            over();
            resolve();
          },
          unplugged() {},
          ended(cause: FogrunError) {
            over();
            reject(cause);
          },
        };
        daemon.join(client);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
    async startEmulator({ host, port: wanted, secret, devices }) {
      const port = wanted || nextPort++;
      const place = placeOf(host, port);
      if (daemons.has(place)) {
        throw listenError({ host, port }, Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
      }
      const daemon = new SimDaemon({ host, port, secret, devices, real: false }, clock);
      daemons.set(place, daemon);
      return asEmulator(daemon, () => daemons.delete(place));
    },
    get daemons() {
      return [...daemons.values()];
    },
    die() {
      alive = false;
      daemons.clear();
    },
  };
}

function asEmulator(daemon: SimDaemon, remove: () => void): Emulator {
  const { host, port } = daemon.options;
  const listeners: ((cause?: FogrunError) => void)[] = [];
  let stopped = false;
  return {
    host,
    port,
    get connections() {
      return daemon.connections;
    },
    unplug: (uid) => daemon.unplug(formatUid(parseUid(uid))),
    replug: (uid) => daemon.replug(formatUid(parseUid(uid))),
    reset: (uid) => daemon.reset(formatUid(parseUid(uid))),
    onStopped: (listener) => void (stopped ? queueMicrotask(listener) : listeners.push(listener)),
    async close() {
      if (stopped) return;
      stopped = true;
      remove();
      daemon.end();
      for (const listener of listeners) listener();
    },
  };
}

function isOf(type: string, { info }: Slot): boolean {
  return brickletsOfType(type).some(({ identifier }) => identifier === info.identifier);
}

function namesOf(type: string): string {
  return brickletsOfType(type)
    .map(({ name }) => name)
    .join(' or ');
}

function findByUid(daemon: SimDaemon, uid: string): Slot {
  const slot = daemon.slots.find(({ info }) => info.uid === uid);
  if (slot) return slot;
  const there = listing(daemon.slots.map(({ info }) => info));
  const text = `there is no device ${uid} at ${daemon.where}; there is ${there || 'none at all'}`;
  throw new FogrunError('device-unknown', text);
}

function findOnly(daemon: SimDaemon, type: string): Slot {
  const fitting = daemon.slots.filter((slot) => isOf(type, slot));
  if (fitting.length === 1) return fitting[0]!;
  const there = listing((fitting.length === 0 ? daemon.slots : fitting).map(({ info }) => info));
  if (fitting.length === 0) {
    const text = `there is no ${namesOf(type)} at ${daemon.where}; there is ${there || 'none at all'}`;
    throw new FogrunError('device-unknown', text);
  }
  const text = `there are ${fitting.length} devices of type ${type} at ${daemon.where}: ${there}`;
  throw new FogrunError('device-ambiguous', text);
}
