/**
 * Watches what is measured on its way into the store: each value that a device gave is accepted, in order and once, or
 * counted by the gap before the next one.
 */
import type { Device } from '../contract/device.ts';
import type { Batch } from '../contract/port.ts';
import { statesStream } from '../contract/state-records.ts';
import { linesOf } from './ledger.ts';
import type { Life, SimProcess } from './process.ts';
import type { Telling } from './telling.ts';

/** What one life of a process measured. */
interface Watched {
  readonly name: string;
  readonly devices: Map<string, Measuring>;
}

/** One device: the wall clock of what it gave and was not accepted yet, oldest first. */
interface Measuring {
  readonly waiting: string[];
  /** What may have been given when nobody wanted it any more: the last values before each connection ended. */
  unwanted: number;
  perRead: number;
}

/** Kinds whose readings come from elsewhere. */
const otherSources = new Set(['simulated-sensor', 'tcp-source', 'file-source', 'csv-source', 'http-source']);

export class Measured {
  readonly #telling: Telling;
  readonly #lives = new WeakMap<Life, Watched>();

  constructor(telling: Telling) {
    this.#telling = telling;
  }

  /** Before anything is measured; where every reading comes from a device that is asked for it. */
  begin({ name, plan }: SimProcess, life: Life): void {
    const pollers = plan.actors.filter(({ kind }) => kind.name === 'sensor-poller');
    const polled = pollers.every(({ config }) => (config as { mode?: string }).mode !== 'callback');
    const others = plan.actors.some(({ kind }) => otherSources.has(kind.name));
    if (pollers.length === 1 && polled && !others) this.#lives.set(life, { name, devices: new Map() });
  }

  /** The same device, watched from now on. */
  watch(life: Life, device: Device): Device {
    const watched = this.#lives.get(life);
    if (!watched) return device;
    const { uid } = device.info;
    const measuring = watched.devices.get(uid) ?? { waiting: [], unwanted: 0, perRead: 0 };
    watched.devices.set(uid, measuring);
    measuring.unwanted += measuring.perRead;
    const read = device.read.bind(device);
    device.read = async () => {
      const values = await read();
      const time = new Date(life.clock.now()).toISOString();
      for (const _ of values) measuring.waiting.push(time);
      measuring.perRead = values.length;
      return values;
    };
    return device;
  }

  /** The disk has these. */
  accepted(life: Life, batches: readonly Batch[]): void {
    const watched = this.#lives.get(life);
    if (!watched) return;
    for (const { stream, lines, missed } of batches) {
      if (stream === statesStream) continue;
      let told = missed?.count ?? 0;
      for (const line of linesOf(lines)) {
        const { device, time } = JSON.parse(Buffer.from(line).toString('utf8')) as Record<string, string>;
        const measuring = watched.devices.get(device!);
        const at = measuring?.waiting.indexOf(time!) ?? -1;
        if (!measuring || at < 0) {
          this.#wrong(watched, `what ${device} gave at ${time} was accepted twice, or was never measured`);
          continue;
        }
        measuring.waiting.splice(0, at + 1);
        const untold = Math.max(0, at - told - measuring.unwanted);
        measuring.unwanted -= Math.min(measuring.unwanted, Math.max(0, at - told));
        told = Math.max(0, told - at);
        if (untold > 0) {
          this.#wrong(watched, `${untold} values that ${device} gave before ${time} were lost without a gap`);
        }
      }
    }
  }

  #wrong({ name }: Watched, text: string): void {
    this.#telling.violate('measured', name, text);
  }
}
