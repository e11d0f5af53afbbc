/** Lets planned faults happen to a world, and ends them again. */
import type { Random } from '../contract/clock.ts';
import { keys } from '../store/edge-records.ts';
import { headroomBytes } from '../store/headroom.ts';
import { jumpOf, type PlannedFault } from './fault-plan.ts';
import type { SimProcess } from './process.ts';
import { seededRandom } from './random.ts';
import type { SimFault } from './run.ts';
import { entriesIn } from './sorted.ts';
import { worldName } from './telling.ts';
import { quickSync, type World } from './world.ts';

/** Puts right again what a fault did. */
type Mend = () => void | Promise<void>;

/** How long a process is down when its disk is exchanged. */
const exchangeMs = 2_000;
/** A frame is cut after so many bytes at most. */
const cutBytesMax = 3_000;
/** A crash that is to hit a write waits for one so long, ms, and comes so long after it at most. */
const aim = { waitMs: 20_000, afterMs: 10, writesMax: 6, share: 0.7 };

export class CarryOut {
  /** Those that have begun, oldest first. */
  readonly happened: SimFault[] = [];
  readonly #world: World;
  readonly #seed: number;
  /** Faults of one thing that last, so that the end of one does not end another. */
  readonly #lasting = new Map<string, Set<number>>();
  #copies = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#seed = seed;
  }

  /** Copies of processes are made beforehand: that takes time which is not virtual. */
  async plan(faults: readonly PlannedFault[]): Promise<void> {
    for (const fault of faults) {
      const prepared = fault.way === 'copy' ? await this.#copy(fault) : undefined;
      this.#world.clock.setTimeout(() => this.#begin(fault, prepared), fault.atMs);
    }
  }

  #begin(fault: PlannedFault, prepared: SimProcess | undefined): void {
    const { kind, atMs, untilMs, target, text } = fault;
    const { clock, telling } = this.#world;
    this.happened.push({ kind, atMs, untilMs, target, text });
    telling.say(worldName, 'faults', { type: 'note', text: `${fault.number} ${kind}: ${text}` }, 'warn');
    const mend = this.#do(fault, prepared);
    if (!mend) return;
    clock.setTimeout(() => {
      telling.say(worldName, 'faults', { type: 'note', text: `${fault.number} ${kind} is over` });
      void mend();
    }, untilMs - atMs);
  }

  #do(fault: PlannedFault, prepared: SimProcess | undefined): Mend | undefined {
    const { kind, way, about, number } = fault;
    const random = seededRandom(this.#seed, `fault ${number} ${kind}`);
    const processes = about.map((name) => this.#world.process(name));
    const process = processes[0]!;
    switch (kind) {
      case 'partition':
        return this.#partition(fault, random);
      case 'crash':
        return this.#crash(process, way === 'written', random);
      case 'power-cut':
        return this.#powerOff(processes, fault);
      case 'disk-full': {
        const { disk, role } = process;
        const headroom = headroomBytes[role === 'cloud' ? 'cloud' : 'edge'];
        return this.#during(`room ${process.name}`, number, () => {
          disk.fill(Math.floor(random.next() * headroom));
          return () => {
            disk.capacityBytes = Number.POSITIVE_INFINITY;
          };
        });
      }
      case 'slow-disk': {
        const { disk } = process;
        return this.#during(`pace ${process.name}`, number, () => {
          disk.syncMs = () => 50 + Math.floor(random.next() * 3_000);
          return () => {
            disk.syncMs = quickSync(random);
          };
        });
      }
      case 'clock-jump': {
        const jumpMs = jumpOf(way);
        const jump = (ms: number) => {
          process.skewMs += ms;
          process.life?.clock.jump(ms);
        };
        jump(jumpMs);
        return () => jump(-jumpMs);
      }
      case 'corruption':
        this.#corrupt(process);
        return undefined;
      case 'clone':
        return this.#clone(fault, process, prepared);
    }
  }

  /** Mostly in the middle of something that is written, for that is where there is most to break. */
  #crash(process: SimProcess, written: boolean, random: Random): Mend {
    const { clock } = this.#world;
    const { disk } = process;
    let isDown = false;
    let isOver = false;
    const crash = () => {
      if (isDown) return;
      isDown = true;
      disk.writing = () => {};
      process.crash(written);
      if (isOver) clock.setTimeout(() => process.start('RESTART'), exchangeMs);
    };
    if (random.next() < aim.share) {
      let left = 1 + Math.floor(random.next() * aim.writesMax);
      const afterMs = Math.floor(random.next() * aim.afterMs);
      disk.writing = () => {
        left -= 1;
        if (left === 0) clock.setTimeout(crash, afterMs);
      };
      clock.setTimeout(crash, aim.waitMs);
    } else crash();
    return () => {
      isOver = true;
      if (isDown) process.start('RESTART');
    };
  }

  #corrupt({ disk, ledger }: SimProcess): void {
    const hit = disk.corruptValue(['batch']);
    if (!hit || !ledger) return;
    const [, stream, fromSeq] = hit;
    const name = String(stream);
    const range = {
      from: keys.batch(name, Number(fromSeq) + 1),
      to: keys.batch(name, Number.MAX_SAFE_INTEGER),
    };
    const [next] = entriesIn(disk.store, { ...range, limit: 1 });
    // Up to the next value, or to the end.
    ledger.damage(name, Number(fromSeq), Number(next?.key[2] ?? Number.POSITIVE_INFINITY) - 1);
  }

  #partition({ way, about, number }: PlannedFault, random: Random): Mend | undefined {
    const { network } = this.#world;
    const cloud = about.at(-1)!;
    const links = about.slice(0, -1).map((edge) => [edge, cloud] as const);
    if (way === 'mid-frame') {
      for (const link of links) network.cutAfter(1 + Math.floor(random.next() * cutBytesMax), link);
      return undefined;
    }
    if (way === 'half-open') {
      for (const link of links) network.orphan(link);
      return undefined;
    }
    const mends = links.map((link) =>
      this.#during(`link ${link}`, number, () => {
        if (way === 'silence') network.blackHole(link);
        else network.refuse(link);
        if (way === 'reset') network.cut(link);
        return () => network.heal(link);
      }),
    );
    return () => {
      for (const mend of mends) void mend();
    };
  }

  #powerOff(processes: readonly SimProcess[], { number }: PlannedFault): Mend {
    for (const process of processes) {
      this.#hold(`off ${process.name}`, number);
      process.isOff = true;
      process.powerCut();
    }
    return () => {
      for (const process of processes) {
        if (!this.#letGo(`off ${process.name}`, number)) continue;
        process.isOff = false;
        if (!process.isDone) process.start('POWER');
      }
    };
  }

  #clone({ way }: PlannedFault, process: SimProcess, prepared: SimProcess | undefined): Mend | undefined {
    const { disk, ledger } = process;
    if (way === 'copy') {
      this.#world.exchanged(process);
      prepared!.disk.restore(disk);
      this.#world.exchangeLedger(prepared!, ledger!.copy());
      prepared!.isOff = false;
      this.#world.begin(prepared!);
      return () => {
        prepared!.isOff = true;
        prepared!.powerCut();
      };
    }
    if (way === 'cloud-wiped') {
      this.#exchange(process, () => disk.wipe());
      return undefined;
    }
    const image = disk.clone();
    const then = ledger?.copy();
    return () => {
      this.#exchange(process, () => {
        disk.restore(image);
        if (then) this.#world.exchangeLedger(process, then);
      });
    };
  }

  #exchange(process: SimProcess, change: () => void): void {
    process.crash();
    this.#world.exchanged(process);
    if (process.role === 'cloud') this.#world.pastClouds.push(process.disk.store);
    change();
    this.#world.clock.setTimeout(() => process.start('RESTART'), exchangeMs);
  }

  /** A process for a copy of a disk; off until the copy is made. */
  async #copy({ about }: PlannedFault): Promise<SimProcess> {
    const original = this.#world.process(about[0]!);
    this.#copies += 1;
    const name = `${original.name}-copy-${this.#copies}`;
    const copy = await this.#world.add(name, { ...original.plan, name }, { skewMs: original.skewMs });
    copy.isOff = true;
    return copy;
  }

  /** Does something to a thing; the last fault of that thing to end undoes it. */
  #during(thing: string, number: number, act: () => Mend): Mend {
    this.#hold(thing, number);
    const mend = act();
    return () => (this.#letGo(thing, number) ? mend() : undefined);
  }

  #hold(thing: string, number: number): void {
    const holders = this.#lasting.get(thing) ?? new Set();
    this.#lasting.set(thing, holders.add(number));
  }

  /** Whether nobody else holds it. */
  #letGo(thing: string, number: number): boolean {
    const holders = this.#lasting.get(thing);
    holders?.delete(number);
    return !holders?.size;
  }
}
