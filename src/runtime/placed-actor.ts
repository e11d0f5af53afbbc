/** What a pipeline runs in place of an actor that is placed elsewhere: it behaves like one that is supervised here. */
import type { EventObject } from 'xstate';
import type { Clock } from '../contract/clock.ts';
import type { Problem } from '../contract/errors.ts';
import type { InspectFrame } from '../contract/inspect.ts';
import type { Memory } from '../contract/memory.ts';
import type { ActorPlan } from '../contract/plan.ts';
import type { InPort, OutPort, ReceivedSegment } from '../contract/port.ts';
import type { Report, Reporter, TransitionReport } from '../contract/report.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { off } from './actor.ts';
import type { Condition, Request } from './condition.ts';
import type { OpenedStore } from './pipeline.ts';
import type { PlacedProcess } from './placed-process.ts';
import { PlacedView } from './placed-view.ts';
import type { FromPlaced, PlacedCondition, ToPlaced } from './placed-wire.ts';
import { StoreAnswers } from './remote-cloud.ts';
import { InputGiver } from './remote-input.ts';
import { createRemoteIn } from './remote-port.ts';
import type { Supervised, SupervisedEnd } from './supervisor.ts';

/** What it needs from its pipeline. */
export interface PlacedActorEnv {
  readonly plan: ActorPlan;
  /** What it is called on the way to its process. */
  readonly key: string;
  readonly memory: Memory;
  /** State that it takes over from an actor of its name; `off` when absent. */
  readonly from?: string | undefined;
  /** The one it is placed in. */
  readonly process: () => PlacedProcess;
  /** Starts that process anew if it was given up. */
  readonly revive: () => void;
  readonly input: InPort<ReceivedSegment> | null;
  readonly output: OutPort<object> | null;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly store: OpenedStore;
  readonly inspection: Inspection;
}

/** Words to the life of a process that an actor runs in; lost once that is gone. */
type Send = (message: ToPlaced, body?: Uint8Array) => void;

export class PlacedActor implements Supervised {
  readonly name: string;
  readonly #env: PlacedActorEnv;
  #ended = Promise.withResolvers<SupervisedEnd>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #view: PlacedView;
  #state: string;
  #over = false;
  #stopping = false;
  /** What it was last told by a person, so that a process that begins anew takes it up there. */
  #paused = false;
  /** Absent while there is no process. */
  #send: Send | undefined;
  /** The same, once the process has been told to run it. */
  #begun: Send | undefined;
  #items: { take(number: number, item: object): void } | undefined;
  #giver: InputGiver | undefined;
  #answers: StoreAnswers | undefined;
  /** What its process said last; absent when what is said here is newer. */
  #told: PlacedCondition | undefined;
  #said: { cause: Problem | null; attempt: number } = { cause: null, attempt: 0 };
  /** In processes that are gone, and in the one that runs. */
  #livesBefore = 0;
  #lives = 0;

  constructor(env: PlacedActorEnv) {
    this.#env = env;
    this.name = env.plan.name;
    this.#state = env.from ?? off;
    const { inspection, plan } = env;
    this.#view = new PlacedView(inspection, this.name, plan.kind.name, () => this.#state);
    this.#ended.promise.then(() => this.#settled.resolve());
  }

  get process(): { readonly name: string; readonly pid: number | null } {
    const { name, pid } = this.#env.process();
    return { name, pid };
  }

  get ended(): Promise<SupervisedEnd> {
    return this.#ended.promise;
  }

  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get over(): boolean {
    return this.#over;
  }

  get restarts(): number {
    return Math.max(0, this.#livesBefore + this.#lives - 1);
  }

  state(): string {
    return this.#state;
  }

  condition(): Condition {
    const state = this.#state;
    if (this.#told) return { ...this.#told.condition, state };
    if (this.#over)
      return { state, health: state === 'failed' ? 'failed' : 'ended', settled: true, ...this.#said };
    const waits = this.#env.process().waits;
    return { state, health: waits ? 'trouble' : 'well', settled: waits, ...this.#said };
  }

  can(request: Request): boolean {
    if (this.#over) return false;
    return this.#told?.can.includes(request) ?? (request === 'RETRY' && this.#env.process().waits);
  }

  knows(request: Request): boolean {
    return this.#told?.knows.includes(request) ?? request === 'RETRY';
  }

  send(event: EventObject): void {
    if (event.type === 'PAUSE') this.#paused = true;
    if (event.type === 'RESUME') this.#paused = false;
    if (this.#send) this.#send({ type: 'event', actor: this.#env.key, event });
    else if (event.type === 'RETRY') this.#env.process().retry();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    if (!this.#send) this.#finish({ how: 'stopped' });
    this.#send?.({ type: 'stop', actor: this.#env.key, deadlineMs });
    const timer = this.#env.clock.setTimeout(() => this.#finish({ how: 'stopped' }), deadlineMs);
    await this.#ended.promise;
    this.#env.clock.clearTimeout(timer);
  }

  restart(deadlineMs: number): boolean {
    if (this.#stopping && !this.#over) return false;
    this.#stopping = false;
    this.#paused = false;
    if (this.#over) this.#ended = Promise.withResolvers();
    this.#over = false;
    if (this.#begun) this.#begun({ type: 'restart', actor: this.#env.key, deadlineMs });
    else if (this.#send) this.begin(this.#send);
    else if (this.#env.process().over) this.#env.revive();
    else this.#env.process().retry();
    return true;
  }

  /** The process is there: it is to run this actor, unless that has ended. */
  begin(send: Send): void {
    this.#send = send;
    if (this.#over) return;
    const { plan, key, memory, input, output, store } = this.#env;
    this.#begun = send;
    this.#view.begin();
    this.#lives = 1;
    /** What this life knows of the source's position. */
    let position = store.edge?.position(this.name);
    const accepted = (number: number) => {
      const now = store.edge?.position(this.name);
      const news = now === undefined || now === position ? {} : { position: now };
      position = now;
      send({ type: 'accepted', actor: key, number, ...news });
    };
    this.#items = output ? createRemoteIn(output, accepted) : undefined;
    this.#giver = input ? new InputGiver(key, input, send) : undefined;
    this.#answers = store.cloud ? new StoreAnswers(store.cloud, send) : undefined;
    send({
      type: 'start',
      actor: key,
      name: this.name,
      kind: plan.kind.name,
      config: plan.config,
      accepts: input !== null,
      emits: output !== null,
      role: store.edge ? 'edge' : store.cloud ? 'cloud' : null,
      ...(position === undefined ? {} : { position }),
      ...(memory.words === undefined ? {} : { memory: memory.words }),
      store: (store.edge ?? store.cloud)?.status().state ?? 'open',
      paused: this.#paused,
    });
  }

  /** What its statechart did there. */
  relay(frame: InspectFrame): void {
    this.#view.relay(frame);
  }

  heard(message: FromPlaced & { actor: string }, body: Uint8Array): void {
    switch (message.type) {
      case 'report':
        if (message.now) this.#hearNow(message.now);
        this.#relay(message.report, message);
        return;
      case 'condition':
        this.#hearNow(message.now);
        return;
      case 'settled':
        this.#settled.resolve();
        return;
      case 'item': {
        const { number, item, memory, flush } = message;
        this.#env.memory.words = memory ?? this.#env.memory.words;
        const lines = this.#env.plan.kind.emits === 'readings' ? { lines: body } : {};
        this.#items?.take(number, { ...item, ...lines });
        if (flush) this.#env.output?.flush();
        return;
      }
      case 'flush':
        this.#env.output?.flush();
        return;
      case 'consume':
      case 'leave':
      case 'handled':
        this.#giver?.hear(message);
        return;
      case 'ask':
        this.#answers?.hear(message);
        return;
      case 'ended':
        this.#finish(message.end);
        return;
    }
  }

  /** Another takes its place, or nobody: its process shall not run it any longer. */
  leave(): void {
    this.#send?.({ type: 'forget', actor: this.#env.key });
    this.#letGo();
    this.#finish({ how: 'stopped' });
  }

  #letGo(): void {
    this.#send = undefined;
    this.#begun = undefined;
    this.#items = undefined;
    this.#giver?.end();
    this.#giver = undefined;
    this.#answers = undefined;
  }

  /** Its process is gone. */
  down({ to, cause: said, attempt, retryInMs }: TransitionReport): void {
    // What a process says of itself before it dies may be any library's words.
    const cause = said && this.#env.inspection.redactor.problem(said);
    this.#letGo();
    // Why it failed outlasts the process that it failed in.
    const { cause: known = null, attempt: tries = 0 } = this.#told?.condition ?? this.#said;
    this.#said = { cause: known, attempt: tries };
    this.#told = undefined;
    this.#livesBefore += this.#lives;
    this.#lives = 0;
    if (this.#over) return;
    if (to === 'stopped' || !cause) {
      this.#finish({ how: 'stopped' });
    } else if (to === 'failed' || this.#stopping) {
      this.#say({ to: 'failed', cause });
      this.#finish({ how: 'failed', cause });
    } else {
      const retry = {
        ...(attempt === undefined ? {} : { attempt }),
        ...(retryInMs === undefined ? {} : { retryInMs }),
      };
      this.#say({ to, cause, ...retry });
      this.#settled.resolve();
    }
  }

  #hearNow(now: PlacedCondition): void {
    this.#told = now;
    this.#lives = now.restarts + 1;
  }

  /** As if it were said here, at the time when it was said. */
  #relay(report: Report, { level, atMs }: Omit<FromPlaced & { type: 'report' }, 'report'>): void {
    // It has been ended here already, because it took too long.
    if (this.#over) return;
    // A life in a new process begins where the one before it was left.
    const said =
      report.type === 'transition' && report.from === off ? { ...report, from: this.#state } : report;
    if (said.type === 'transition') this.#state = said.to;
    this.#env.report(said, level, atMs);
  }

  #say({ to, ...why }: { to: string; cause: Problem; attempt?: number; retryInMs?: number }): void {
    const from = this.#state;
    this.#state = to;
    this.#said = { cause: why.cause, attempt: why.attempt ?? 0 };
    const event = 'process-ended';
    this.#env.report({ type: 'transition', from, to, event, ...why });
    this.#view.stand({ from, to, event, ...why });
  }

  #finish(end: SupervisedEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#view.finish();
    this.#ended.resolve(end);
  }
}
