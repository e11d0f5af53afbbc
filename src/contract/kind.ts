/**
 * Kinds: what an actor can be an instance of. One file in machines/ holds a kind whole: purpose, config,
 * ports, example, the effects it names, and its statechart. Effects are plain functions, bound at the top.
 */
import { type AnyStateMachine, type EventObject, fromCallback, fromPromise } from 'xstate';
import type { z } from 'zod';
import { isBug, type Problem, toProblem } from './errors.ts';
import type { PortType } from './port.ts';

/** One request and one answer. Rejects with a FogrunError when it fails as expected. */
export type Effect<Input, Output> = (input: Input, signal: AbortSignal) => Promise<Output>;

/** What a lasting effect is given. It ends by returning, and must release everything when `signal` aborts. */
export interface TaskIo<Input, Emits extends EventObject, Receives extends EventObject = never> {
  readonly input: Input;
  readonly signal: AbortSignal;
  /** Sends an event to the machine; ignored after `signal` aborted. */
  emit(event: Emits): void;
  /** Takes the events that the machine sends to the task. */
  receive(listener: (event: Receives) => void): void;
}

/** A lasting effect, such as a connection. Its rejection reaches the machine as the event `FAILED`. */
export type Task<Input, Emits extends EventObject, Receives extends EventObject = never> = (
  io: TaskIo<Input, Emits, Receives>,
) => Promise<void>;

/** A pure-looking function whose answer depends on chance or time. Must not throw. */
// biome-ignore lint/suspicious/noExplicitAny: a member of a union that only says "function"
export type Instant = (...args: any[]) => unknown;

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
  /** What flows out; the pipeline file says where with `to:`. */
  readonly emits: PortType | null;
  /** Whether `to:` may be left out. */
  readonly emitsOptional?: boolean;
  /** The store that its pipeline must have. */
  readonly store: 'edge' | 'cloud' | null;
  /** Whether `process:` may place it in a child process: only kinds that own no store. */
  readonly placeable: boolean;
  /** What happens to the pipeline when the actor ends in a state tagged `failed`. */
  readonly onFailed: 'stay' | 'exit';
  /** YAML of one actor, as it would stand under `actors:`. */
  readonly example: string;
  /** One sentence for each effect; checked against what is bound at start. */
  readonly effects: { readonly [E in keyof Effects]: string };
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
export function task<Input, Emits extends EventObject, Receives extends EventObject = never>(
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

/** The problem in an event of `onError` or `FAILED`. */
export function causeOf(event: unknown): Problem {
  const { error, cause } = event as { error?: unknown; cause?: Problem };
  if (cause) return cause;
  const known = error as Partial<Problem> | undefined;
  return typeof known?.code === 'string' && typeof known.advice === 'string'
    ? (known as Problem)
    : toProblem(error);
}

/** Guard: no retry can mend it. */
export const causeIsBug = ({ event }: { event: unknown }): boolean => isBug(causeOf(event));
