/** Devices behind a brick daemon: finding, identifying and reading them. */
import BrickletBarometer from 'tinkerforge/lib/BrickletBarometer.js';
import type { Device, DeviceInfo, DeviceTarget } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import { type Daemon, type DeviceEnvironment, openDaemon } from './daemon.ts';
import { type DeviceType, type Driver, deviceNamesOf, findDriver } from './drivers.ts';
import { explainSilence, listing, survey, toDeviceInfo } from './survey.ts';
import { EMULATOR_MASTER_UID, formatUid, parseUid } from './uid.ts';

/**
 * Connects to one device of a type. A new connection each time: nothing of an earlier attempt is used again.
 *
 * Rejects with a FogrunError: `device-uid`, `device-unreachable`, `device-foreign`, `device-secret`,
 * `device-secret-missing`, `device-unknown`, `device-ambiguous`, `device-type`, `device-silent` or `device-error`.
 * Aborting `signal` ends the attempt, and later closes the device.
 */
export async function connectDevice(
  target: DeviceTarget,
  type: DeviceType,
  env: DeviceEnvironment,
): Promise<Device> {
  const uid = target.uid === '' ? undefined : formatUid(parseUid(target.uid));
  const daemon = await openDaemon(target, env);
  try {
    await authenticate(daemon, target.secret);
    const info = await (uid === undefined
      ? findOnly(daemon, target, type, env)
      : findByUid(daemon, target, uid, env));
    const driver = findDriver(type, info.identifier);
    if (!driver) {
      throw new FogrunError(
        'device-type',
        `${info.uid} at ${daemon.where} is a ${info.name}; a ${deviceNamesOf(type)} was expected`,
      );
    }
    return await toDevice(daemon, info, driver, env.signal);
  } catch (thrown) {
    daemon.end(closed(daemon));
    throw thrown;
  }
}

/** Everything that hangs on a brick daemon. Rejects as `connectDevice` does, as far as it concerns the daemon. */
export async function listDevices(
  target: Omit<DeviceTarget, 'uid'>,
  env: DeviceEnvironment,
): Promise<DeviceInfo[]> {
  const daemon = await openDaemon(target, env);
  try {
    await authenticate(daemon, target.secret);
    const devices = await survey(daemon, env.clock, target.timeoutMs);
    if (devices.length > 0) return devices;
    const nothingThere = noneThere(daemon, 'a device');
    return await explainSilence(daemon, target, nothingThere).catch((thrown) => {
      if (thrown === nothingThere) return [];
      throw thrown;
    });
  } finally {
    daemon.end(closed(daemon));
  }
}

async function authenticate(daemon: Daemon, secret: string): Promise<void> {
  if (secret === '') return;
  const refused = (why: string) => new FogrunError('device-secret', `${daemon.where} ${why}`);
  const { whenClosed } = daemon;
  daemon.whenClosed = () =>
    refused(
      `closed the connection during authentication: the secret is wrong, or the daemon has authentication off and wants none${
        daemon.proven ? '' : ' (or it is not a brick daemon: it answered nothing before)'
      }`,
    );
  try {
    await daemon.ask('authentication', (answer, failure) =>
      daemon.connection.authenticate(secret, answer, failure),
    );
  } catch (thrown) {
    if ((thrown as FogrunError).code !== 'device-error') throw thrown;
    throw refused(`did not take the secret: ${(thrown as FogrunError).message}`);
  }
  daemon.whenClosed = whenClosed;
}

async function findByUid(
  daemon: Daemon,
  target: DeviceTarget,
  uid: string,
  { clock }: DeviceEnvironment,
): Promise<DeviceInfo> {
  // Every class of the bindings asks any device who it is; this one is small and mostly needed anyway.
  const probe = new BrickletBarometer(uid, daemon.connection);
  const identity = daemon.ask(`device ${uid}`, (answer, failure) => probe.getIdentity!(answer, failure));
  // The daemon says nothing at all about a UID it does not know, so the list is asked for at the same time.
  const present = survey(daemon, clock, target.timeoutMs);
  const missing = present.then(async (devices) => {
    if (devices.some((device) => device.uid === uid)) return identity;
    if (devices.length > 0) {
      throw new FogrunError(
        'device-unknown',
        `there is no device ${uid} at ${daemon.where}; there is ${listing(devices)}`,
      );
    }
    return explainSilence(daemon, target, noneThere(daemon, `device ${uid}`));
  });
  // When the list is empty both waits end at the same moment; then the list knows more.
  const answered = identity.catch((thrown: FogrunError) => {
    if (thrown.code === 'device-silent') return missing;
    throw thrown;
  });
  return toDeviceInfo(await Promise.race([answered, missing]));
}

async function findOnly(
  daemon: Daemon,
  target: DeviceTarget,
  type: DeviceType,
  { clock }: DeviceEnvironment,
): Promise<DeviceInfo> {
  const wanted = deviceNamesOf(type);
  const devices = await survey(daemon, clock, target.timeoutMs);
  if (devices.length === 0) return explainSilence(daemon, target, noneThere(daemon, `a ${wanted}`));
  const fitting = devices.filter((device) => findDriver(type, device.identifier));
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0) {
    throw new FogrunError(
      'device-unknown',
      `there is no ${wanted} at ${daemon.where}; there is ${listing(devices)}`,
    );
  }
  throw new FogrunError(
    'device-ambiguous',
    `there are ${fitting.length} devices of type ${type} at ${daemon.where}: ${listing(fitting)}`,
  );
}

async function toDevice(
  daemon: Daemon,
  info: DeviceInfo,
  driver: Driver,
  signal: AbortSignal,
): Promise<Device> {
  const get = await driver.open(info.uid, daemon.connection);
  const byOwner = closed(daemon);
  daemon.onEnumerate((uid, _connectedUid, _position, _hardware, _firmware, _identifier, change) => {
    if (uid !== info.uid || change !== 2) return;
    daemon.end(new FogrunError('device-unknown', `${info.uid} at ${daemon.where} was unplugged`));
  });
  return {
    info,
    simulated: info.connectedUid === EMULATOR_MASTER_UID,
    unit: driver.unit,
    async read() {
      const [raw] = await daemon.ask(`${info.name} ${info.uid}`, get);
      if (typeof raw !== 'number' || !Number.isFinite(raw)) {
        throw new FogrunError('device-error', `${info.name} ${info.uid} at ${daemon.where} sent no number`);
      }
      return raw / driver.rawPerUnit;
    },
    onLost(listener) {
      daemon.onEnd((cause) => {
        if (cause !== byOwner && !signal.aborted) listener();
      });
    },
    close: () => daemon.end(byOwner),
  };
}

function noneThere(daemon: Daemon, wanted: string): FogrunError {
  return new FogrunError(
    'device-unknown',
    `there is no device at all at ${daemon.where}; ${wanted} was expected`,
  );
}

function closed(daemon: Daemon): FogrunError {
  return new FogrunError('device-unreachable', `the connection to ${daemon.where} was closed`);
}
