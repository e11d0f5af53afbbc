/** Runs a checked pipeline in this process: store, ports, actors, and their orderly end. */
import type { AnyStateMachine } from 'xstate';
import { type Clock, sleep } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { ActorPlan, Plan, StorePlan } from '../contract/plan.ts';
import type { InPort, OutPort, PortItems, PortType } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { CloudStore, EdgeStore } from '../contract/store.ts';
import { off, type RunningActor, runActor } from './actor.ts';
import { buildStatechart } from './effects.ts';
import type { Log } from './log.ts';
import { createPort, type Port } from './port.ts';
import { type Supervised, supervise } from './supervisor.ts';

/** A store that is open, and what its recovery has to say. */
export interface OpenedStore {
  readonly edge: EdgeStore | null;
  readonly cloud: CloudStore | null;
  /** What was found wrong at the start and mended. */
  readonly recovered?: Problem | undefined;
}

/** What the effects of one actor are made from. */
export interface ActorEnv {
  readonly plan: ActorPlan;
  readonly input: InPort<never> | null;
  readonly output: OutPort<never> | null;
  readonly store: OpenedStore;
  /** Name of the cursor in an edge's store: its uploader's. */
  readonly cursor: string;
  readonly report: Reporter;
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

export interface RunningPipeline {
  readonly actors: ReadonlyMap<string, Supervised>;
  /** Resolves when every actor has been started, those that serve others first. */
  readonly started: Promise<void>;
  /** Stops intake, drains, ends every actor and closes the store, within `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Resolves when the pipeline has ended by itself or was drained: `null` when all is well. */
  readonly ended: Promise<Problem | null>;
}

export interface RunOptions {
  readonly plan: Plan;
  readonly bindings: Bindings;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long an orderly end may take unless somebody says otherwise. */
export const drainDeadlineMs = 4_500;
/** Name of the store in the log. */
const storeActor = 'store';

/** Starts it; rejects when the store cannot be opened. An actor that cannot be built starts as `failed`. */
export async function runPipeline({ plan, bindings, clock, log }: RunOptions): Promise<RunningPipeline> {
  const ended = Promise.withResolvers<Problem | null>();
  const actors = new Map<string, Supervised>();
  const ports = new Map<string, Port<unknown>>();
  const cursor = plan.actors.find(({ kind }) => kind.name === 'uploader')?.name ?? 'uploader';
  const consumers = plan.actors.filter(({ kind }) => kind.accepts === 'received').map(({ name }) => name);
  const nothing: OpenedStore = { edge: null, cloud: null };
  const reportStore = log.reporter(plan.name, storeActor);
  const { store: storePlan, edge } = plan;
  const open = (from: StorePlan) => () => bindings.openStore(from, { edge, cursor, consumers });
  const opened = storePlan ? await openWhenFree(open(storePlan), clock, reportStore) : null;
  const store = opened?.store ?? nothing;
  let ending: Promise<void> | undefined;
  let problem: Problem | null = null;
  const end = (cause: Problem | null, deadlineMs = drainDeadlineMs): Promise<void> => {
    // What goes wrong while it drains still decides how it ended.
    problem ??= cause;
    const until = clock.monotonic() + deadlineMs;
    // Not before every actor has been started.
    ending ??= Promise.resolve()
      .then(() => drainAll(plan, actors, ports, clock, until))
      .then(() => closeStore(store, clock, until))
      .then((unclosed) => {
        if (unclosed) reportStore({ type: 'problem', ...unclosed });
        ended.resolve(problem ?? unclosed);
      });
    return ending;
  };
  // A store that failed takes nothing more: what still runs is ended rather than drained.
  tellStore(store, opened?.from ?? off, reportStore, (cause) => void end(cause, afterFailureMs));

  for (const { to, type } of plan.wires) {
    if (!ports.has(to)) ports.set(to, openPort(type));
  }
  const start = (actor: ActorPlan): Supervised => {
    const report = log.reporter(plan.name, actor.name);
    const children = new Set<RunningActor>();
    const build = (life: AbortSignal) => {
      life.addEventListener('abort', () => {
        for (const child of children) child.kill();
      });
      const effects = bindings.effects({
        plan: actor,
        input: (ports.get(actor.name)?.in ?? null) as InPort<never> | null,
        output: ((actor.to && ports.get(actor.to)?.out) ?? null) as OutPort<never> | null,
        store,
        cursor,
        report,
        startChild: (name, machine, input) => {
          const childReport = log.reporter(plan.name, `${actor.name}/${name}`);
          const child = runActor(machine, { clock, report: childReport, input: input?.(childReport) });
          // A connection may come in after the actor's end.
          if (life.aborted) child.kill();
          children.add(child);
          child.ended.then(() => children.delete(child));
          return child;
        },
      });
      return buildStatechart(actor.kind, effects, life);
    };
    return supervise({ name: actor.name, build, input: { config: actor.config }, clock, report });
  };
  const startAll = (some: readonly ActorPlan[]) => {
    if (ending) return;
    // Receivers first: what flows finds somebody.
    for (const actor of [...some].reverse()) {
      const supervised = start(actor);
      actors.set(actor.name, supervised);
      supervised.ended.then((outcome) => {
        if (outcome.how === 'failed' && actor.kind.onFailed === 'exit') void end(outcome.cause);
      });
    }
  };
  startAll(plan.actors.filter(({ kind }) => kind.serves));
  const started = settled(actors, clock).then(() => startAll(plan.actors.filter(({ kind }) => !kind.serves)));
  // With every actor gone there is nothing left to run, whatever each of them may do to the others.
  void started.then(async () => {
    const ends = await Promise.all([...actors.values()].map((actor) => actor.ended));
    if (!ending) await end(ends.find((outcome) => outcome.how === 'failed')?.cause ?? null);
  });

  return { actors, started, drain: (deadlineMs) => end(null, deadlineMs), ended: ended.promise };
}

/** How long the others wait for those who serve them; afterwards they find out by themselves. */
const servingDeadlineMs = 2_000;

/** Resolves when each actor has come to rest or into trouble for the first time. */
async function settled(actors: ReadonlyMap<string, Supervised>, clock: Clock): Promise<void> {
  const over = new AbortController();
  const all = Promise.all([...actors.values()].map((actor) => actor.settled));
  if (actors.size > 0) await Promise.race([all, sleep(clock, servingDeadlineMs, over.signal)]);
  over.abort();
}

/** An owner that is about to end, say because its parent was killed, is waited for this long. */
const ownerDeadlineMs = drainDeadlineMs + 1_000;
const ownerPollMs = 200;

async function openWhenFree(
  open: () => Promise<OpenedStore>,
  clock: Clock,
  report: Reporter,
): Promise<{ store: OpenedStore; from: string }> {
  const until = clock.monotonic() + ownerDeadlineMs;
  let from = off;
  for (;;) {
    try {
      return { store: await open(), from };
    } catch (thrown) {
      const cause = toProblem(thrown);
      if (cause.code !== 'store-locked' || clock.monotonic() >= until) throw thrown;
      if (from === off) report({ type: 'transition', from, to: 'locked', event: 'start', cause });
      from = 'locked';
      await sleep(clock, ownerPollMs);
    }
  }
}

const afterFailureMs = 500;
/** Time the store has for closing even when the actors took all of it; one whose disk is gone may never close. */
const closeMsMin = 400;

/** Along the wires: an actor is stopped once what its feeders left in its port is dealt with. */
async function drainAll(
  plan: Plan,
  actors: ReadonlyMap<string, Supervised>,
  ports: ReadonlyMap<string, Port<unknown>>,
  clock: Clock,
  until: number,
): Promise<void> {
  const left = () => Math.max(1, until - clock.monotonic());
  for (const port of ports.values()) port.hurry();
  // What others use without a wire, such as an emulator, outlasts them.
  const unwired = ({ kind }: ActorPlan) => kind.accepts === null && kind.emits === null;
  const order = [...plan.actors.filter((actor) => !unwired(actor)), ...plan.actors.filter(unwired)];
  for (const { name } of order) {
    const actor = actors.get(name);
    const port = ports.get(name);
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

/** What kept the store from closing, or `null`. */
async function closeStore(store: OpenedStore, clock: Clock, until: number): Promise<Problem | null> {
  const over = new AbortController();
  const deadlineMs = Math.max(closeMsMin, Math.round(until - clock.monotonic()));
  const late: Problem = {
    code: 'store-failed',
    message: `the store did not close within ${deadlineMs} ms`,
    advice: errorCodes['store-failed'].advice,
  };
  const closed = async () => (store.edge ?? store.cloud)?.close();
  const outcome = await Promise.race([
    closed().then(() => null, toProblem),
    sleep(clock, deadlineMs, over.signal).then(() => late),
  ]);
  over.abort();
  return outcome;
}

function tellStore(
  store: OpenedStore,
  from: string,
  report: Reporter,
  failed: (cause: Problem) => void,
): void {
  if (store.recovered) report({ type: 'problem', ...store.recovered });
  const any = store.edge ?? store.cloud;
  if (!any) return;
  report({ type: 'transition', from, to: any.status().state, event: 'start' });
  any.subscribe((event) => {
    if (event.type === 'forked') {
      report({ type: 'note', text: `new epoch ${event.toEpoch} after ${event.fromEpoch}` }, 'warn');
    }
    if (event.type !== 'state') return;
    const { from, to, cause } = event;
    report({ type: 'transition', from, to, event: cause?.code ?? 'ROOM', ...(cause ? { cause } : {}) });
    if (to === 'failed') {
      const { advice } = errorCodes['store-failed'];
      failed(cause ?? { code: 'store-failed', message: 'the store failed', advice });
    }
  });
}

function openPort(type: PortType): Port<unknown> {
  const { itemsMax, bytesMax, bytesOf } = credits[type];
  return createPort<unknown>({ itemsMax, bytesMax }, bytesOf as (item: unknown) => number);
}

/** How much each type of port may hold. */
const credits: {
  [T in PortType]: { itemsMax: number; bytesMax: number; bytesOf: (item: PortItems[T]) => number };
} = {
  readings: { itemsMax: 1_024, bytesMax: 8 * 2 ** 20, bytesOf: ({ lines }) => lines.length },
  segments: { itemsMax: 16, bytesMax: 2 ** 20, bytesOf: () => 1 },
  acknowledgements: { itemsMax: 4_096, bytesMax: 2 ** 20, bytesOf: () => 1 },
  received: { itemsMax: 1_024, bytesMax: 32 * 2 ** 20, bytesOf: ({ body }) => body.length },
  messages: { itemsMax: 4_096, bytesMax: 2 ** 20, bytesOf: () => 1 },
};

/** The exit code a problem ends the process with. */
export function exitCodeOf(problem: Problem | null): number {
  return problem === null ? 0 : errorCodes[problem.code].exit;
}
