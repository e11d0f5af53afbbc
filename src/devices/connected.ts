/** A device that was found: read when asked, or listened to. */
import type {
  Device,
  DeviceInfo,
  DeviceListener,
  DeviceWish,
  ListenOptions,
  Measurement,
} from '../contract/device.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { Bricklet, Channel, Quantity } from '../domain/bricklets.ts';
import type { Daemon, DeviceEnvironment } from './daemon.ts';
import { byField, fixChannel, measurementsOf, type PlannedChannel, planChannels } from './measuring.ts';
import { deviceRequests, type WireValue } from './requests.ts';
import { enumeration } from './survey.ts';
import { EMULATOR_MASTER_UID } from './uid.ts';

/** @param byOwner the cause that stands for an end its owner wanted */
export function connectedDevice(
  daemon: Daemon,
  info: DeviceInfo,
  bricklet: Bricklet,
  wish: DeviceWish,
  byOwner: FogrunError,
  { clock, signal }: DeviceEnvironment,
): Device {
  const wanted = wish.sensors.map((sensor) => quantityOf(bricklet, sensor, daemon, info));
  const planned = planChannels(bricklet, wanted);
  const name = `${info.name} ${info.uid}`;
  const where = `${name} at ${daemon.where}`;
  const requests = deviceRequests(daemon, info.uid, name, bricklet.identifier);
  const read = (channel: Channel) => requests.get(channel.getter, channel.fields.map(rawOf));

  const noFix = (satellites: WireValue | undefined) =>
    new FogrunError('device-no-value', `${where} has no fix yet; satellites in view: ${Number(satellites)}`);
  const checkFix = async () => {
    if (!bricklet.needsFix) return;
    const channel = fixChannel(bricklet);
    const status = byField(channel, await read(channel));
    if (status.get('fix') !== true) throw noFix(status.get('satellites'));
  };
  const measure = async (one: PlannedChannel) => measurementsOf(one, await read(one.channel), where);

  let renew: (() => void) | undefined;
  let stopListening = () => {};
  daemon.onEnumerate((uid, _connectedUid, _position, _hardware, _firmware, _identifier, change) => {
    if (uid !== info.uid) return;
    if (change === enumeration.disconnected) {
      daemon.end(new FogrunError('device-unknown', `${info.uid} at ${daemon.where} was unplugged`));
    }
    // It was reset, and has forgotten what it was to send.
    if (change === enumeration.connected) renew?.();
  });

  const listen = async ({ periodMs, onChange }: ListenOptions, listener: DeviceListener) => {
    stopListening();
    let listening = true;
    let fix: boolean | undefined;
    const timers = new Set<unknown>();
    const take = (one: PlannedChannel, values: readonly WireValue[]) => {
      if (!listening || fix === false) return;
      let measured: readonly Measurement[];
      try {
        measured = measurementsOf(one, values, where);
      } catch (thrown) {
        return listener.noValue(toProblem(thrown));
      }
      listener.measured(measured);
    };
    const configure = async (channel: Channel) => {
      const how = channel.callback!;
      const period = ['u32', periodMs] as const;
      if (how.form === 'on-change') return requests.set(how.set, [period]);
      const raw = rawOf(channel.fields[0]!);
      const noThreshold = [
        ['char', 'x'],
        [raw, 0],
        [raw, 0],
      ] as const;
      await requests.set(how.set, [period, ['bool', onChange], ...(how.threshold ? noThreshold : [])]);
    };
    const hearFix = (values: readonly WireValue[]) => {
      const status = byField(fixChannel(bricklet), values);
      fix = status.get('fix') === true;
      if (!fix && listening) listener.noValue(toProblem(noFix(status.get('satellites'))));
    };
    /** For a channel without callbacks. */
    const askOn = (one: PlannedChannel) => {
      const timer = clock.setTimeout(() => {
        timers.delete(timer);
        if (!listening) return;
        read(one.channel).then(
          (values) => take(one, values),
          (thrown) => listening && listener.noValue(toProblem(thrown)),
        );
        askOn(one);
      }, periodMs);
      timers.add(timer);
    };
    stopListening = () => {
      listening = false;
      for (const timer of timers) clock.clearTimeout(timer);
    };

    const called = planned.filter(({ channel }) => channel.callback);
    for (const one of called) {
      const { callback, fields } = one.channel;
      requests.on(callback!.id, fields.map(rawOf), (values) => take(one, values));
    }
    const channels = called.map(({ channel }) => channel);
    if (bricklet.needsFix) {
      const status = fixChannel(bricklet);
      requests.on(status.callback!.id, status.fields.map(rawOf), hearFix);
      channels.push(status);
      hearFix(await read(status));
    }
    await Promise.all(channels.map(configure));
    renew = () => {
      // What fails here shows in the silence that follows.
      for (const channel of channels) configure(channel).catch(() => {});
    };
    for (const one of planned) if (!one.channel.callback && listening) askOn(one);
    const onlyChanges =
      onChange || called.some(({ channel: { callback } }) => callback!.form === 'on-change');
    return { onlyChanges };
  };
  daemon.onEnd(() => stopListening());

  return {
    info,
    simulated: info.connectedUid === EMULATOR_MASTER_UID,
    sensors: wanted.map(({ sensor, unit, plausible }) => ({ sensor, unit, plausible })),
    async read() {
      await checkFix();
      const measured = (await Promise.all(planned.map(measure))).flat();
      return wanted.map(({ sensor }) => measured.find((one) => one.sensor === sensor)!);
    },
    listen,
    onLost(listener) {
      daemon.onEnd((cause) => {
        if (cause !== byOwner && !signal.aborted) listener(toProblem(cause));
      });
    },
    close: () => daemon.end(byOwner),
  };
}

function rawOf({ raw }: Channel['fields'][number]) {
  return raw;
}

function quantityOf(bricklet: Bricklet, sensor: string, daemon: Daemon, info: DeviceInfo): Quantity {
  const found = bricklet.quantities.find((quantity) => quantity.sensor === sensor);
  if (found) return found;
  const has = bricklet.quantities.map((quantity) => quantity.sensor).join(', ');
  throw new FogrunError(
    'device-type',
    `${info.uid} at ${daemon.where} is a ${info.name}, which does not measure ${sensor}; it measures ${has}`,
  );
}
