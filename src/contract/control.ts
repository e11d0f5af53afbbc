/**
 * A running pipeline in somebody's hands. The runtime implements it in the process itself, the control socket hands it
 * on to others, and a view cannot tell which of both it has.
 */
import type { ErrorCode, Problem } from './errors.ts';
import type { FleetControl } from './fleet.ts';
import type { InspectWatcher } from './inspect.ts';
import type { LetterInfo, Requeued } from './letters.ts';
import type { LogEntry } from './report.ts';
import type { PipelineStatus } from './status.ts';
import type { Discarded, SegmentInfo, SeqRange } from './store.ts';
import type { Weather } from './weather.ts';
import type { EdgeWhere } from './where.ts';

export type { Discarded, LetterInfo, Requeued, SegmentInfo, SeqRange };

/** What can be asked of one actor. */
export type ActorAction = 'pause' | 'resume' | 'retry' | 'restart';

/** Who asks, for the audit log. */
export interface Asker {
  /** Name of the user. */
  readonly user: string;
  /** What was typed or pressed, such as `fogrun pause edge/uploader` or `key p`. */
  readonly command: string;
  /** Its process, where that is known. */
  readonly pid?: number;
}

/** One line of the audit log: somebody asked for a change. */
export interface AuditEntry {
  /** Ms since 1970. */
  readonly timeMs: number;
  readonly by: Asker;
  readonly action: ActorAction | 'stop' | 'discard' | 'requeue' | 'reload' | 'greet' | 'sign-in';
  /** `edge/uploader`, `edge`, `edge readings 3 to 7`, or `edge dead letters 1, 2`. */
  readonly target: string;
  /** `done`, or why not. */
  readonly outcome: 'done' | ErrorCode;
  /** What came of it, such as `idle → paused`, or what was in the way. */
  readonly detail: string;
}

/** States of the actor when it was asked, and once it came to rest again (or after 2 s). */
export interface Acted {
  readonly from: string;
  readonly to: string;
}

/** An actor that was begun by a reload. */
export interface ChangedTo {
  readonly name: string;
  /** What differs: `kind`, `to`, `process`, `input` (somebody feeds it now), or keys of its config; empty for a new one. */
  readonly what: readonly string[];
  /** The first in which it came to rest, or where it is after 2 s; `null` when nothing was begun. */
  readonly state: string | null;
  readonly cause: Problem | null;
}

/** What differs between a pipeline and its file, by names of actors in the order data flows. */
export interface Reloaded {
  readonly unchanged: readonly string[];
  readonly changed: readonly ChangedTo[];
  readonly added: readonly ChangedTo[];
  readonly removed: readonly string[];
  /** Keys under `store`, such as `max`. */
  readonly store: readonly string[];
  /** What is allowed in the file but unwise. */
  readonly warnings: readonly string[];
}

export interface SegmentRange {
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  /** The readings that are meant, when somebody has looked: a discard that would reach others is refused. */
  readonly seqs?: SeqRange;
}

/** Dead letters of an edge; see src/contract/letters.ts. */
export interface LetterControl {
  list(): Promise<readonly LetterInfo[]>;
  /** NDJSON with the `seq` it had; of what is corrupt, the bytes as they are. */
  body(id: number): Promise<Uint8Array>;
  requeue(ids: readonly number[], by: Asker): Promise<Requeued>;
  discard(ids: readonly number[], by: Asker): Promise<Requeued>;
}

export interface Watcher {
  /** Every `everyMs`, and soon after a transition. */
  status(status: PipelineStatus): void;
  /** First those of the past that were asked for, then each as it is said. */
  entry(entry: LogEntry): void;
  /** Exactly once, when nothing more will come: `null` when the pipeline ended in order. */
  over(cause: Problem | null): void;
}

/** Rejects everywhere with `control-*` codes; see src/contract/errors.ts. */
export interface PipelineControl {
  readonly pipeline: string;
  status(): Promise<PipelineStatus>;
  /** @returns ends the watching; `over` is not called then */
  watch(watcher: Watcher, options?: { everyMs?: number; entriesMax?: number }): () => void;
  act(actor: string, action: ActorAction, by: Asker): Promise<Acted>;
  /** Drains and ends the pipeline; resolves when it has begun to. */
  stop(by: Asker): Promise<void>;
  /**
   * Reads the pipeline's file again and carries out what differs. Rejects with what is wrong with the file, each complaint in a
   * line of its message, or with what is in the way; then nothing has changed.
   * @param options `dryRun`: only tells what would change
   */
  reload(by: Asker, options?: { readonly dryRun?: boolean }): Promise<Reloaded>;
  /** Segments held for the cloud, oldest first per stream, the open one last if it holds anything. */
  segments(): Promise<readonly SegmentInfo[]>;
  /** Where the reading with that number is. */
  where(stream: string, seq: number): Promise<EdgeWhere>;
  /** NDJSON with `seq`, or the text of a gap. */
  segmentBody(stream: string, sequence: number): Promise<Uint8Array>;
  /**
   * Gives up what a range of segments holds; the cloud gets gaps in their place, unless it turns out to have them.
   * @param reason for people, in the gaps
   */
  discard(range: SegmentRange, by: Asker, reason?: string): Promise<Discarded>;
  readonly letters: LetterControl;
  /**
   * Tells what the statecharts do, step by step. Costs something while it lasts, and nothing before.
   * @returns ends it; `over` is not called then
   */
  inspect(watcher: InspectWatcher): () => void;
  readonly fleet: FleetControl;
  /** Means, gaps and forecasts that the pipeline still knows, from `sinceMs` (ms since 1970) on; at most 2,000 means a sensor. */
  weather(sinceMs: number, edge?: string): Promise<Weather>;
}
