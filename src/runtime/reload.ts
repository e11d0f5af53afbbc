/**
 * Reads a running pipeline's file again and carries out what differs: what is gone drains and ends, what has changed ends and
 * begins anew, ports outlast both, and all others run on.
 */
import { type Clock, sleep } from '../contract/clock.ts';
import type { ChangedTo, Reloaded } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { ActorPlan, Plan } from '../contract/plan.ts';
import type { Reporter } from '../contract/report.ts';
import { counted, quoteList } from '../domain/text.ts';
import { type Bindings, drainOrder, type PipelineActors } from './pipeline-actors.ts';
import type { CountedPort } from './pipeline-ports.ts';
import type { OpenedStore } from './pipeline-store.ts';
import type { Processes } from './placed-process.ts';
import { isSame, keepsPort, type PlanChanges, planChanges } from './plan-changes.ts';
import { aborted, settledAll } from './settling.ts';

/** What the file holds now. */
export interface Reread {
  readonly plan: Plan;
  readonly effects: Bindings['effects'];
  /** What is allowed but unwise, in words. */
  readonly warnings: readonly string[];
  /** Makes what actors of this plan are placed by; called once at most, and only if some are. */
  processes?(): Promise<Processes>;
}

export interface ReloaderEnv {
  readonly actors: PipelineActors;
  readonly store: OpenedStore;
  readonly cursor: string;
  readonly clock: Clock;
  /** Rejects with `pipeline-invalid`, each complaint in a line of its message, or `file-unreadable`; absent: there is no file. */
  readonly reread: (() => Promise<Reread>) | undefined;
  /** Resolves when every actor has been started for the first time. */
  readonly started: Promise<void>;
  readonly report: Reporter;
  /** Called when one is over. */
  readonly idle: () => void;
}

/** For reading the file, ms. */
const readMsMax = 10_000;
/** For all that is drained and ended. */
const endMsMax = 20_000;
/** How long an actor that is gone, or has another port, may take for the readings that wait in its port. */
const drainMsMax = 10_000;
/** The same where nothing is lost by what stays: the store has it, and gives it out again. */
const leaveMsMax = 1_000;
/** Longer than an uploader takes to finish and say goodbye. */
const stopMsMax = 5_500;
/** How long those that were started may take to come to rest before their state is told. */
const settleMsMax = 2_000;

export class Reloader {
  readonly #env: ReloaderEnv;
  /** Aborts when the pipeline is to end. */
  readonly #ending = new AbortController();
  #work: Promise<unknown> | null = null;

  constructor(env: ReloaderEnv) {
    this.#env = env;
  }

  /** One is under way: no other order is taken. */
  get busy(): boolean {
    return this.#work !== null;
  }

  /** The pipeline ends: what is under way is left off, at a point where every actor of one plan runs. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#work;
  }

  /** What a reload would do. */
  async preview(): Promise<Reloaded> {
    const { changes, warnings } = await this.#compare();
    return told(changes, warnings, []);
  }

  /**
   * Rejects with what is wrong with the file, with `reload-restart` for what only a restart changes, and with `reload-undone`
   * when an actor that is gone does not get rid of what waits for it; then nothing has changed.
   */
  reload(): Promise<Reloaded> {
    if (this.#work) throw new FogrunError('control-refused', 'it is being reloaded already');
    const work = this.#reload();
    this.#work = work
      .catch(() => {})
      .then(() => {
        this.#work = null;
        this.#env.idle();
      });
    return work;
  }

  async #reload(): Promise<Reloaded> {
    const { actors } = this.#env;
    const { next, changes, warnings } = await this.#compare();
    if (isSame(changes)) return told(changes, warnings, []);
    const placed = next.plan.actors.some(({ process }) => process !== null);
    if (placed && !actors.places) actors.place(await next.processes?.());
    await this.#endOld(next.plan, changes);
    for (const name of changes.removed) actors.tellRemoved(name);
    actors.adopt(next.plan, next.effects);
    this.#adjustStore(next.plan);
    await this.#startMissing();
    const begun = new Set([...changes.changed.map(({ name }) => name), ...changes.added]);
    const fresh = [...actors.running.values()].filter(({ name }) => begun.has(name));
    await Promise.all([
      settledAll(fresh, this.#env.clock, settleMsMax, this.#ending.signal),
      Promise.race([actors.tidy(stopMsMax), aborted(this.#ending.signal)]),
    ]);
    const states = fresh.map((actor) => ({ name: actor.name, ...actor.condition() }));
    return told(changes, warnings, states);
  }

  async #compare(): Promise<{ next: Reread; changes: PlanChanges; warnings: readonly string[] }> {
    const { reread, started, actors, cursor } = this.#env;
    if (!reread) throw new FogrunError('control-refused', 'this pipeline was not read from a file');
    const next = await this.#inTime(reread(), 'its file was not read');
    await this.#inTime(started, 'it has not begun all its actors');
    const changes = planChanges(actors.plan, next.plan, cursor);
    const { refusals } = changes;
    if (refusals.length > 0)
      throw new FogrunError('reload-restart', `nothing was changed: ${refusals.join('; ')}`);
    return { next, changes, warnings: next.warnings };
  }

  /** Ends what is gone or has changed, sources first; when that cannot be done, everything runs again as before. */
  async #endOld(next: Plan, { changed, removed }: PlanChanges): Promise<void> {
    const { actors, clock } = this.#env;
    const repointed = new Set(changed.flatMap(({ name, what }) => (what.includes('to') ? [name] : [])));
    const ends = new Set([...changed.map(({ name }) => name), ...removed]);
    const until = clock.monotonic() + endMsMax;
    const left = (most: number) => Math.max(1, Math.min(most, until - clock.monotonic()));
    try {
      for (const actor of drainOrder(actors.plan)) {
        if (!ends.has(actor.name)) continue;
        if (!keepsPort(next, actor)) await this.#drain(actor, left);
        if (!this.#over) await actors.retire(actor.name, left(stopMsMax), this.#ending.signal);
        // What it has left behind it goes where it was sent, before its next life asks the store how far it has come.
        if (repointed.has(actor.name)) await this.#follow(next, actor, left);
        if (this.#over)
          throw new FogrunError('control-refused', 'nothing was changed: the pipeline is ending');
      }
    } catch (thrown) {
      await this.#startMissing();
      throw thrown;
    }
  }

  /** An actor deals with what waits for it; its feeders have ended. */
  async #drain(actor: ActorPlan, left: (most: number) => number): Promise<void> {
    const port = this.#env.actors.wires.ports.get(actor.name);
    const running = this.#env.actors.running.get(actor.name);
    if (!port || !running) return;
    const withinMs = left(isKept(port) ? leaveMsMax : drainMsMax);
    await this.#within(withinMs, (signal) => Promise.race([port.idle(signal), running.ended]), port);
    const { pending } = port.in;
    if (pending === 0 || this.#over) return;
    if (port.type === 'messages') {
      const text = `dropped with ${actor.name}: ${counted(pending, 'message')} for edges`;
      this.#env.report({ type: 'note', text }, 'warn');
    }
    if (isKept(port)) return;
    const waiting = counted(readingsOf(port), 'reading');
    throw new FogrunError(
      'reload-undone',
      `nothing was changed: ${waiting} wait for ${actor.name}, which is ${running.state()}`,
    );
  }

  async #follow(next: Plan, { name, to }: ActorPlan, left: (most: number) => number): Promise<void> {
    const { plan, wires } = this.#env.actors;
    const receiver = plan.actors.find((actor) => actor.name === to);
    const port = receiver && wires.ports.get(receiver.name);
    // One that is gone has its port drained in its turn.
    if (!port || !keepsPort(next, receiver) || this.#over) return;
    let done = false;
    const caughtUp = async (signal: AbortSignal) => {
      await port.caughtUp(signal);
      done = !signal.aborted;
    };
    await this.#within(left(isKept(port) ? leaveMsMax : drainMsMax), caughtUp, port);
    if (done || isKept(port) || this.#over) return;
    throw new FogrunError(
      'reload-undone',
      `nothing was changed: what ${name} has read still waits for ${to}`,
    );
  }

  async #within(
    ms: number,
    work: (signal: AbortSignal) => Promise<unknown>,
    port: CountedPort,
  ): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#ending.signal]);
    port.out.flush();
    await Promise.race([work(signal), sleep(this.#env.clock, ms, signal)]);
    over.abort();
  }

  async #startMissing(): Promise<void> {
    const { actors } = this.#env;
    await actors.startMissing(() => !this.#over, this.#ending.signal);
    // An end that comes meanwhile finds all of them, so that each deals with what waits for it.
    if (this.#over) actors.startMissingNow();
  }

  #adjustStore({ store: plan, actors }: Plan): void {
    const { edge, cloud } = this.#env.store;
    if (plan) (edge ?? cloud)?.resize(plan.bytesMax);
    if (plan) edge?.policies.setWhenFull(plan.whenFull);
    cloud?.setConsumers(consumersOf(actors));
  }

  get #over(): boolean {
    return this.#ending.signal.aborted;
  }

  async #inTime<T>(work: Promise<T>, otherwise: string): Promise<T> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#ending.signal]);
    const late = sleep(this.#env.clock, readMsMax, signal).then((): never => {
      if (this.#over) throw new FogrunError('control-refused', 'nothing was changed: the pipeline is ending');
      throw new FogrunError(
        'deadline-missed',
        `nothing was changed: ${otherwise} within ${readMsMax / 1_000} s`,
      );
    });
    late.catch(() => {});
    return Promise.race([work, late]).finally(() => over.abort());
  }
}

/** Who works on every stored segment. */
export function consumersOf(actors: readonly ActorPlan[]): string[] {
  return actors.filter(({ kind }) => kind.accepts === 'received').map(({ name }) => name);
}

/** Whether what it holds is in a store as well, or worth little. */
function isKept({ type }: CountedPort): boolean {
  return type !== 'readings';
}

function readingsOf(port: CountedPort): number {
  const { readingsIn, readingsOut } = port.counts();
  return readingsIn - readingsOut;
}

function told(
  changes: PlanChanges,
  warnings: readonly string[],
  states: readonly (Pick<ChangedTo, 'state' | 'cause'> & { readonly name: string })[],
): Reloaded {
  const { unchanged, changed, added, removed, store } = changes;
  const of = (name: string) => {
    const { state = null, cause = null } = states.find((each) => each.name === name) ?? {};
    return { name, state, cause };
  };
  return {
    unchanged,
    changed: changed.map(({ name, what }) => ({ ...of(name), what })),
    added: added.map((name) => ({ ...of(name), what: [] })),
    removed,
    store,
    warnings,
  };
}

/** One line about it. */
export function sentenceOf({ unchanged, changed, added, removed, store }: Reloaded): string {
  const names = (list: readonly ChangedTo[]) =>
    list.map(({ name, what }) => (what.length > 0 ? `${name} (${what.join(', ')})` : name)).join(', ');
  const parts = [
    ...(changed.length > 0 ? [`changed ${names(changed)}`] : []),
    ...(added.length > 0 ? [`added ${names(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${removed.join(', ')}`] : []),
    ...(store.length > 0
      ? [
          `changed ${quoteList(
            store.map((key) => `store.${key}`),
            'and',
          )}`,
        ]
      : []),
  ];
  if (parts.length === 0) return 'nothing differs';
  if (unchanged.length > 0) parts.push(`${unchanged.length} unchanged`);
  return parts.join('; ');
}
