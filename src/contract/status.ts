/** What a running pipeline says of itself at one moment: for `fogrun ps` and every view. */
import type { LostCounts } from '../domain/gap.ts';
import type { Problem } from './errors.ts';
import type { LetterTotals } from './letters.ts';
import type { PortType } from './port.ts';
import type { StoreState } from './store.ts';

/** What waits for an actor: in its port, or in the store for its cursor. */
export interface Waiting {
  /** `null` where only items are counted, and nobody has looked inside. */
  readonly readings: number | null;
  /** Where only items are counted, each stands for one. */
  readonly bytes: number;
  /** When the oldest of it came, ms since 1970; `null` when nothing waits or it is not known. */
  readonly oldestMs: number | null;
  /** The most it may hold in bytes; `null` for no bound of its own. */
  readonly bytesMax: number | null;
}

/** How an actor is, for the colour of its pill. */
export type Health = 'well' | 'paused' | 'trouble' | 'failed' | 'ended';

export interface ActorStatus {
  /** As in the file; `receiver/127.0.0.1:44294` for an actor that belongs to another. */
  readonly name: string;
  readonly kind: string;
  /** Whom it serves, such as the edge of a session, once that is known; foreign text. */
  readonly about?: string;
  /** Path of its state, such as `serving.listening`. */
  readonly state: string;
  readonly health: Health;
  /** When it came into that state, ms since 1970. */
  readonly sinceMs: number;
  /** What is wrong now; `null` when nothing is. */
  readonly cause: Problem | null;
  /** The last thing that went wrong, also after it was mended. */
  readonly lastError: { readonly problem: Problem; readonly atMs: number } | null;
  /** What is wrong for as long as it lasts although the actor works, such as plain TCP beyond this machine; else `null`. */
  readonly alarm: string | null;
  readonly attempt: number;
  /** When it tries again, ms since 1970; `null` when it does not wait. */
  readonly retryAtMs: number | null;
  /** Lives after the first. */
  readonly restarts: number;
  /** Readings that it passed on or dealt with since the pipeline started. */
  readonly readings: number;
  /** Mean of the last 10 s. */
  readonly readingsPerSecond: number;
  /** Readings in each of the last 60 s, oldest first, the second that runs left out; shorter in the first minute. */
  readonly perSecond: readonly number[];
  /** Its backlog; `null` for one that takes nothing. */
  readonly waiting: Waiting | null;
  /** The child process that `process:` placed it in, if any; `pid` is `null` while that does not run. */
  readonly process: { readonly name: string; readonly pid: number | null } | null;
  /** Its output has no credit left: it waits for whoever takes from it. Absent in what an older fogrun says, as what follows. */
  readonly heldBack?: boolean;
  /** State changes since the pipeline started. */
  readonly transitions?: number;
  /** Attempts after the first, since the pipeline started. */
  readonly retries?: number;
}

/** What flows between two actors. */
export interface WireStatus {
  readonly from: string;
  readonly to: string;
  readonly type: PortType;
  /** Items and bytes that the port holds, and the most it may. */
  readonly items: number;
  readonly bytes: number;
  readonly bytesMax: number;
  /** All that its receiver has dealt with since the pipeline started; readings where its items say how many they hold. */
  readonly itemsTotal: number;
  readonly readingsTotal: number | null;
  /** A sender waits for credit. */
  readonly blocked: boolean;
}

/** Counts of how long something took; `counts[i]` of those that took at most `atMostMs[i]`, the last of those that took longer. */
export interface Histogram {
  readonly atMostMs: readonly number[];
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Figures of a pipeline for which no single actor stands. */
export interface Meters {
  /** From the first time that a segment was handed to the link to its acknowledgement; `null` without an edge's store. */
  readonly ackLatency: Histogram | null;
  /** The longest time its event loop stood still since somebody watches that, ms; `null` when nobody does. */
  readonly loopStallMsMax: number | null;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

export interface StoreSummary {
  readonly role: 'edge' | 'cloud';
  /** Directory, absolute. */
  readonly path: string;
  readonly state: StoreState;
  readonly cause: Problem | null;
  readonly bytes: number;
  readonly bytesMax: number;
  /** Dead letters, in an edge's store; absent in what a fogrun says that knows none. */
  readonly letters?: LetterTotals;
  /** Readings that became gaps since the store's life began; absent in what an older fogrun says. */
  readonly lost?: LostCounts;
}

export interface PipelineStatus {
  readonly pipeline: string;
  /** Path of its file, absolute. */
  readonly file: string;
  /** Who the edge is; `null` for a pipeline without an edge's store. */
  readonly edge: string | null;
  readonly pid: number;
  /** Of the program, such as `0.1.0`. */
  readonly version: string;
  /** When it was started and when this was said, ms since 1970 on its clock. */
  readonly startedMs: number;
  readonly nowMs: number;
  readonly ending: boolean;
  readonly store: StoreSummary | null;
  /** Declared actors in the order data flows, each followed by those that belong to it. */
  readonly actors: readonly ActorStatus[];
  /** Further actors that belong to others and are left out, because they are many. */
  readonly actorsLeftOut: number;
  /** Absent in what an older fogrun says, as what follows. */
  readonly wires?: readonly WireStatus[];
  readonly meters?: Meters;
}
