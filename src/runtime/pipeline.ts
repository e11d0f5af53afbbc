/** Runs a checked pipeline in this process: store, ports, actors, and their orderly end. */
import type { AnyStateMachine } from 'xstate';
import { type Clock, sleep } from '../contract/clock.ts';
import type { AuditEntry, PipelineControl } from '../contract/control.ts';
import { errorCodes, type Problem } from '../contract/errors.ts';
import type { Memory } from '../contract/memory.ts';
import type { ActorPlan, Plan, StorePlan } from '../contract/plan.ts';
import type { InPort, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import { off, type RunningActor, runActor } from './actor.ts';
import { createControl } from './control.ts';
import { buildStatechart } from './effects.ts';
import type { Log } from './log.ts';
import { type CountedPort, countsReadings, openPort, readingsIn } from './pipeline-ports.ts';
import {
  closeStore,
  drainDeadlineMs,
  type OpenedStore,
  openWhenFree,
  tellStore,
  tellWhatStays,
} from './pipeline-store.ts';
import { createPlacement } from './placed.ts';
import type { Processes } from './placed-process.ts';
import { Board, type Sight } from './status.ts';
import { type Supervised, supervise } from './supervisor.ts';

export { drainDeadlineMs, type OpenedStore } from './pipeline-store.ts';

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
  readonly control: PipelineControl;
  /** The log as those who watch see it: what the process says of itself in here, they hear as well. */
  readonly log: Log;
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
  /** Of the program, such as `0.1.0`. */
  readonly version?: string;
  /** Takes a line of the audit log for each change that somebody asked for; must not throw. */
  readonly audit?: (entry: AuditEntry) => void;
  /** For actors that `process:` places elsewhere; without it they run here as well. */
  readonly processes?: Processes | undefined;
}

/** Name of the store in the log. */
const storeActor = 'store';

/** Starts it; rejects when the store cannot be opened. An actor that cannot be built starts as `failed`. */
export async function runPipeline(options: RunOptions): Promise<RunningPipeline> {
  const { plan, bindings, clock, processes } = options;
  const startedMs = clock.now();
  const board = new Board(plan.name, options.log, clock);
  const sights = new Map(plan.actors.map(({ name, kind }) => [name, board.declare(name, kind.name)]));
  const ended = Promise.withResolvers<Problem | null>();
  const actors = new Map<string, Supervised>();
  const ports = new Map<string, CountedPort>();
  const cursor = plan.actors.find(({ kind }) => kind.name === 'uploader')?.name ?? 'uploader';
  const consumers = plan.actors.filter(({ kind }) => kind.accepts === 'received').map(({ name }) => name);
  const nothing: OpenedStore = { edge: null, cloud: null };
  const reportStore = board.reporter(storeActor);
  const { store: storePlan, edge } = plan;
  const open = (from: StorePlan) => () => bindings.openStore(from, { edge, cursor, consumers });
  const opened = storePlan ? await openWhenFree(open(storePlan), clock, reportStore) : null;
  const store = opened?.store ?? nothing;
  let ending: Promise<void> | undefined;
  let storeClosed = false;
  let problem: Problem | null = null;
  const end = (cause: Problem | null, deadlineMs = drainDeadlineMs): Promise<void> => {
    // What goes wrong while it drains still decides how it ended.
    problem ??= cause;
    const until = clock.monotonic() + deadlineMs;
    // Not before every actor has been started.
    ending ??= Promise.resolve()
      .then(() => drainAll(plan, actors, ports, clock, until))
      .then(() => placement?.close(Math.max(processEndMsMin, until - clock.monotonic())))
      .then(() => {
        tellWhatStays(store, cursor, reportStore);
        storeClosed = true;
        return closeStore(store, clock, until);
      })
      .then((unclosed) => {
        if (unclosed) reportStore({ type: 'problem', ...unclosed });
        board.flush();
        ended.resolve(problem ?? unclosed);
      });
    return ending;
  };
  // A store that failed takes nothing more: what still runs is ended rather than drained.
  tellStore(store, opened?.from ?? off, reportStore, (cause) => void end(cause, afterFailureMs));

  store.edge?.subscribe(({ type }) => {
    if (type === 'forked') for (const sight of sights.values()) sight.forked();
  });

  for (const { to, type } of plan.wires) {
    const { tally } = sights.get(to)!;
    // Who passes readings on counts them on the way out.
    const counts = plan.actors.every(({ name, kind }) => name !== to || kind.emits !== 'readings');
    if (!ports.has(to))
      ports.set(
        to,
        openPort(type, clock, (n) => void (counts && tally.add(n))),
      );
  }
  const placement = processes && createPlacement({ plan, processes, clock, log: board.log, store });
  const start = (actor: ActorPlan): Supervised => {
    const sight = sights.get(actor.name)!;
    const report = board.reporter(actor.name);
    if (actor.process !== null && placement) {
      const input = (ports.get(actor.name)?.in ?? null) as InPort<never> | null;
      return placement.start(actor, { input, output: outPort(actor, sight, ports), report });
    }
    const children = new Set<RunningActor>();
    const memory: Memory = { words: undefined };
    const build = (life: AbortSignal) => {
      life.addEventListener('abort', () => {
        for (const child of children) child.kill();
      });
      const effects = bindings.effects({
        plan: actor,
        input: (ports.get(actor.name)?.in ?? null) as InPort<never> | null,
        output: outPort(actor, sight, ports),
        store,
        cursor,
        report,
        memory,
        startChild: (name, machine, input) => {
          const own = board.own(sight, `${actor.name}/${name}`, machine.id);
          const child = runActor(machine, { clock, report: own.report, input: input?.(own.report) });
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
    return supervise({ name: actor.name, build, input: { config: actor.config }, clock, report });
  };
  /** Also once more when it has been restarted from its end. */
  const follow = (actor: ActorPlan, supervised: Supervised) => {
    supervised.ended.then((outcome) => {
      if (outcome.how === 'failed' && actor.kind.onFailed === 'exit') void end(outcome.cause);
    });
  };
  const startAll = (some: readonly ActorPlan[]) => {
    if (ending) return;
    // Receivers first: what flows finds somebody.
    for (const actor of [...some].reverse()) {
      const supervised = start(actor);
      actors.set(actor.name, supervised);
      sights.get(actor.name)!.source = { condition: () => supervised.condition(), supervised };
      follow(actor, supervised);
    }
  };
  startAll(plan.actors.filter(({ kind }) => kind.serves));
  const started = settled(actors, clock).then(() => startAll(plan.actors.filter(({ kind }) => !kind.serves)));
  // With every actor gone there is nothing left to run, whatever each of them may do to the others.
  void started.then(async () => {
    const all = [...actors.values()];
    let ends = await Promise.all(all.map((actor) => actor.ended));
    // One that was restarted after its end runs again.
    while (!ending && all.some((actor) => !actor.over)) {
      ends = await Promise.all(all.map((actor) => actor.ended));
    }
    if (!ending) await end(ends.find((outcome) => outcome.how === 'failed')?.cause ?? null);
  });
  const control = createControl({
    plan,
    clock,
    board,
    actors,
    ports,
    store,
    cursor,
    startedMs,
    version: options.version ?? 'unknown',
    ended: ended.promise,
    audit: options.audit ?? (() => {}),
    isEnding: () => ending !== undefined,
    isStoreClosed: () => storeClosed,
    end: () => void end(null),
    revived: (actor) => follow(plan.actors.find(({ name }) => name === actor)!, actors.get(actor)!),
  });

  return {
    actors,
    control,
    log: board.log,
    started,
    drain: (deadlineMs) => end(null, deadlineMs),
    ended: ended.promise,
  };
}

/** The sender's end of the port that an actor is wired to; readings accepted through it are counted as its own. */
function outPort(
  actor: ActorPlan,
  sight: Sight,
  ports: ReadonlyMap<string, CountedPort>,
): OutPort<never> | null {
  const port = actor.to ? ports.get(actor.to) : undefined;
  if (!port) return null;
  if (actor.kind.emits !== 'readings' || !countsReadings(port.type)) return port.out;
  return port.sender((item) => sight.tally.add(readingsIn(item)));
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

const afterFailureMs = 500;
/** Time that child processes have to end even when the actors took all of it; then they are killed. */
const processEndMsMin = 200;

/** Along the wires: an actor is stopped once what its feeders left in its port is dealt with. */
async function drainAll(
  plan: Plan,
  actors: ReadonlyMap<string, Supervised>,
  ports: ReadonlyMap<string, CountedPort>,
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

/** The exit code a problem ends the process with. */
export function exitCodeOf(problem: Problem | null): number {
  return problem === null ? 0 : errorCodes[problem.code].exit;
}
