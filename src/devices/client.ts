/** Devices behind a brick daemon: finding, identifying and reading them. */
import type { Device, DeviceInfo, DeviceTarget, DeviceWish } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import { type Bricklet, brickletsOfType } from '../domain/bricklets.ts';
import { connectedDevice } from './connected.ts';
import { type Daemon, type DeviceEnvironment, openDaemon } from './daemon.ts';
import { deviceRequests } from './requests.ts';
import { enumeration, explainSilence, listing, survey, toDeviceInfo } from './survey.ts';
import { formatUid, parseUid } from './uid.ts';

/**
 * Connects to one device of a type. A new connection each time: nothing of an earlier attempt is used again.
 *
 * Rejects with a FogrunError: `device-uid`, `device-unreachable`, `device-foreign`, `device-secret`,
 * `device-secret-missing`, `device-unknown`, `device-ambiguous`, `device-type`, `device-silent` or `device-error`.
 * Aborting `signal` ends the attempt, and later closes the device.
 */
export async function connectDevice(
  target: DeviceTarget,
  wish: DeviceWish,
  env: DeviceEnvironment,
): Promise<Device> {
  const { type } = wish;
  const uid = target.uid === '' ? undefined : formatUid(parseUid(target.uid));
  const daemon = await openDaemon(target, env);
  try {
    await authenticate(daemon, target.secret);
    const info = await (uid === undefined
      ? findOnly(daemon, target, type, env)
      : findByUid(daemon, target, uid, env));
    const bricklet = brickletOf(type, info);
    if (!bricklet) {
      throw new FogrunError(
        'device-type',
        `${info.uid} at ${daemon.where} is a ${info.name}; a ${namesOf(type)} was expected`,
      );
    }
    return connectedDevice(daemon, info, bricklet, wish, closed(daemon), env);
  } catch (thrown) {
    daemon.end(closed(daemon));
    throw thrown;
  }
}

/**
 * Resolves when a device that would fit is plugged in after this began, or with `orPresent` also when it is there
 * already. Rejects as `connectDevice` does, as far as it concerns the daemon, and when the connection ends.
 */
export async function awaitDevice(
  target: DeviceTarget,
  { type, orPresent }: { readonly type: string; readonly orPresent: boolean },
  env: DeviceEnvironment,
): Promise<void> {
  const uid = target.uid === '' ? undefined : formatUid(parseUid(target.uid));
  const daemon = await openDaemon(target, env);
  try {
    await authenticate(daemon, target.secret);
    await new Promise<void>((resolve, reject) => {
      daemon.onEnumerate((...values) => {
        const change = values[6];
        if (change !== enumeration.connected && !(orPresent && change === enumeration.available)) return;
        const info = toDeviceInfo(values);
        if (uid === undefined ? brickletOf(type, info) : info.uid === uid) resolve();
      });
      daemon.onEnd(reject);
      if (orPresent) daemon.connection.enumerate(() => reject(daemon.whenClosed()));
    });
  } finally {
    daemon.end(closed(daemon));
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
  const identity = deviceRequests(daemon, uid, `device ${uid}`, 0).identity();
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
  type: string,
  { clock }: DeviceEnvironment,
): Promise<DeviceInfo> {
  const wanted = namesOf(type);
  const devices = await survey(daemon, clock, target.timeoutMs);
  if (devices.length === 0) return explainSilence(daemon, target, noneThere(daemon, `a ${wanted}`));
  const fitting = devices.filter((device) => brickletOf(type, device));
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

/** The description of a device as one of that type, if it is one. */
function brickletOf(type: string, { identifier }: DeviceInfo): Bricklet | undefined {
  return brickletsOfType(type).find((bricklet) => bricklet.identifier === identifier);
}

/** Names of the devices that are of a type, for messages. */
function namesOf(type: string): string {
  return brickletsOfType(type)
    .map(({ name }) => name)
    .join(' or ');
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
