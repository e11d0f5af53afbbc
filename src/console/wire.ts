/**
 * What goes between the console's server and its page, and into recordings. Types only: the page imports this file too.
 *
 * `GET /api/events` is a stream of server-sent events, each a `ConsoleEvent` with its `id`. It begins with `hello`, which
 * `GET /api/hello` answers too; after that come the events after `Last-Event-ID`, or, when these are no longer there, `reset` and
 * what a new page needs to know.
 */
import type { Chart, ChartLayout } from '../contract/chart.ts';
import type { ActorAction, LetterInfo, Requeued } from '../contract/control.ts';
import type { ErrorCode, Problem } from '../contract/errors.ts';
import type { FleetChanges } from '../contract/fleet.ts';
import type { InspectFrame } from '../contract/inspect.ts';
import type { LogEntry } from '../contract/report.ts';
import type { PipelineStatus } from '../contract/status.ts';
import type { Figures } from './figures.ts';

interface EventBase {
  /**
   * Rises by one from event to event of one life of the console. In what a new page is told, what happened before keeps the ids it
   * had, and what says how things stand has 0.
   */
  readonly id: number;
  /** Wall clock of the console, ms since 1970. */
  readonly timeMs: number;
}

/** First of all, on every connection; has no place in a recording. */
export interface HelloEvent {
  readonly type: 'hello';
  /** Of the program. */
  readonly version: string;
  /** Another one than before: everything known is of another life. */
  readonly life: string;
  readonly nowMs: number;
  readonly mode: 'live' | 'replay';
  /** What a page must send along as the header `x-fogrun-key` with whatever changes something; `null` when nothing may be changed. */
  readonly key: string | null;
  /** Whoever looks on has signed in, and may sign out again: `POST /sign-out`. */
  readonly signedIn?: boolean;
}

/** Forget what is known: what follows says all of it. */
export interface ResetEvent extends EventBase {
  readonly type: 'reset';
}

/** A pipeline is known; said again when what it says here changes. */
export interface PipelineEvent extends EventBase {
  readonly type: 'pipeline';
  readonly pipeline: string;
  /** It can be reached now. When not, what was known of it is old. */
  readonly attached: boolean;
  /** Why it cannot be reached; `null` when it can, was never tried, or ended in order. */
  readonly cause: Problem | null;
  /** Its actors, from its file or its last status. */
  readonly actors: readonly { readonly name: string; readonly kind: string }[];
}

export interface StatusEvent extends EventBase {
  readonly type: 'status';
  readonly status: PipelineStatus;
  /** In what a new page is told: what waited and flowed in the last half hour, oldest first. */
  readonly before?: readonly Figures[];
}

/** Lines of the log. */
export interface EntriesEvent extends EventBase {
  readonly type: 'entries';
  readonly entries: readonly LogEntry[];
}

export interface FramesEvent extends EventBase {
  readonly type: 'frames';
  readonly pipeline: string;
  readonly frames: readonly InspectFrame[];
}

/** Everything that can be resumed and recorded. */
export type ConsoleEvent = ResetEvent | PipelineEvent | StatusEvent | EntriesEvent | FramesEvent;

/** First line of a recording; each further line is a `ConsoleEvent`. */
export interface RecordingHeader {
  readonly recording: 1;
  readonly version: string;
  readonly startedMs: number;
}

/** `POST /api/act` */
export interface ActBody {
  readonly pipeline: string;
  readonly actor: string;
  readonly action: ActorAction;
}

/** `GET /api/letters?pipeline=NAME` */
export interface LettersAnswer {
  readonly letters: readonly LetterInfo[];
}

/** `POST /api/letters` answers with `Requeued`. */
export interface LettersBody {
  readonly pipeline: string;
  readonly action: 'requeue' | 'discard';
  readonly ids: readonly number[];
}

export type LettersDone = Requeued;

/**
 * `GET /api/fleet?pipeline=NAME&since=MARK&edge=`, where `edge` leaves only that one, and `since` what changed since the answer with that
 * mark; `GET /api/fleet/EDGE/history?pipeline=NAME&before=&count=` answers with `EdgeHistory`.
 */
export type FleetAnswer = FleetChanges;

/** `GET /api/charts/NAME`; `GET /api/weather?pipeline=NAME&since=MS&edge=` answers with `Weather`, of that edge alone when one is named. */
export interface KnownChart {
  readonly chart: Chart;
  readonly layout: ChartLayout | null;
}

/** Body of every answer above 399. */
export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}
