/** The wires of a pipeline: a port for each actor that takes something, and what of it is whose. */
import type { Clock } from '../contract/clock.ts';
import type { ActorPlan, Plan } from '../contract/plan.ts';
import type { OutPort, PortType } from '../contract/port.ts';
import type { WireStatus } from '../contract/status.ts';
import { type CountedPort, countsReadings, openPort, readingsIn } from './pipeline-ports.ts';
import type { SenderCounts } from './port.ts';

/** @param readings that are in the item */
export type Accepted = (to: string, type: PortType, item: unknown, readings: number) => void;

const nothing = () => {};

export class Wires {
  /** By the actor that takes from it. */
  readonly ports = new Map<string, CountedPort>();
  readonly #clock: Clock;
  /** By sender: with whom it is wired, and what went there. */
  readonly #counts = new Map<string, { readonly port: CountedPort; readonly counts: SenderCounts }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * From now on this plan counts; ports that fit stay as they are.
   * @param accepted hears of each item that an actor has dealt with
   */
  adopt({ actors, wires }: Plan, accepted: Accepted): void {
    const accepts = new Map(actors.map(({ name, kind }) => [name, kind.accepts]));
    for (const [name, { type }] of this.ports) if (accepts.get(name) !== type) this.ports.delete(name);
    for (const { to, type } of wires) {
      if (this.ports.has(to)) continue;
      this.ports.set(
        to,
        openPort(type, this.#clock, (readings, item) => accepted(to, type, item, readings)),
      );
    }
    const targets = new Map(wires.map(({ from, to }) => [from, this.ports.get(to)!]));
    for (const [from, { port }] of this.#counts) {
      if (targets.get(from) !== port) this.#counts.delete(from);
    }
    for (const [from, port] of targets) {
      if (!this.#counts.has(from)) this.#counts.set(from, { port, counts: noCounts() });
    }
  }

  /** The sender's end of the port that an actor is wired to; readings accepted through it are counted as its own. */
  output({ name, kind, to }: ActorPlan, passedOn: (readings: number) => void): OutPort<never> | null {
    const port = to ? this.ports.get(to) : undefined;
    if (!port) return null;
    const own = kind.emits === 'readings' && countsReadings(port.type);
    const accepted = own ? (item: unknown) => passedOn(readingsIn(item)) : nothing;
    return port.sender(accepted, this.#counts.get(name)?.counts);
  }

  /** Whether an actor's output has no credit left. */
  isHeldBack(from: string): boolean {
    return this.#counts.get(from)?.port.out.blocked ?? false;
  }

  status({ wires }: Plan): WireStatus[] {
    return wires.flatMap(({ from, to, type }) => {
      const known = this.#counts.get(from);
      if (!known) return [];
      const { items, bytes, waiting, itemsOut, readingsOut } = known.counts;
      const { bytesMax } = known.port;
      const readingsTotal = countsReadings(type) ? readingsOut : null;
      return [
        { from, to, type, items, bytes, bytesMax, itemsTotal: itemsOut, readingsTotal, blocked: waiting > 0 },
      ];
    });
  }
}

const noCounts = (): SenderCounts => ({ items: 0, bytes: 0, waiting: 0, itemsOut: 0, readingsOut: 0 });
