/** The devices of an emulator: what is plugged in, and how it comes and goes. */
import type { Clock, Timer } from '../../contract/clock.ts';
import { type Bricklet, brickletOfModel } from '../../domain/bricklets.ts';
import { type Shape, shapeValue } from '../../domain/shapes.ts';
import { protocolFunction, writePacket } from '../packet.ts';
import { enumeration as change } from '../survey.ts';
import { EMULATOR_MASTER_UID, formatUid, parseUid } from '../uid.ts';
import { createBricklet } from './bricklet.ts';
import { createMaster, type EmulatedDevice, type Identity, writeIdentity } from './device.ts';

export interface EmulatedDeviceOptions extends ShapeOptions {
  /** One of the words for models of src/domain/bricklets. */
  readonly type: string;
  readonly uid: string;
  /** When it is away for a while. */
  readonly unplug?: UnplugPlan | undefined;
}

export interface ShapeOptions {
  /** Short for the value `pressure`. */
  readonly pressure?: Shape | undefined;
  /** Shapes of quantities (in their unit) and states over the time since the emulator started. */
  readonly values?: Readonly<Record<string, Shape | undefined>> | undefined;
}

/** Times in ms. */
export interface UnplugPlan {
  /** Since the start. */
  readonly after: number;
  readonly for: number;
  /** From one time to the next; once when absent. */
  readonly every?: number | undefined;
}

export interface Stack {
  /** What answers under that UID now. */
  device(uid: number): EmulatedDevice | undefined;
  /** Has every device name itself to every client. */
  enumerate(): void;
  unplug(uid: number): boolean;
  replug(uid: number, position?: string): boolean;
  reset(uid: number): boolean;
  /** Ends callbacks and plans. */
  stop(): void;
}

/** Ports of a brick. */
export const positions = 'abcdefgh';

/** A place on the brick and what belongs there, plugged in or not. */
interface Slot {
  readonly bricklet: Bricklet;
  readonly shapes: Readonly<Record<string, Shape>>;
  uid: number;
  position: string;
  device: EmulatedDevice | undefined;
}

/** What every quantity and state of a device shows: as told, else as the description says. */
export function shapesOf(
  bricklet: Bricklet,
  { pressure, values }: ShapeOptions,
): Readonly<Record<string, Shape>> {
  const told = Object.entries({ pressure, ...values }).flatMap(([name, shape]) =>
    shape ? [[name, shape] as const] : [],
  );
  const described = bricklet.quantities.map(({ sensor, shape }) => [sensor, shape] as const);
  return { ...Object.fromEntries(described), ...bricklet.states, ...Object.fromEntries(told) };
}

/** @param broadcast sends a packet to every client */
export function createStack(
  options: readonly EmulatedDeviceOptions[],
  clock: Clock,
  broadcast: (packet: Buffer) => void,
): Stack {
  const startedMs = clock.monotonic();
  const elapsedMs = () => clock.monotonic() - startedMs;
  const master = createMaster();
  const masterUid = parseUid(EMULATOR_MASTER_UID);
  const timers = new Set<Timer>();
  let enumerating = false;
  let stopped = false;

  const callback = (uid: number, functionId: number, payload: Uint8Array) =>
    broadcast(writePacket({ uid, functionId, sequence: 0, responseExpected: false, error: 0 }, payload));
  const announce = (identity: Identity, what: number) =>
    callback(
      parseUid(identity.uid),
      protocolFunction.enumerateCallback,
      Buffer.concat([writeIdentity(identity), Buffer.of(what)]),
    );
  const present = (uid: number) => slots.find((slot) => slot.uid === uid && slot.device);

  const start = (slot: Slot) => {
    const { uid, position, shapes } = slot;
    const identity = { uid: formatUid(uid), connectedUid: EMULATOR_MASTER_UID, position };
    slot.device = createBricklet(slot.bricklet, identity, {
      clock,
      measure: (name) => shapeValue(shapes[name]!, elapsedMs()),
      callback: (functionId, payload) => callback(uid, functionId, payload),
      restart(wanted) {
        end(slot);
        if (wanted !== masterUid && !slots.some((other) => other.uid === wanted)) slot.uid = wanted;
        announce(start(slot), change.connected);
      },
    });
    return slot.device.identity;
  };
  const end = (slot: Slot) => {
    slot.device?.stop();
    slot.device = undefined;
  };
  const unplug = (slot: Slot | undefined) => {
    const identity = slot?.device?.identity;
    if (!slot || !identity) return false;
    end(slot);
    announce(identity, change.disconnected);
    return true;
  };
  const plug = (slot: Slot | undefined) => {
    if (!slot || slot.device || stopped) return false;
    announce(start(slot), change.connected);
    return true;
  };

  const slots = options.map(({ type, uid, pressure, values }, index): Slot => {
    const bricklet = brickletOfModel(type)!;
    return {
      bricklet,
      shapes: shapesOf(bricklet, { pressure, values }),
      uid: parseUid(uid),
      position: positions[index]!,
      device: undefined,
    };
  });
  for (const slot of slots) start(slot);

  const later = (delayMs: number, run: () => void) => {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      run();
    }, delayMs);
    timers.add(timer);
  };
  const follow = (slot: Slot, plan: UnplugPlan, delayMs: number) =>
    later(delayMs, () => {
      unplug(slot);
      later(plan.for, () => plug(slot));
      // One time must be over before the next.
      if (plan.every !== undefined) follow(slot, plan, Math.max(plan.every, plan.for + 1));
    });
  for (const [index, { unplug: plan }] of options.entries()) {
    if (plan) follow(slots[index]!, plan, plan.after);
  }

  return {
    device: (uid) => (uid === masterUid ? master : present(uid)?.device),
    enumerate() {
      // Requests that arrive together are answered once: an enumeration is 40 times its request, and goes to everybody.
      if (enumerating) return;
      enumerating = true;
      queueMicrotask(() => {
        enumerating = false;
        for (const device of [master, ...slots.map((slot) => slot.device)]) {
          if (device) announce(device.identity, change.available);
        }
      });
    },
    unplug: (uid) => unplug(present(uid)),
    replug(uid, position) {
      const slot = slots.find((one) => one.uid === uid && !one.device);
      if (slot && position !== undefined) slot.position = position;
      return plug(slot);
    },
    reset(uid) {
      const slot = present(uid);
      if (!slot) return false;
      end(slot);
      announce(start(slot), change.connected);
      return true;
    },
    stop() {
      stopped = true;
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
      for (const slot of slots) end(slot);
    },
  };
}
