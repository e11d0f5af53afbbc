/** The actors of a pipeline at work: begun along the wires, ended along them, and replaced while the others run. */
import type { AnyStateMachine } from 'xstate';
import type { Clock } from '../contract/clock.ts';
import { type ClockTrust, createClockTrust } from '../contract/clock-trust.ts';
import type { AuditEntry } from '../contract/control.ts';
import type { Problem } from '../contract/errors.ts';
import type { Memory } from '../contract/memory.ts';
import type { ActorPlan, Plan, StorePlan } from '../contract/plan.ts';
import type { Acknowledgement, AddressedMessage, InPort, OutPort } from '../contract/port.ts';
import type { Presence } from '../contract/presence.ts';
import type { Reporter } from '../contract/report.ts';
import { off, type RunningActor, runActor } from './actor.ts';
import { buildStatechart } from './effects.ts';
import type { OpenedStore } from './pipeline-store.ts';
import { Wires } from './pipeline-wires.ts';
import { createPlacement, type Placement } from './placed.ts';
import type { Processes } from './placed-process.ts';
import { secretsOf } from './secrets.ts';
import { aborted, settledAll } from './settling.ts';
import type { Board } from './status.ts';
import { type Supervised, type SupervisedEnd, supervise } from './supervisor.ts';

/** What the effects of one actor are made from. */
export interface ActorEnv {
  readonly plan: ActorPlan;
  readonly input: InPort<never> | null;
  readonly output: OutPort<never> | null;
  readonly store: OpenedStore;
  /** Name of the cursor in an edge's store: its uploader's. */
  readonly cursor: string;
  readonly report: Reporter;
  readonly memory: Memory;
  /** Whether this machine's wall clock can be right. */
  readonly trust: ClockTrust;
  /** What this actor is in the audit log: `pipeline/actor`. */
  readonly target: string;
  /** Who wants to know which edges are there. */
  readonly presence?: Presence | undefined;
  /** Takes a line of the audit log for a change that somebody outside wanted; never throws. */
  audit(entry: AuditEntry): void;
  /** Runs a further statechart that belongs to this actor, under `<actor>/<name>`, with that input. */
  startChild(name: string, machine: AnyStateMachine, input?: (report: Reporter) => unknown): RunningActor;
}

export interface Bindings {
  openStore(
    plan: StorePlan,
    about: { edge: string; cursor: string; consumers: readonly string[] },
  ): Promise<OpenedStore>;
  effects(env: ActorEnv): Record<string, unknown>;
}

export interface PipelineActorsEnv {
  readonly plan: Plan;
  readonly effects: Bindings['effects'];
  readonly clock: Clock;
  readonly board: Board;
  readonly store: OpenedStore;
  readonly cursor: string;
  readonly processes: Processes | undefined;
  readonly presence?: Presence | undefined;
  readonly audit: (entry: AuditEntry) => void;
  /** One that the pipeline cannot do without has failed. */
  readonly failed: (cause: Problem) => void;
  /** One has come to its end. */
  readonly ended: () => void;
}

/** How long the others wait for those who serve them; afterwards they find out by themselves. */
const servingDeadlineMs = 2_000;

export class PipelineActors {
  /** Those that have been started. */
  readonly running = new Map<string, Supervised>();
  readonly wires: Wires;
  readonly #env: PipelineActorsEnv;
  readonly trust: ClockTrust;
  #plan: Plan;
  #effects: Bindings['effects'];
  #placement: Placement | undefined;
  readonly #memories = new Map<string, Memory>();
  /** Last states of those whose place another takes. */
  readonly #left = new Map<string, string>();
  /** Ended on purpose, so that how they end is nobody's trouble. */
  readonly #retired = new WeakSet<Supervised>();
  /** Who takes readings and passes none on: those that do count them on the way out. */
  #counting = new Set<string>();

  constructor(env: PipelineActorsEnv) {
    this.#env = env;
    this.trust = createClockTrust(env.clock);
    this.wires = new Wires(env.clock);
    this.#plan = env.plan;
    this.#effects = env.effects;
    this.place(env.processes);
    this.adopt(env.plan, env.effects);
  }

  /** The one that counts now. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Actors that are started from now on may be placed in processes. */
  place(processes: Processes | undefined): void {
    if (!processes || this.#placement) return;
    const { clock, board, store } = this.#env;
    const { log, inspection } = board;
    this.#placement = createPlacement({ plan: () => this.#plan, processes, clock, log, inspection, store });
  }

  /** Actors can be placed in processes. */
  get places(): boolean {
    return this.#placement !== undefined;
  }

  /** From now on this plan counts, for the board and the ports as well; what runs is left alone. */
  adopt(plan: Plan, effects: Bindings['effects']): void {
    const { board, store } = this.#env;
    this.#plan = plan;
    this.#effects = effects;
    board.inspection.redactor.hide(secretsOf(plan));
    for (const { name, kind } of plan.actors) {
      if (board.sight(name)?.kind === kind.name) continue;
      board.declare(name, kind.name);
      this.#memories.delete(name);
    }
    const names = plan.actors.map(({ name }) => name);
    board.keep(names);
    for (const map of [this.#memories, this.#left]) {
      for (const name of map.keys()) if (!names.includes(name)) map.delete(name);
    }
    this.#counting = new Set(
      plan.actors.flatMap(({ name, kind }) => (kind.emits === 'readings' ? [] : [name])),
    );
    this.wires.adopt(plan, (to, type, item, readings) => {
      if (type === 'messages') board.news.sent(item as AddressedMessage);
      else if (type === 'acknowledgements') board.news.came(item as Acknowledgement, store.edge?.edge ?? '');
      if (readings === 0 || !this.#counting.has(to)) return;
      board.sight(to)?.tally.add(readings);
      board.samples.look(to, item);
    });
  }

  /**
   * Starts those of the plan that do not run: those who serve others first, and the rest once these are ready.
   * @param wanted whether there is still something to start
   * @param signal nobody is waited for once it aborts
   */
  async startMissing(wanted: () => boolean, signal?: AbortSignal): Promise<void> {
    const missing = () => this.#plan.actors.filter(({ name }) => !this.running.has(name));
    if (!wanted()) return;
    const serving = this.#start(missing().filter(({ kind }) => kind.serves));
    await settledAll(serving, this.#env.clock, servingDeadlineMs, signal);
    if (wanted()) this.#start(missing());
  }

  /** The same, without waiting for anybody. */
  startMissingNow(): void {
    this.#start(this.#plan.actors.filter(({ name }) => !this.running.has(name)));
  }

  /** Also once more when it has been restarted from its end. */
  follow(name: string): void {
    const supervised = this.running.get(name)!;
    const { kind } = this.#plan.actors.find((actor) => actor.name === name)!;
    supervised.ended.then((outcome) => {
      if (this.#retired.has(supervised)) return;
      if (outcome.how === 'failed' && kind.onFailed === 'exit') this.#env.failed(outcome.cause);
      this.#env.ended();
    });
  }

  /** How they ended, once none of them runs any more; `null` while one does. */
  async ends(): Promise<readonly SupervisedEnd[] | null> {
    const all = [...this.running.values()];
    if (!all.every(({ over }) => over)) return null;
    const ends = await Promise.all(all.map(({ ended }) => ended));
    // One that was restarted after its end runs again.
    return all.every(({ over }) => over) ? ends : null;
  }

  /** Ends an actor for good, or in favour of another of its name; leaves it as it is when `signal` aborts before. */
  async retire(name: string, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const supervised = this.running.get(name);
    if (!supervised) return;
    this.#retired.add(supervised);
    await Promise.race([supervised.stop(deadlineMs), aborted(signal)]);
    if (!supervised.over) return void this.#retired.delete(supervised);
    this.#left.set(name, supervised.state());
    this.running.delete(name);
    this.#placement?.forget(name);
  }

  /** Says of an actor that was retired that nobody takes its place. */
  tellRemoved(name: string): void {
    const from = this.#left.get(name) ?? off;
    this.#env.board.reporter(name)({ type: 'transition', from, to: off, event: 'reload' });
  }

  /** Ends processes that are placed in no more. */
  async tidy(deadlineMs: number): Promise<void> {
    await this.#placement?.tidy(deadlineMs);
  }

  /** Along the wires: an actor is stopped once what its feeders left in its port is dealt with. */
  async drain(until: number): Promise<void> {
    const { clock } = this.#env;
    const left = () => Math.max(1, until - clock.monotonic());
    for (const port of this.wires.ports.values()) port.hurry();
    for (const { name } of drainOrder(this.#plan)) {
      const actor = this.running.get(name);
      const port = this.wires.ports.get(name);
      if (actor && port) {
        const enough = new AbortController();
        // An actor that holds its port back, say for a full disk, gets its share of the time and no more.
        const timer = clock.setTimeout(() => enough.abort(), left() / 2);
        await Promise.race([port.idle(enough.signal), actor.ended]);
        clock.clearTimeout(timer);
        enough.abort();
      }
      await actor?.stop(left());
    }
  }

  async close(deadlineMs: number): Promise<void> {
    await this.#placement?.close(deadlineMs);
  }

  /** Receivers first: what flows finds somebody. */
  #start(some: readonly ActorPlan[]): Supervised[] {
    return [...some].reverse().map((actor) => {
      const supervised = this.#startOne(actor);
      this.running.set(actor.name, supervised);
      this.#env.board.sight(actor.name)!.source = { condition: () => supervised.condition(), supervised };
      this.follow(actor.name);
      return supervised;
    });
  }

  #startOne(actor: ActorPlan): Supervised {
    const { board, clock, store, cursor } = this.#env;
    const { name } = actor;
    const { inspection } = board;
    const sight = board.sight(name)!;
    const report = board.reporter(name);
    const input = (this.wires.ports.get(name)?.in ?? null) as InPort<never> | null;
    const memory = this.#memories.get(name) ?? { words: undefined };
    this.#memories.set(name, memory);
    const from = this.#left.get(name);
    if (actor.process !== null && this.#placement) {
      const output = this.#outPort(actor);
      return this.#placement.start(actor, { input, output, report, memory, from });
    }
    const children = new Set<RunningActor>();
    const bound = this.#effects;
    const build = (life: AbortSignal) => {
      life.addEventListener('abort', () => {
        for (const child of children) child.kill();
      });
      const effects = bound({
        plan: actor,
        input,
        output: this.#outPort(actor),
        store,
        cursor,
        report,
        memory,
        trust: this.trust,
        target: `${this.#plan.name}/${name}`,
        presence: this.#env.presence,
        audit: this.#env.audit,
        startChild: (childName, machine, childInput) => {
          const own = board.own(sight, `${name}/${childName}`, machine.id);
          const child = runActor(machine, {
            clock,
            report: own.report,
            input: childInput?.(own.report),
            inspected: { inspection, actor: own.sight.name, kind: machine.id, parent: name },
          });
          own.sight.source = { condition: child.condition };
          // A connection may come in after the actor's end.
          if (life.aborted) child.kill();
          children.add(child);
          child.ended.then(() => {
            children.delete(child);
            own.forget();
          });
          return child;
        },
      });
      return buildStatechart(actor.kind, effects, life);
    };
    const inspected = { inspection, actor: name, kind: actor.kind.name, parent: null };
    return supervise({ name, build, input: { config: actor.config }, clock, report, from, inspected });
  }

  #outPort(actor: ActorPlan): OutPort<never> | null {
    const { tally } = this.#env.board.sight(actor.name)!;
    return this.wires.output(actor, (readings) => tally.add(readings));
  }
}

/** Sources first; what others use without a wire, such as an emulator, outlasts them. */
export function drainOrder({ actors }: Plan): readonly ActorPlan[] {
  const unwired = ({ kind }: ActorPlan) => kind.accepts === null && kind.emits === null;
  return [...actors.filter((actor) => !unwired(actor)), ...actors.filter(unwired)];
}
