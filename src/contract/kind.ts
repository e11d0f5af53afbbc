/**
 * Kinds: what an actor can be an instance of. One file in machines/ holds a kind whole: purpose, config,
 * ports, example, the effects it names, and its statechart. Effects are plain functions, bound at the top.
 */
import { type AnyStateMachine, type EventObject, fromCallback, fromPromise } from 'xstate';
import type { z } from 'zod';
import { errorCodes, isBug, type Problem, toProblem } from './errors.ts';
import type { PortType } from './port.ts';

/** One request and one answer. Rejects with a FogrunError when it fails as expected. */
export type Effect<Input, Output> = (input: Input, signal: AbortSignal) => Promise<Output>;

/** What a lasting effect is given. It ends by returning, and must release everything when `signal` aborts. */
export interface TaskIo<Input, Emits extends EventObject, Receives extends EventObject = EventObject> {
  readonly input: Input;
  readonly signal: AbortSignal;
  /** Sends an event to the machine; ignored after `signal` aborted. */
  emit(event: Emits): void;
  /** Takes the events that the machine sends to the task. */
  receive(listener: (event: Receives) => void): void;
}

/** A lasting effect, such as a connection. Its rejection reaches the machine as the event `FAILED`. */
export type Task<Input, Emits extends EventObject, Receives extends EventObject = EventObject> = (
  io: TaskIo<Input, Emits, Receives>,
) => Promise<void>;

/** A task ended by itself. */
export interface EndedEvent {
  readonly type: 'ENDED';
}
/** A task failed. */
export interface FailedEvent {
  readonly type: 'FAILED';
  readonly cause: Problem;
}

/** Every kind understands these; `STOP` leads to a final state. */
export type ControlEvent = { type: 'STOP' } | { type: 'PAUSE' } | { type: 'RESUME' } | { type: 'RETRY' };

/** Part of every kind's context, so that terminal, inspector and console show every kind alike. */
export interface Trouble {
  /** Why the actor is not well; kept until it is well again. */
  readonly cause: Problem | null;
  /** Attempts since it was well. */
  readonly attempt: number;
  /** Length of the wait that runs, or null. */
  readonly retryInMs: number | null;
}

export const noTrouble: Trouble = { cause: null, attempt: 0, retryInMs: null };

/**
 * Tags that the runtime and `check --deep` understand:
 * - `rest`: may last for ever without anything being wrong
 * - `trouble`: something is wrong; the log line carries cause, attempt and retryInMs
 * - `failed`: given up; the supervisor decides
 */
export type StateTag = 'rest' | 'trouble' | 'failed';

/** What an effect is and, in one sentence, does. */
export interface EffectNote {
  readonly as: 'request' | 'task' | 'instant';
  readonly does: string;
}

export interface ActorKind<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
  // biome-ignore lint/suspicious/noExplicitAny: each kind has effects of its own
  Effects = any,
> {
  readonly name: Name;
  /** One sentence. */
  readonly purpose: string;
  /** Strict; a description on every field. Durations and sizes are parsed to ms and bytes. */
  readonly config: Config;
  /** What flows in, and from where it must be wired by some other actor's `to:`. */
  readonly accepts: PortType | null;
  /** Whether it also works with nothing wired to it. */
  readonly acceptsOptional?: true;
  /** What flows out; the pipeline file says where with `to:`. */
  readonly emits: PortType | null;
  /** Whether `to:` may be left out. */
  readonly emitsOptional?: true;
  /** The store that its pipeline must have. */
  readonly store: 'edge' | 'cloud' | null;
  /**
   * Whether `process:` may place it in a child process: only kinds that do not write into the store themselves. There it has
   * its ports, its position and the store's state, or what a `ConsumerStore` answers.
   */
  readonly placeable: boolean;
  /** Listens for others: it is started first, and the pipeline counts as started once it does. */
  readonly serves?: true;
  /** At most one actor of this kind in a pipeline. */
  readonly single?: true;
  /** What happens to the pipeline when the actor ends in a state tagged `failed`. */
  readonly onFailed: 'stay' | 'exit';
  /** YAML of one actor, as it would stand under `actors:`. */
  readonly example: string;
  /** Every effect the statechart names; checked against what is bound at start. */
  readonly effects: { readonly [E in keyof Effects]: EffectNote };
  /** Builds the statechart. Its input is `{ config }`. */
  statechart(effects: Effects): AnyStateMachine;
}

/** Names the type parameters of a kind by inference. */
export function defineKind<Name extends string, Config extends z.ZodObject, Effects>(
  kind: ActorKind<Name, Config, Effects>,
): ActorKind<Name, Config, Effects> {
  return kind;
}

/** Actor logic for a request effect: `onDone` gets the answer, `onError` a Problem. */
export function request<Input, Output>(effect: Effect<Input, Output>) {
  return fromPromise<Output, Input>(async ({ input, signal }) => {
    try {
      return await effect(input, signal);
    } catch (thrown) {
      throw toProblem(thrown);
    }
  });
}

/** Actor logic for a lasting effect. */
export function task<Input, Emits extends EventObject, Receives extends EventObject = EventObject>(
  effect: Task<Input, Emits, Receives>,
) {
  return fromCallback<Receives, Input>(({ input, sendBack, receive }) => {
    const abort = new AbortController();
    const emit = (event: EventObject) => {
      if (!abort.signal.aborted) sendBack(event);
    };
    const run = async () => effect({ input, signal: abort.signal, emit, receive });
    run().then(
      () => emit({ type: 'ENDED' }),
      (thrown) => emit({ type: 'FAILED', cause: toProblem(thrown) } as FailedEvent),
    );
    return () => abort.abort();
  });
}

/**
 * The problem that an event of `onError`, `FAILED` or the like carries, if it carries one. `ENDED`, where a kind takes
 * it for trouble, is a task that ended though nobody told it to: a programming error.
 */
export function causeIn(event: unknown): Problem | undefined {
  const { type, error, cause } = event as { type?: unknown; error?: unknown; cause?: Problem };
  if (cause) return cause;
  if (type === 'ENDED') {
    return { code: 'internal', message: 'a task ended unasked', advice: errorCodes.internal.advice };
  }
  if (error === undefined) return undefined;
  const known = error as Partial<Problem>;
  return typeof known.code === 'string' && typeof known.advice === 'string'
    ? (known as Problem)
    : toProblem(error);
}

/** Trouble with one more attempt ahead. An event without a cause (a deadline) gets `otherwise`. */
export function nextAttempt(
  trouble: Trouble,
  event: unknown,
  retryInMs: (attempt: number) => number,
  otherwise: Problem,
): Trouble {
  const attempt = trouble.attempt + 1;
  return { cause: causeIn(event) ?? otherwise, attempt, retryInMs: retryInMs(attempt) };
}

/** A deadline passed, said for people. */
export function deadlineMissed(message: string): Problem {
  return { code: 'deadline-missed', message, advice: errorCodes['deadline-missed'].advice };
}

/** Guard: no retry can mend what the event carries. */
export function carriesBug({ event }: { event: unknown }): boolean {
  const cause = causeIn(event);
  return cause !== undefined && isBug(cause);
}
