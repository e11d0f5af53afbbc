/** What a cloud knows of its edges, for people: a table of them, and what each one said of itself. */
import type { LostCounts } from '../domain/gap.ts';
import type { Health } from './status.ts';

/** An actor of an edge, by the last word in its stream `states`. */
export interface EdgeActorState {
  readonly actor: string;
  readonly state: string;
  readonly health: Health;
  /** On the edge's clock, ms since 1970. */
  readonly sinceMs: number;
  /** `link-lost: …`; `null` when nothing is wrong. */
  readonly cause: string | null;
}

export interface EdgeSummary {
  readonly edge: string;
  readonly epoch: string;
  /** Its session's name in the receiver, such as `receiver/10.0.0.7:44294`; `null` when it is not connected. */
  readonly session: string | null;
  /** State of its session, such as `receiving`. */
  readonly sessionState: string | null;
  /** When it last connected, and when the last word of any kind came from it; ms since 1970 on the cloud's clock. */
  readonly connectedMs: number | null;
  readonly lastWordMs: number | null;
  /** Program and version of its last greeting, such as `fogrun/0.1.0`; foreign text. */
  readonly agent: string | null;
  /** Its clock minus the cloud's at the last greeting, ms, less what that took to come. */
  readonly clockOffsetMs: number | null;
  /** When its certificate ends, ms since 1970; `null` without one. */
  readonly certificateUntilMs: number | null;
  /** What waited there by its own last word. */
  readonly backlog: {
    readonly readings: number;
    readonly bytes: number;
    readonly oldestMs: number | null;
    /** When it said so, on its clock. */
    readonly atMs: number;
  } | null;
  /** Readings stored, by the numbers of the stream `readings` in the current epoch. */
  readonly readings: number;
  /** Readings that will never come, by reason. */
  readonly lost: LostCounts;
  /** By its last word in `states`; empty when it never had one. */
  readonly actors: readonly EdgeActorState[];
}

/** How old what an edge said at `atMs` of its own clock is, when the cloud's shows `nowMs`. */
export function wordAgeMs({ clockOffsetMs }: EdgeSummary, atMs: number, nowMs: number): number {
  return Math.max(0, nowMs + (clockOffsetMs ?? 0) - atMs);
}

/** When an edge told the state of one of its actors, on its own clock: with that alone, or later with all of them. */
export function actorToldMs({ backlog }: EdgeSummary, { sinceMs }: EdgeActorState): number {
  return Math.max(sinceMs, backlog?.atMs ?? 0);
}

/** A clock that is further off than this makes readings look as if they were of another moment. */
const offsetMsMax = 2_000;
/** For so long the greeting that tells an edge's time can be on its way, in a slow link or before a cloud that stood still. */
const greetingMsMax = 10_000;

/** Whether that offset is more than the way of a greeting explains, which makes a clock look behind, and never ahead. */
export function isClockOff(offsetMs: number): boolean {
  return offsetMs > offsetMsMax || offsetMs < -(offsetMsMax + greetingMsMax);
}

/** A transition of an actor, as an edge tells it in the stream `states`. */
export interface StateRecord {
  readonly actor: string;
  /** On the edge's clock, ms since 1970. */
  readonly timeMs: number;
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly health: Health;
  /** `link-lost: …`; `null` when nothing is wrong. */
  readonly cause: string | null;
  readonly attempt: number | null;
  readonly retryInMs: number | null;
}

/** The same, as the cloud has it. */
export interface EdgeTransition extends StateRecord {
  /** Number of the reading that carried it. */
  readonly seq: number;
  readonly epoch: string;
  /** When the cloud had it on its disk, ms since 1970 on its clock. */
  readonly storedMs: number;
}

/** A part of an edge's past, newest last. */
export interface EdgeHistory {
  readonly edge: string;
  readonly transitions: readonly EdgeTransition[];
  /** Where the part before this one ends: to be handed to the next question; `null` when there is none. */
  readonly before: string | null;
  /** Segments that were passed over because they are damaged; absent: none. `fogrun verify` tells which. */
  readonly damaged?: number;
}

/** What is different in a fleet since an earlier answer. No edge that a cloud knows is ever forgotten while it runs. */
export interface FleetChanges {
  /** To be handed to the next question, and to be understood by nobody else; `null` from a pipeline of an older fogrun. */
  readonly mark: string | null;
  /** `edges` is all there are. */
  readonly whole: boolean;
  /** Those that are new or have changed. */
  readonly edges: readonly EdgeSummary[];
  /** `lastWordMs` of those of which nothing else has changed, by their names. */
  readonly heardMs: Readonly<Record<string, number>>;
}

export interface FleetControl {
  /** Every edge that the cloud has met or stored something of, by name; empty where there is no cloud's store. */
  edges(): Promise<readonly EdgeSummary[]>;
  /** @param since the mark of an earlier answer; without one, or with one that is not known (any more), all edges are the answer */
  changes(since?: string): Promise<FleetChanges>;
  /** @param options `countMax`: at most 1,000 */
  history(
    edge: string,
    options?: { readonly before?: string; readonly countMax?: number },
  ): Promise<EdgeHistory>;
}
