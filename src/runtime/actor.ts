/** Runs one statechart as a root actor and tells its transitions. */
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, type EventObject } from 'xstate';
import type { Clock } from '../contract/clock.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import type { Trouble } from '../contract/kind.ts';
import type { Reporter, TransitionReport } from '../contract/report.ts';
import { eventName, statePath } from '../inspect/names.ts';
import { type InspectedAs, Trace } from '../inspect/trace.ts';
import { type Condition, conditionOf, type Request, takes } from './condition.ts';

/** How an actor ended: in a final state, in one tagged `failed`, or by an exception in its statechart. */
export type ActorEnd =
  | { readonly how: 'stopped' }
  | { readonly how: 'failed'; readonly cause: Problem }
  | { readonly how: 'threw'; readonly cause: Problem };

export interface RunningActor {
  /** Path of the current state. */
  state(): string;
  condition(): Condition;
  /** Whether that event would change anything in the state it is in. */
  can(request: Request): boolean;
  /** Whether there is any state in which that event means something. */
  knows(request: Request): boolean;
  send(event: EventObject): void;
  /** Ends it at once, with everything it invoked. */
  kill(): void;
  readonly ended: Promise<ActorEnd>;
  /** Resolves when it first rests, is in trouble, or has ended. */
  readonly settled: Promise<void>;
}

export interface ActorOptions {
  readonly clock: Clock;
  readonly report: Reporter;
  readonly input?: unknown;
  /** State that the first report comes from, such as `waitingToRestart`; `off` when absent. */
  readonly from?: string;
  /** Where it is inspected, and what hides the secrets in its causes; nowhere and nothing when absent. */
  readonly inspected?: InspectedAs | undefined;
}

/** Name of the state before the first and after the last. */
export const off = 'off';

export function runActor(machine: AnyStateMachine, options: ActorOptions): RunningActor {
  let path = options.from ?? off;
  const ended = Promise.withResolvers<ActorEnd>();
  const settled = Promise.withResolvers<void>();
  const trace = options.inspected && new Trace(options.inspected);
  const shown = (cause: Problem) => options.inspected?.inspection.redactor.problem(cause) ?? cause;
  ended.promise.then((end) => {
    settled.resolve();
    trace?.end(end.how, end.how === 'stopped' ? null : end.cause);
  });

  /** The newest one: while it is told, the actor itself still shows the one before. */
  let latest: AnyMachineSnapshot | undefined;
  const tell = (snapshot: AnyMachineSnapshot, event: EventObject) => {
    latest = snapshot;
    const to = statePath(snapshot.value);
    if (to === path) return;
    const from = path;
    path = to;
    if (snapshot.hasTag('rest') || snapshot.hasTag('trouble')) settled.resolve();
    options.report(transition(snapshot, from, to, event));
  };
  const actor = createActor(machine, {
    input: options.input,
    clock: options.clock as {
      setTimeout(fn: () => void, ms: number): unknown;
      clearTimeout(id: unknown): void;
    },
    inspect: (inspection) => {
      if (trace?.isActive) trace.hear(inspection);
      if (inspection.type !== '@xstate.snapshot' || inspection.actorRef !== actor) return;
      // An exception in here would come out of `send` of whoever caused the transition.
      try {
        const snapshot = inspection.snapshot as AnyMachineSnapshot;
        if (snapshot.status !== 'error') tell(snapshot, inspection.event);
      } catch {}
    },
  });
  actor.subscribe({
    error: (thrown) => {
      const cause = shown(toProblem(thrown));
      trace?.threw(cause);
      ended.resolve({ how: 'threw', cause });
    },
    complete: () => {
      const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
      if (!snapshot.hasTag('failed')) return ended.resolve({ how: 'stopped' });
      const { cause } = snapshot.context as Trouble;
      ended.resolve({
        how: 'failed',
        cause: shown(cause ?? toProblem(new Error(`ended in ${path} without a cause`))),
      });
    },
  });
  const now = () => {
    const snapshot = actor.getSnapshot() as AnyMachineSnapshot;
    return snapshot.status === 'active' ? (latest ?? snapshot) : snapshot;
  };
  trace?.enter(actor);
  actor.start();
  return {
    state: () => path,
    condition() {
      const condition = conditionOf(now());
      return condition.cause ? { ...condition, cause: shown(condition.cause) } : condition;
    },
    can: (type) => takes(now(), type),
    knows: (type) => (machine.events as readonly string[]).includes(type),
    send: (event) => actor.send(event),
    kill: () => {
      actor.stop();
      ended.resolve({ how: 'stopped' });
    },
    ended: ended.promise,
    settled: settled.promise,
  };
}

function transition(
  snapshot: AnyMachineSnapshot,
  from: string,
  to: string,
  event: EventObject,
): TransitionReport {
  const base = { type: 'transition', from, to, event: eventName(event.type) } as const;
  if (!snapshot.hasTag('trouble') && !snapshot.hasTag('failed')) return base;
  const { cause, attempt, retryInMs } = snapshot.context as Trouble;
  return {
    ...base,
    ...(cause ? { cause } : {}),
    ...(attempt > 0 ? { attempt } : {}),
    ...(retryInMs !== null && !snapshot.hasTag('failed') ? { retryInMs } : {}),
  };
}
