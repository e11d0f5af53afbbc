/** A device that sends by itself: told how, watched for silence, told again when it seems to have forgotten. */
import type { SensorPollerConfig } from '../../machines/sensor-poller.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Measurement } from '../contract/device.ts';
import { errorCodes, type Problem } from '../contract/errors.ts';
import { formatDuration } from '../domain/quantities.ts';
import { expected, type Reads } from './poller-readings.ts';

/** Listens until the signal aborts. */
export async function listenTo(config: SensorPollerConfig, clock: Clock, reads: Reads): Promise<void> {
  const { device, until, fail, keep, confirm } = reads;
  const { every: periodMs, 'on-change': onChange } = config;
  /** Silence this long makes it be asked, so that a device that died is noticed before its values are stale. */
  const probeAfterMs = config['stale-after'] / 2;
  const overdueMs = 2 * periodMs + config.timeout;
  /** When it last said anything, and when each sensor last came by itself; monotonic ms. */
  let heardAt = clock.monotonic();
  const cameAt = new Map<string, number>();
  let configured = false;
  let onlyChanges = true;
  /** What it said last need not hold any more. */
  let unsure = true;

  const noteCame = (sensors: readonly { readonly sensor: string }[]) => {
    for (const { sensor } of sensors) cameAt.set(sensor, clock.monotonic());
  };
  const trouble = (cause: Problem) => {
    unsure = true;
    reads.noValue(cause);
  };
  const attempt = async (run: () => Promise<void>) => {
    try {
      await run();
    } catch (thrown) {
      const cause = expected(thrown);
      if (!until.aborted) trouble(cause);
    }
  };
  /** Runs in a callback, where an exception would come out of a socket. */
  const heard = (run: () => void) => {
    if (until.aborted) return;
    heardAt = clock.monotonic();
    try {
      run();
    } catch (thrown) {
      attempt(() => Promise.reject(thrown)).catch(fail);
    }
  };
  const configure = () =>
    attempt(async () => {
      const settings = { periodMs, onChange };
      const listening = await device.listen(settings, {
        measured: (measured: readonly Measurement[]) =>
          heard(() => {
            noteCame(measured);
            keep(measured, onlyChanges);
            if (onlyChanges && !confirm([])) unsure = true;
          }),
        noValue: (cause) => heard(() => trouble(cause)),
      });
      onlyChanges = listening.onlyChanges;
      noteCame(device.sensors);
      configured = true;
    });
  const ask = () =>
    attempt(async () => {
      const measured = await device.read();
      if (until.aborted) return;
      heardAt = clock.monotonic();
      if (unsure) keep(measured, onlyChanges);
      unsure = onlyChanges && !confirm(measured);
    });

  await ask();
  while (!until.aborted) {
    if (!configured) await configure();
    await sleep(clock, Math.min(probeAfterMs, overdueMs), until);
    if (until.aborted) return;
    const now = clock.monotonic();
    if (unsure || now - heardAt >= probeAfterMs) await ask();
    const late = device.sensors.filter(({ sensor }) => now - (cameAt.get(sensor) ?? now) > overdueMs);
    if (onlyChanges || !configured || late.length === 0 || until.aborted) continue;
    configured = false;
    const what = late.map(({ sensor }) => sensor).join(', ');
    const { name, uid } = device.info;
    const message = `${name} ${uid} sent no ${what} by itself for more than ${formatDuration(overdueMs)}`;
    trouble({ code: 'device-silent', message, advice: errorCodes['device-silent'].advice });
  }
}
