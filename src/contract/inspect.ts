/**
 * What the statecharts of a running pipeline do, one frame a step. Frames exist only while somebody inspects. What is foreign in
 * them is redacted and capped where they are made (`src/inspect`): whoever gets one may show it.
 */
import type { Problem } from './errors.ts';

export type StateValue = string | { readonly [state: string]: StateValue };

/** A countdown that runs in an actor. */
export interface RunningTimer {
  /** The event that ends it, such as `xstate.after.retry.uploader.waitingToRetry`. */
  readonly event: string;
  /** Wall clock, ms since 1970. */
  readonly startedMs: number;
  readonly delayMs: number;
}

interface FrameBase {
  /** Rises within one life of a pipeline's process, over all of its actors. */
  readonly id: number;
  /** Wall clock of the pipeline, ms since 1970. */
  readonly timeMs: number;
  /** As in its status: `uploader`, `receiver/127.0.0.1:44294`. */
  readonly actor: string;
}

/** An actor has begun a life, or is alive as somebody begins to inspect. */
export interface ActorFrame extends FrameBase {
  readonly type: 'actor';
  /** Name of its kind; also of its chart. */
  readonly kind: string;
  /** The actor that it belongs to. */
  readonly parent: string | null;
  readonly state: string;
  readonly value: StateValue;
  /** Its context, redacted and capped: plain JSON. */
  readonly context: unknown;
  readonly timers: readonly RunningTimer[];
  /** True when it was alive before. */
  readonly known: boolean;
}

/** A transition that did not happen because of its guard. */
export interface Refusal {
  /** Id of the transition, as in its chart. */
  readonly transition: string;
  readonly guard: string;
}

/** An actor has dealt with an event. */
export interface StepFrame extends FrameBase {
  readonly type: 'step';
  /**
   * Who sent the event: an actor; `<actor>#<invoked>` for an effect that it invoked, such as `uploader#link`; the actor itself for its
   * own timers; `null` for the runtime, a person, or what is not known.
   */
  readonly source: string | null;
  readonly event: {
    /** As xstate calls it. */
    readonly type: string;
    /** For people, such as `after retry`. */
    readonly name: string;
    /** The event without its type, redacted and capped: plain JSON; `null` when there is nothing. */
    readonly payload: unknown;
  };
  /** Paths of the state before and after. */
  readonly from: string;
  readonly to: string;
  readonly value: StateValue;
  /** Ids of the transitions taken, in order, those that need no event included; empty when nobody wanted the event. */
  readonly taken: readonly string[];
  /** Guards that said no on the way. */
  readonly refused: readonly Refusal[];
  /** What it sent to the effects it invoked, such as `{ to: 'uploader#link', event: 'DIAL' }`. */
  readonly sent: readonly { readonly to: string; readonly event: string }[];
  /** Redacted and capped; absent when it is what it was before. */
  readonly context?: unknown;
  /** All that run now; absent when none began or ended. */
  readonly timers?: readonly RunningTimer[];
  /** What went wrong in it, or what the trouble is that it leads to. What an actor merely still knows stands in its context. */
  readonly cause?: Problem;
  /** Steps of this actor right before this one that were left out, because they were too many. */
  readonly skipped?: number;
}

/** A life of an actor is over. */
export interface EndFrame extends FrameBase {
  readonly type: 'end';
  readonly how: 'stopped' | 'failed' | 'threw';
  readonly cause: Problem | null;
}

/** One of the readings that came by, a few a second at most for each sensor. */
export interface SampleFrame extends FrameBase {
  readonly type: 'sample';
  readonly device: string;
  readonly sensor: string;
  readonly unit: string | null;
  readonly value: number;
  /** Set when no real device measured it. */
  readonly simulated?: true;
  /** When it was measured, ms since 1970; the time it was seen where it has none. */
  readonly readingTimeMs: number;
  /** The edge it came from, in a cloud; `null` on the edge itself. */
  readonly edge: string | null;
}

export type InspectFrame = ActorFrame | StepFrame | EndFrame | SampleFrame;

/** Somebody who inspects. A watcher that throws is dropped. */
export interface InspectWatcher {
  /** First one `ActorFrame` for each live actor; then what happens, gathered for up to 100 ms. */
  frames(frames: readonly InspectFrame[]): void;
  /**
   * While it answers true nothing is handed out, and of what gathers only the newest step of each actor is kept. Absent: it takes
   * everything at once.
   */
  isBehind?(): boolean;
  /** Exactly once, when nothing more will come: `null` when the pipeline ended in order. */
  over(cause: Problem | null): void;
}
