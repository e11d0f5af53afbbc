/**
 * A process of a simulated world: a machine with a disk, on which one pipeline lives, dies and is started again. What a
 * supervisor would do is done here.
 */
import type { Random } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { type Bindings, drainDeadlineMs, type RunningPipeline, runPipeline } from '../runtime/pipeline.ts';
import type { OpenedStore } from '../runtime/pipeline-store.ts';
import { createSimDevices, type DeviceAccess } from './devices.ts';
import type { SimDisk } from './disk.ts';
import type { Ledger } from './ledger.ts';
import type { Access, SimNetwork } from './network.ts';
import { type ProcessClock, processClock } from './process-clock.ts';
import { seededRandom, spread } from './random.ts';
import { processActor, type Telling } from './telling.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a process has of its own from its start to its end. */
export interface Life {
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly access: Access;
  readonly devices: DeviceAccess;
  pipeline: RunningPipeline | null;
  /** Once it is open. */
  store: OpenedStore | null;
  /** Of its uploader, in an edge's store. */
  cursor: string;
}

export interface ProcessOptions {
  readonly name: string;
  /** As it runs here: with the names of this process, and its store on the simulated disk. */
  readonly plan: Plan;
  readonly seed: number;
  readonly version: string;
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly telling: Telling;
  readonly disk: SimDisk;
  /** Of an edge. */
  readonly ledger: Ledger | null;
  /** How far its wall clock is from that of the world, ms. */
  readonly skewMs: number;
}

/** How long a supervisor waits before it starts a process again, ms. */
const restartMs = { min: 500, max: 5_000 };
/** After so many starts in a row that came to nothing it waits for longer. */
const restartsSoon = 5;
const restartLaterMs = 30_000;
/** A start that lasted for so long was a good one. */
const goodStartMs = 60_000;

export class SimProcess {
  readonly name: string;
  readonly plan: Plan;
  readonly disk: SimDisk;
  ledger: Ledger | null;
  /** Of its machine, for faults that move it. */
  skewMs: number;
  life: Life | null = null;
  /** It ended by itself and has nothing more to do. */
  isDone = false;
  /** It is not to be started again, or not before somebody says so. */
  isOff = false;
  readonly #options: ProcessOptions;
  readonly #random: Random;
  #bindings: Bindings | null = null;
  #lives = 0;
  #vainStarts = 0;
  #startedMs = 0;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.plan = options.plan;
    this.disk = options.disk;
    this.ledger = options.ledger;
    this.skewMs = options.skewMs;
    this.#random = seededRandom(options.seed, `process ${options.name}`);
  }

  /** To be given before the first start: loading them needs time that is not virtual. */
  set bindings(bindings: Bindings) {
    this.#bindings = bindings;
  }

  get role(): 'edge' | 'cloud' | null {
    return this.plan.store?.role ?? null;
  }

  /** Begins a life. */
  start(event = 'START'): void {
    const { clock, seed, network, telling, version } = this.#options;
    if (this.life || this.isOff) return;
    this.#lives += 1;
    this.#startedMs = clock.monotonic();
    const own = processClock(clock, this.skewMs);
    const life: Life = {
      clock: own,
      devices: createSimDevices({ clock: own, emulates: emulatorsIn(this.plan) }),
      random: seededRandom(seed, `life ${this.name} ${this.#lives}`),
      access: network.join(this.name),
      pipeline: null,
      store: null,
      cursor: '',
    };
    this.life = life;
    telling.say(this.name, processActor, { type: 'transition', from: 'off', to: 'running', event });
    runPipeline({
      plan: this.plan,
      bindings: this.#bindings!,
      clock: life.clock,
      version,
      log: {
        reporter: (_, actor) => (report, level) => {
          if (this.life === life) telling.say(this.name, actor, report, level);
        },
      },
    }).then(
      (pipeline) => {
        if (this.life !== life) return;
        life.pipeline = pipeline;
        pipeline.ended.then((problem) => this.#ended(life, problem));
      },
      (thrown) => this.#ended(life, toProblem(thrown)),
    );
  }

  /** Ends its life at once, as `kill -9` does. */
  crash(written?: boolean): void {
    if (!this.#over('CRASH', 'was killed')) return;
    this.disk.crash(written);
  }

  /** The power of its machine goes: nobody is told, and what was not synced is gone. */
  powerCut(): void {
    const wasRunning = this.life !== null;
    this.#over('POWER_CUT', 'lost its power', 'silence');
    if (wasRunning) this.disk.powerCut();
  }

  /** Ends it in order; resolves to what went wrong on the way. */
  async drain(): Promise<Problem | null> {
    const { life } = this;
    if (!life?.pipeline) return null;
    await life.pipeline.drain(drainDeadlineMs);
    return life.pipeline.ended;
  }

  /** Its pipeline has ended, in whatever way: the process goes with it, and comes back when something went wrong. */
  #ended(life: Life, problem: Problem | null): void {
    if (this.life !== life) return;
    if (problem === null) {
      // What it leaves behind is looked at after an orderly end, so nothing is cleared away.
      this.life = null;
      this.isDone = true;
      this.#tell('ended', 'END');
      return;
    }
    this.#over('FAILED', problem.message, 'reset', problem);
    this.disk.crash();
    const { clock } = this.#options;
    this.#vainStarts = clock.monotonic() - this.#startedMs < goodStartMs ? this.#vainStarts + 1 : 0;
    const soonMs = spread(restartMs.min, restartMs.max, this.#random);
    const delayMs = this.#vainStarts > restartsSoon ? restartLaterMs : soonMs;
    clock.setTimeout(() => this.start('RESTART'), delayMs);
  }

  #over(event: string, why: string, how: 'reset' | 'silence' = 'reset', cause?: Problem): boolean {
    const { life } = this;
    if (!life) return false;
    this.life = null;
    life.clock.die();
    life.access.die(how);
    life.devices.die();
    const { advice } = errorCodes['process-ended'];
    this.#tell('off', event, cause ?? { code: 'process-ended', message: `${this.name} ${why}`, advice });
    return true;
  }

  #tell(to: string, event: string, cause?: Problem): void {
    this.#options.telling.say(this.name, processActor, {
      type: 'transition',
      from: 'running',
      to,
      event,
      ...(cause ? { cause } : {}),
    });
  }
}

/** Where the emulators of a pipeline listen. */
function emulatorsIn({ actors }: Plan): string[] {
  return actors.flatMap(({ kind, config }) => {
    if (kind.name !== 'tinkerforge-emulator') return [];
    const { host, port } = config as { host: string; port: number };
    return [`${host}:${port}`];
  });
}
