/** Runs a checked pipeline in this process: store, ports, actors, and their orderly end. */
import type { Clock } from '../contract/clock.ts';
import type { AuditEntry, PipelineControl } from '../contract/control.ts';
import { errorCodes, type Problem } from '../contract/errors.ts';
import type { Plan, StorePlan } from '../contract/plan.ts';
import type { Reporter } from '../contract/report.ts';
import type { CloudStore, EdgeStore } from '../contract/store.ts';
import type { Redactor } from '../inspect/redact.ts';
import { off } from './actor.ts';
import { createControl } from './control.ts';
import { Fleet, type FleetKeeper } from './fleet.ts';
import type { Log } from './log.ts';
import { type Bindings, PipelineActors } from './pipeline-actors.ts';
import {
  closeStore,
  drainDeadlineMs,
  type OpenedStore,
  openWhenFree,
  tellStore,
  tellWhatStays,
} from './pipeline-store.ts';
import type { Processes } from './placed-process.ts';
import { consumersOf, Reloader, type Reread } from './reload.ts';
import { type StatesEnv, tellStates } from './states.ts';
import { Board } from './status.ts';
import type { Supervised } from './supervisor.ts';

export type { ActorEnv, Bindings } from './pipeline-actors.ts';
export { drainDeadlineMs, type OpenedStore } from './pipeline-store.ts';
export type { Reread } from './reload.ts';

export interface RunningPipeline {
  /** The one that counts now. */
  readonly plan: Plan;
  readonly actors: ReadonlyMap<string, Supervised>;
  readonly control: PipelineControl;
  /** The log as those who watch see it: what the process says of itself in here, they hear as well. */
  readonly log: Log;
  /** Hides what is secret in its file. */
  readonly redactor: Redactor;
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
  /** Where a cloud keeps what it knows of its edges besides their segments; without it that is forgotten. */
  readonly fleet?: FleetKeeper;
  /** Reads the file again, for a reload; without it there is none. */
  readonly reread?: () => Promise<Reread>;
}

/** Name of the store in the log. */
const storeActor = 'store';

/** Starts it; rejects when the store cannot be opened. An actor that cannot be built starts as `failed`. */
export async function runPipeline(options: RunOptions): Promise<RunningPipeline> {
  const { plan, bindings, clock, processes } = options;
  const startedMs = clock.now();
  const board = new Board(plan.name, options.log, clock);
  const ended = Promise.withResolvers<Problem | null>();
  const cursor = plan.actors.find(({ kind }) => kind.name === 'uploader')?.name ?? 'uploader';
  const consumers = consumersOf(plan.actors);
  const nothing: OpenedStore = { edge: null, cloud: null };
  const reportStore = board.reporter(storeActor);
  const { store: storePlan, edge } = plan;
  const open = (from: StorePlan) => () => bindings.openStore(from, { edge, cursor, consumers });
  const opened = storePlan ? await openWhenFree(open(storePlan), clock, reportStore) : null;
  const store = opened?.store ?? nothing;
  let ending: Promise<void> | undefined;
  let storeClosed = false;
  let complete = false;
  let problem: Problem | null = null;
  const end = (cause: Problem | null, deadlineMs = drainDeadlineMs): Promise<void> => {
    // What goes wrong while it drains still decides how it ended.
    problem ??= cause;
    const until = clock.monotonic() + deadlineMs;
    // Not before every actor has been started.
    ending ??= Promise.resolve()
      .then(() => reloader.end())
      .then(() => states?.end())
      .then(() => actors.drain(until))
      .then(() => actors.close(Math.max(processEndMsMin, until - clock.monotonic())))
      .then(() => {
        tellWhatStays(store, cursor, reportStore);
        storeClosed = true;
        return Promise.all([closeStore(store, clock, until), fleet?.close()]);
      })
      .then(([unclosed]) => {
        if (unclosed) reportStore({ type: 'problem', ...unclosed });
        board.flush();
        ended.resolve(problem ?? unclosed);
      });
    return ending;
  };
  /** With every actor gone there is nothing left to run, whatever each of them may do to the others. */
  const endWhenOver = async () => {
    if (!complete || ending || reloader.busy) return;
    const ends = await actors.ends();
    if (ends && !ending && !reloader.busy) {
      await end(ends.find((outcome) => outcome.how === 'failed')?.cause ?? null);
    }
  };
  const fleet = store.cloud && openFleet(store.cloud, board, clock, reportStore, options.fleet);
  const actors = new PipelineActors({
    plan,
    effects: (env) => bindings.effects(env),
    clock,
    board,
    store,
    cursor,
    processes,
    presence: fleet ?? undefined,
    audit: options.audit ?? (() => {}),
    failed: (cause) => void end(cause),
    ended: () => void endWhenOver(),
  });
  const statesEnv = (edge: EdgeStore): StatesEnv => ({
    plan: () => actors.plan,
    store: edge,
    cursor,
    clock,
    trust: actors.trust,
    board,
    version: options.version ?? 'unknown',
    report: reportStore,
  });
  const isWanted = () => ending === undefined;
  // A store that failed takes nothing more: what still runs is ended rather than drained.
  tellStore(store, opened?.from ?? off, reportStore, clock, (cause) => void end(cause, afterFailureMs));
  store.edge?.subscribe(({ type }) => {
    if (type === 'forked') for (const { name } of actors.plan.actors) board.sight(name)?.forked();
  });
  const states = store.edge && tellStates(statesEnv(store.edge));
  const started = actors.startMissing(isWanted);
  void started.then(() => {
    complete = true;
    void endWhenOver();
  });
  const { reread } = options;
  const reloader = new Reloader({
    actors,
    store,
    cursor,
    clock,
    reread,
    started,
    report: board.log.reporter(plan.name, 'pipeline'),
    idle: () => void endWhenOver(),
  });
  const control = createControl({
    get plan() {
      return actors.plan;
    },
    clock,
    board,
    actors: actors.running,
    wires: actors.wires,
    store,
    cursor,
    startedMs,
    fleet,
    version: options.version ?? 'unknown',
    ended: ended.promise,
    audit: options.audit ?? (() => {}),
    isEnding: () => ending !== undefined,
    isStoreClosed: () => storeClosed,
    end: () => void end(null),
    revived: (actor) => actors.follow(actor),
    reloader,
  });

  return {
    get plan() {
      return actors.plan;
    },
    actors: actors.running,
    control,
    log: board.log,
    redactor: board.inspection.redactor,
    started,
    drain: (deadlineMs) => end(null, deadlineMs),
    ended: ended.promise,
  };
}

function openFleet(
  store: CloudStore,
  board: Board,
  clock: Clock,
  report: Reporter,
  keeper: FleetKeeper | undefined,
): Fleet {
  const fleet = new Fleet({ store, clock, report, keeper, sessions: () => board.owned() });
  void fleet.open();
  return fleet;
}

const afterFailureMs = 500;
/** Time that child processes have to end even when the actors took all of it; then they are killed. */
const processEndMsMin = 200;

/** The exit code a problem ends the process with. */
export function exitCodeOf(problem: Problem | null): number {
  return problem === null ? 0 : errorCodes[problem.code].exit;
}
