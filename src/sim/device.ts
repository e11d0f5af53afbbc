/** A device behind a simulated daemon, as a poller sees it. */
import type { Clock, Timer } from '../contract/clock.ts';
import type {
  Device,
  DeviceListener,
  DeviceTarget,
  DeviceWish,
  ListenOptions,
  Measurement,
} from '../contract/device.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import {
  byField,
  fixChannel,
  measurementsOf,
  type PlannedChannel,
  planChannels,
} from '../devices/measuring.ts';
import { EMULATOR_MASTER_UID } from '../devices/uid.ts';
import { formatDuration } from '../domain/quantities.ts';
import type { DaemonClient, SimDaemon, Slot } from './daemon.ts';

export interface SimDeviceEnv {
  /** Of the process that asks. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long an answer takes, ms. */
  readonly answerMs: () => number;
}

export class SimDevice implements Device, DaemonClient {
  readonly info;
  readonly simulated;
  readonly sensors;
  readonly #daemon: SimDaemon;
  readonly #slot: Slot;
  readonly #target: DeviceTarget;
  readonly #env: SimDeviceEnv;
  readonly #planned: readonly PlannedChannel[];
  readonly #pending = new Set<(cause: FogrunError) => void>();
  readonly #lost: ((cause: Problem) => void)[] = [];
  readonly #timers = new Set<Timer>();
  #ended: FogrunError | undefined;
  /** Counts the listeners: only the newest is heard. */
  #listening = 0;

  /** Throws `device-type` for a sensor that the device does not have. */
  constructor(daemon: SimDaemon, slot: Slot, target: DeviceTarget, wish: DeviceWish, env: SimDeviceEnv) {
    const { bricklet, info } = slot;
    const wanted = wish.sensors.map((sensor) => {
      const found = bricklet.quantities.find((quantity) => quantity.sensor === sensor);
      if (found) return found;
      const has = bricklet.quantities.map((quantity) => quantity.sensor).join(', ');
      const text = `${info.uid} at ${daemon.where} is a ${info.name}, which does not measure ${sensor}; it measures ${has}`;
      throw new FogrunError('device-type', text);
    });
    this.#daemon = daemon;
    this.#slot = slot;
    this.#target = target;
    this.#env = env;
    this.#planned = planChannels(bricklet, wanted);
    this.info = info;
    this.simulated = info.connectedUid === EMULATOR_MASTER_UID;
    this.sensors = wanted.map(({ sensor, unit, plausible }) => ({ sensor, unit, plausible }));
    daemon.join(this);
    env.signal.addEventListener('abort', this.close, { once: true });
  }

  async read(): Promise<readonly Measurement[]> {
    await this.#answer('a reading');
    const measured = this.#measure(this.#planned);
    return this.sensors.map(({ sensor }) => measured.find((one) => one.sensor === sensor)!);
  }

  async listen({ periodMs, onChange }: ListenOptions, listener: DeviceListener) {
    await this.#answer('its settings');
    this.#stopListening();
    const number = this.#listening;
    const plainly = this.#planned.some(({ channel }) => channel.callback?.form === 'on-change');
    const onlyChanges = onChange || plainly;
    for (const planned of this.#planned) this.#send(planned, periodMs, onlyChanges, number, listener);
    return { onlyChanges };
  }

  onLost(listener: (cause: Problem) => void): void {
    this.#lost.push(listener);
  }

  close = (): void => {
    this.#end(new FogrunError('device-unreachable', `the connection to ${this.#daemon.where} was closed`));
  };

  unplugged(slot: Slot): void {
    if (slot !== this.#slot) return;
    const text = `${slot.info.uid} at ${this.#daemon.where} was unplugged`;
    this.ended(new FogrunError('device-unknown', text));
  }

  plugged(): void {
    // The settings of a device that was reset are sent again by the real client too.
  }

  ended(cause: FogrunError): void {
    if (this.#ended) return;
    this.#end(cause);
    if (!this.#env.signal.aborted) for (const listener of this.#lost) listener(toProblem(cause));
  }

  #end(cause: FogrunError): void {
    if (this.#ended) return;
    this.#ended = cause;
    this.#env.signal.removeEventListener('abort', this.close);
    this.#daemon.leave(this);
    this.#stopListening();
    for (const fail of [...this.#pending]) fail(cause);
  }

  /** Resolves when the daemon has answered. */
  #answer(what: string): Promise<void> {
    const { clock, answerMs } = this.#env;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const { timeoutMs } = this.#target;
      const ms = this.#daemon.silent ? Number.POSITIVE_INFINITY : answerMs();
      const settle = (finish: () => void) => {
        this.#pending.delete(fail);
        clock.clearTimeout(timer);
        finish();
      };
      const fail = (cause: FogrunError) => settle(() => reject(cause));
      const timer = clock.setTimeout(
        () => {
          if (ms <= timeoutMs) return settle(resolve);
          const text = `${what} of ${this.#name} at ${this.#daemon.where}: no answer within ${formatDuration(timeoutMs)}`;
          fail(new FogrunError('device-silent', text));
        },
        Math.min(ms, timeoutMs),
      );
      this.#pending.add(fail);
    });
  }

  /** Throws `device-no-value` while the device cannot measure. */
  #measure(planned: readonly PlannedChannel[]): readonly Measurement[] {
    const { bricklet } = this.#slot;
    const where = `${this.#name} at ${this.#daemon.where}`;
    if (bricklet.needsFix) {
      const channel = fixChannel(bricklet);
      const status = byField(channel, this.#daemon.read(this.#slot, channel));
      if (status.get('fix') !== true) {
        const text = `${where} has no fix yet; satellites in view: ${Number(status.get('satellites'))}`;
        throw new FogrunError('device-no-value', text);
      }
    }
    return planned.flatMap((one) => measurementsOf(one, this.#daemon.read(this.#slot, one.channel), where));
  }

  /** Sends by itself, once a period. */
  #send(
    planned: PlannedChannel,
    periodMs: number,
    onlyChanges: boolean,
    number: number,
    listener: DeviceListener,
  ): void {
    let last = '';
    const later = () => {
      const timer = this.#env.clock.setTimeout(() => {
        this.#timers.delete(timer);
        if (this.#ended || this.#listening !== number) return;
        later();
        if (!this.#daemon.silent) say();
      }, periodMs);
      this.#timers.add(timer);
    };
    const say = () => {
      let measured: readonly Measurement[];
      try {
        measured = this.#measure([planned]);
      } catch (thrown) {
        listener.noValue(toProblem(thrown));
        return;
      }
      const now = JSON.stringify(measured);
      if (onlyChanges && now === last) return;
      last = now;
      listener.measured(measured);
    };
    later();
  }

  #stopListening(): void {
    this.#listening += 1;
    for (const timer of this.#timers) this.#env.clock.clearTimeout(timer);
    this.#timers.clear();
  }

  get #name(): string {
    return `${this.info.name} ${this.info.uid}`;
  }
}
