/** Finding out what hangs on a brick daemon. */
import type { Clock } from '../contract/clock.ts';
import type { DeviceInfo, DeviceTarget } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import { formatDuration } from '../domain/quantities.ts';
import type { Daemon } from './daemon.ts';
import { deviceName } from './names.ts';
import { printable } from './text.ts';

/**
 * Nothing says that a list is complete: it counts as such when nothing came for so many times as long as the first
 * answer took, within bounds. A daemon at hand need not be waited for like one behind a slow radio.
 */
const quietPerAnswer = 20;
const quietBoundsMs = { min: 100, max: 500 } as const;
/** A daemon with more devices than this is no daemon. */
const devicesMax = 1_000;
/** Why a device names itself. */
export const enumeration = { available: 0, connected: 1, disconnected: 2 } as const;

/** @param values as enumerate callback and getIdentity give them */
export function toDeviceInfo(values: readonly unknown[]): DeviceInfo {
  const [uid, connectedUid, position, hardware, firmware, identifier] = values as [
    string,
    string,
    string,
    [number, number, number],
    [number, number, number],
    number,
  ];
  return {
    uid: printable(uid),
    identifier,
    name: deviceName(identifier),
    connectedUid: printable(connectedUid),
    position: printable(position),
    hardware,
    firmware,
  };
}

/**
 * Asks every device to name itself, and collects until nothing new came for a while, for the target's `timeoutMs` after
 * the first at the longest. Resolves with an empty list when nothing came within `timeoutMs`; rejects when the
 * connection ends.
 */
export function survey(daemon: Daemon, clock: Clock, timeoutMs: number): Promise<DeviceInfo[]> {
  return new Promise((resolve, reject) => {
    const found = new Map<string, DeviceInfo>();
    const askedAt = clock.monotonic();
    let quietMs = 0;
    let lastAt = 0;
    let finished = false;
    const finish = () => {
      finished = true;
      resolve([...found.values()]);
    };
    let timer = clock.setTimeout(finish, timeoutMs);
    const stop = (cause: FogrunError) => {
      finished = true;
      clock.clearTimeout(timer);
      reject(cause);
    };
    daemon.onEnumerate((...values) => {
      if (finished) return;
      const info = toDeviceInfo(values);
      if (values[6] === enumeration.disconnected) found.delete(info.uid);
      else if (found.size < devicesMax) found.set(info.uid, info);
      const { min, max } = quietBoundsMs;
      const now = clock.monotonic();
      quietMs ||= Math.min(max, Math.max(min, quietPerAnswer * (now - askedAt)));
      // A loose cable may come and go for ever.
      lastAt ||= now + timeoutMs;
      clock.clearTimeout(timer);
      timer = clock.setTimeout(finish, Math.max(0, Math.min(quietMs, lastAt - now)));
    });
    daemon.onEnd(stop);
    daemon.connection.enumerate(() => stop(daemon.whenClosed()));
  });
}

/** A list for messages: `XYZ (Barometer Bricklet), …`. */
export function listing(devices: readonly DeviceInfo[]): string {
  const shown = devices.slice(0, 20).map((device) => `${device.uid} (${device.name})`);
  if (devices.length > shown.length) shown.push(`and ${devices.length - shown.length} more`);
  return shown.join(', ');
}

/**
 * Finds out why a daemon named no device. It is asked for a nonce, which one that wants a secret gives to anybody,
 * and for which one that wants none closes the connection.
 * @param nothingThere what to reject with when there really is no device
 */
export async function explainSilence(
  daemon: Daemon,
  target: Omit<DeviceTarget, 'uid'>,
  nothingThere: FogrunError,
): Promise<never> {
  if (target.secret !== '') throw nothingThere;
  if (daemon.strayBytes > 0) {
    throw new FogrunError(
      'device-foreign',
      `${daemon.where} sent ${daemon.strayBytes} bytes that are no whole packet, and nothing more`,
    );
  }
  daemon.whenClosed = () => nothingThere;
  try {
    await daemon.ask('the brick daemon', (answer, failure) =>
      daemon.connection.brickd.getAuthenticationNonce(answer, failure),
    );
  } catch (thrown) {
    const { code } = thrown as FogrunError;
    if (code === 'device-error') throw nothingThere;
    if (code !== 'device-silent') throw thrown;
    throw new FogrunError(
      'device-silent',
      `${daemon.where} takes connections but answers nothing within ${formatDuration(target.timeoutMs)}: ` +
        'it hangs, or is not a brick daemon',
      { advice: 'Check host and port, and restart the brick daemon if it is one.' },
    );
  }
  throw new FogrunError('device-secret-missing', `the brick daemon at ${daemon.where} wants a secret`, {
    advice: 'Set TINKERFORGE_SECRET.',
  });
}
