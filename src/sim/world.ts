/** A simulated world: one clock, one network, and processes that the plans of pipeline files ask for. */

import type { Random } from '../contract/clock.ts';
import type { Plan } from '../contract/plan.ts';
import type { LogEntry } from '../contract/report.ts';
import { type SegmentHeader, sameHash } from '../domain/segment.ts';
import type { Bindings } from '../runtime/pipeline.ts';
import type { Platform } from '../runtime/platform.ts';
import { decodeReceipt, keys } from '../store/cloud-records.ts';
import { SimDisk } from './disk.ts';
import { type Feeding, feedingOf } from './feeding.ts';
import { Ledger } from './ledger.ts';
import { Measured } from './measured.ts';
import { createSimNetwork, type SimNetwork } from './network.ts';
import { type Outside, platformOf } from './platform.ts';
import { SimProcess } from './process.ts';
import { seededRandom, spread } from './random.ts';
import { Retries } from './retries.ts';
import type { FaultKind } from './run.ts';
import { find, type Sorted } from './sorted.ts';
import { Storms } from './storms.ts';
import { Telling } from './telling.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export type BindingsFor = (plan: Plan, platform: Platform) => Promise<Bindings>;

export interface WorldOptions {
  readonly seed: number;
  readonly plans: readonly Plan[];
  /** How many there are of each edge's pipeline. */
  readonly edges: number;
  readonly version: string;
  readonly bindingsFor: BindingsFor;
  /** What may happen to the world. */
  readonly faults: readonly FaultKind[];
  readonly outside: Outside;
  readonly listen?: ((entry: LogEntry) => void) | undefined;
}

/** How far the clocks of edges are apart, ms. */
const skewMsMax = 5_000;
/** Nobody starts at once. */
const startMsMax = 5_000;

export class World {
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly telling: Telling;
  readonly storms: Storms;
  readonly retries: Retries;
  readonly measured: Measured;
  /** Whether a policy of the pipelines gives readings up. */
  readonly mayDrop: boolean;
  readonly processes: SimProcess[] = [];
  /** What comes to each process from outside, in the order of `processes`. */
  readonly feedings: Feeding[] = [];
  /** Of every disk that an edge ever had; `gone` when it was exchanged. */
  readonly ledgers: { readonly process: string; readonly ledger: Ledger; gone: boolean }[] = [];
  /** What disks of clouds held before they were exchanged. */
  readonly pastClouds: Sorted[] = [];
  /** How often the disk of each edge, or of its cloud, was copied or exchanged so far. */
  readonly #pasts = new Map<string, number>();
  readonly #options: WorldOptions;

  private constructor(options: WorldOptions) {
    this.#options = options;
    this.mayDrop = options.plans.some((plan) => /"(?:drop-|retention)/.test(JSON.stringify(plan)));
    this.clock = createVirtualClock({ promisesOnly: true });
    const chance = seededRandom(options.seed, 'network');
    this.network = createSimNetwork(this.clock, {
      latencyMs: () => Math.ceil(spread(1, 80, chance)),
      piece: (left) => (chance.next() < 0.9 ? left : 1 + Math.floor(chance.next() * left)),
    });
    this.telling = new Telling(this.clock, options.listen);
    this.retries = new Retries(this.telling, options.edges);
    this.measured = new Measured(this.telling);
    this.storms = new Storms(this.clock, this.telling);
  }

  /** Everything is made, and nothing has been started. */
  static async make(options: WorldOptions): Promise<World> {
    const world = new World(options);
    const random = seededRandom(options.seed, 'machines');
    for (const plan of options.plans) {
      const copies = plan.store?.role === 'edge' ? options.edges : 1;
      for (let number = 1; number <= copies; number++) {
        const name = copies === 1 ? plan.name : `${plan.name}-${number}`;
        const skewMs = Math.round((random.next() * 2 - 1) * skewMsMax);
        await world.add(name, planFor(plan, name, copies === 1 ? null : number), { skewMs });
      }
    }
    return world;
  }

  /** Starts them all, clouds first, each at its own moment. */
  start(): void {
    const random = seededRandom(this.#options.seed, 'starts');
    for (const process of this.processes) {
      const delayMs = process.role === 'cloud' ? 0 : Math.floor(random.next() * startMsMax);
      this.clock.setTimeout(() => this.begin(process), delayMs);
    }
  }

  /** Starts a process for the first time, and whatever feeds it. */
  begin(process: SimProcess): void {
    process.start();
    this.feedings[this.processes.indexOf(process)]!.start();
  }

  /** One more process, not yet started. */
  async add(
    name: string,
    plan: Plan,
    given: { readonly disk?: SimDisk; readonly ledger?: Ledger; readonly skewMs: number },
  ): Promise<SimProcess> {
    const { seed, version, bindingsFor } = this.#options;
    const process = new SimProcess({
      name,
      plan,
      seed,
      version,
      clock: this.clock,
      network: this.network,
      telling: this.telling,
      disk: given.disk ?? this.#disk(name),
      ledger: given.ledger ?? (plan.store?.role === 'edge' ? new Ledger(plan.edge) : null),
      skewMs: given.skewMs,
    });
    const { clock, network } = this;
    const { readFile } = this.#options.outside;
    const feeding = await feedingOf({ name, plan, seed, clock, network, readFile });
    this.feedings.push(feeding);
    process.bindings = await bindingsFor(plan, platformOf(process, this, feeding));
    this.processes.push(process);
    this.retries.watch(process);
    if (process.ledger) this.ledgers.push({ process: name, ledger: process.ledger, gone: false });
    return process;
  }

  process(name: string): SimProcess {
    const found = this.processes.find((process) => process.name === name);
    if (!found) throw new Error(`there is no process ${name}`);
    return found;
  }

  /** Another ledger takes the place of the one that a process had, since its disk was exchanged. */
  exchangeLedger(process: SimProcess, ledger: Ledger): void {
    for (const entry of this.ledgers) if (entry.ledger === process.ledger) entry.gone = true;
    process.ledger = ledger;
    this.ledgers.push({ process: process.name, ledger, gone: false });
  }

  /** A disk of this process is copied or exchanged: whoever meets it may find another past than its own. */
  exchanged({ role, ledger }: SimProcess): void {
    const edges = role === 'cloud' ? this.ledgers.map((entry) => entry.ledger.edge) : [ledger!.edge];
    for (const edge of new Set(edges)) this.#pasts.set(edge, this.pastsOf(edge) + 1);
  }

  /** So often an edge may have to begin a new epoch. */
  readonly pastsOf = (edge: string): number => this.#pasts.get(edge) ?? 0;

  /** Ledgers of the disks that had this epoch. */
  readonly ledgersOf = (edge: string, epoch: string): readonly Ledger[] =>
    this.ledgers.flatMap(({ ledger }) =>
      ledger.edge === edge && ledger.epochs.includes(epoch) ? [ledger] : [],
    );

  /** Whether a cloud's disk has, or had before it was exchanged, just this segment. */
  readonly isStored = (header: SegmentHeader): boolean => {
    const key = keys.receipt(header);
    const disks = this.processes.flatMap(({ role, disk }) => (role === 'cloud' ? [disk.store] : []));
    return [...disks, ...this.pastClouds].some((store) => {
      const entry = find(store, key);
      return entry !== undefined && sameHash(decodeReceipt(header, entry.value).header.hash, header.hash);
    });
  };

  #disk(name: string): SimDisk {
    const random = seededRandom(this.#options.seed, `disk ${name}`);
    const disk = new SimDisk({ clock: this.clock, random });
    disk.syncMs = quickSync(seededRandom(this.#options.seed, `syncs ${name}`));
    return disk;
  }
}

/** How long a healthy disk takes for a write, ms. */
export function quickSync(random: Random): () => number {
  return () => Math.ceil(spread(1, 12, random));
}

/** The plan as one of several processes runs it: with an id, a name and a place of its own. */
function planFor(plan: Plan, name: string, number: number | null): Plan {
  const named = plan.edge === '' || number === null ? plan.edge : `${plan.edge}-${number}`;
  const edge = plan.store?.role === 'edge' ? named || name : plan.edge;
  return { ...plan, name, edge, store: plan.store && { ...plan.store, path: `/sim/${name}` } };
}
