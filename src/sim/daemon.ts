/** A brick daemon without sockets: what is plugged in, what it measures, and who is connected. */
import { addressText } from '../contract/address.ts';
import type { Clock, Timer } from '../contract/clock.ts';
import type { DeviceInfo } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import { type EmulatedDeviceOptions, positions, shapesOf } from '../devices/emulator/stack.ts';
import { createFieldValues, type FieldValues } from '../devices/emulator/values.ts';
import type { WireValue } from '../devices/requests.ts';
import { EMULATOR_MASTER_UID, formatUid, parseUid } from '../devices/uid.ts';
import { type Bricklet, brickletOfModel, type Channel } from '../domain/bricklets.ts';
import { shapeValue } from '../domain/shapes.ts';

/** A device and whether it is plugged in. */
export interface Slot {
  readonly bricklet: Bricklet;
  readonly info: DeviceInfo;
  readonly values: FieldValues;
  present: boolean;
}

/** A connection of a client; both are called at most once. */
export interface DaemonClient {
  /** A device was unplugged. */
  unplugged(slot: Slot): void;
  /** One was plugged in, or is there again after a reset. */
  plugged(slot: Slot): void;
  /** The daemon is gone. */
  ended(cause: FogrunError): void;
}

export interface SimDaemonOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly devices: readonly EmulatedDeviceOptions[];
  /** Stands for real devices: readings are not marked simulated. */
  readonly real: boolean;
}

/** What a brick of the vendor is called by. */
const realMasterUid = '6wVE7W';

export class SimDaemon {
  readonly options: SimDaemonOptions;
  readonly where: string;
  /** While set, nothing is answered. */
  silent = false;
  readonly #clock: Clock;
  readonly #slots: readonly Slot[];
  readonly #clients = new Set<DaemonClient>();
  readonly #timers = new Set<Timer>();

  /** @param clock of the process it runs in */
  constructor(options: SimDaemonOptions, clock: Clock) {
    this.options = options;
    this.where = addressText(options.host, options.port);
    this.#clock = clock;
    const startedMs = clock.monotonic();
    this.#slots = options.devices.map((device, index) => this.#slotOf(device, index, startedMs));
    for (const [index, { unplug }] of options.devices.entries()) {
      if (unplug) this.#follow(this.#slots[index]!, unplug, unplug.after);
    }
  }

  /** What is plugged in. */
  get slots(): readonly Slot[] {
    return this.#slots.filter(({ present }) => present);
  }

  get connections(): number {
    return this.#clients.size;
  }

  join(client: DaemonClient): void {
    this.#clients.add(client);
  }

  leave(client: DaemonClient): void {
    this.#clients.delete(client);
  }

  /** Takes a device away, as if its cable were pulled. False when it is not there. */
  unplug(uid: string): boolean {
    const slot = this.#find(uid, true);
    if (!slot) return false;
    slot.present = false;
    for (const client of [...this.#clients]) client.unplugged(slot);
    return true;
  }

  /** Brings it back. False when it was not away. */
  replug(uid: string): boolean {
    const slot = this.#find(uid, false);
    if (!slot) return false;
    slot.present = true;
    for (const client of [...this.#clients]) client.plugged(slot);
    return true;
  }

  /** Starts a device again that was never away, with everything forgotten that was set in it. */
  reset(uid: string): boolean {
    const slot = this.#find(uid, true);
    for (const client of slot ? [...this.#clients] : []) client.plugged(slot!);
    return slot !== undefined;
  }

  /** Drops every client. */
  end(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
    const cause = new FogrunError('device-unreachable', `the connection to ${this.where} ended`);
    for (const client of [...this.#clients]) client.ended(cause);
    this.#clients.clear();
  }

  /** What a channel answers now, as it comes from the wire. */
  read({ values }: Slot, channel: Channel): readonly WireValue[] {
    return channel.fields.map((field) => {
      const raw = values.raw(field);
      if (field.raw === 'char') return String.fromCharCode(raw);
      return field.raw === 'bool' ? raw !== 0 : raw;
    });
  }

  #find(uid: string, present: boolean): Slot | undefined {
    return this.#slots.find((slot) => slot.info.uid === uid && slot.present === present);
  }

  #slotOf(device: EmulatedDeviceOptions, index: number, startedMs: number): Slot {
    const bricklet = brickletOfModel(device.type)!;
    // Copies: a walk remembers how far it went.
    const shapes = Object.fromEntries(
      Object.entries(shapesOf(bricklet, device)).map(([name, shape]) => [name, { ...shape }]),
    );
    const clock = this.#clock;
    const measure = (name: string) => shapeValue(shapes[name]!, clock.monotonic() - startedMs);
    return {
      bricklet,
      info: {
        uid: formatUid(parseUid(device.uid)),
        identifier: bricklet.identifier,
        name: bricklet.name,
        connectedUid: this.options.real ? realMasterUid : EMULATOR_MASTER_UID,
        position: positions[index]!,
        hardware: bricklet.hardware,
        firmware: bricklet.firmware,
      },
      values: createFieldValues(bricklet, { clock, measure }),
      present: true,
    };
  }

  #follow(slot: Slot, plan: NonNullable<EmulatedDeviceOptions['unplug']>, delayMs: number): void {
    this.#later(delayMs, () => {
      this.unplug(slot.info.uid);
      this.#later(plan.for, () => this.replug(slot.info.uid));
      // One time must be over before the next.
      if (plan.every !== undefined) this.#follow(slot, plan, Math.max(plan.every, plan.for + 1));
    });
  }

  #later(delayMs: number, run: () => void): void {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }
}
