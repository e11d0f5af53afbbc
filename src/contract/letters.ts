/** Dead letters: readings that will not reach the cloud as they are, kept on the edge for people. */
import type { SegmentHeader } from '../domain/segment.ts';

/**
 * - `refused`: the cloud refused the segment for good
 * - `corrupt`: the edge's disk did not give back what was written
 */
export type LetterReason = 'refused' | 'corrupt';

export interface LetterInfo {
  /** From 1; no store gives one twice. */
  readonly id: number;
  readonly reason: LetterReason;
  /** What the cloud said, or what was found. */
  readonly text: string;
  /** Of the segment that it was. */
  readonly stream: string;
  readonly epoch: string;
  readonly sequence: number;
  /** First and last `seq`; of what is corrupt, readings in between may be sound, and went on. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Readings in it. */
  readonly count: number;
  readonly bytes: number;
  /** How often the cloud refused it. */
  readonly refusals: number;
  /** When it was refused for the first time, and when it became a dead letter, ms since 1970. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** A gap stands in its place. Before that, which is until the next greeting, the cloud may turn out to have it. */
  readonly settled: boolean;
}

/** What dead letters there are. */
export interface LetterTotals {
  readonly letters: number;
  readonly readings: number;
  readonly bytes: number;
}

export interface LetterPolicy {
  /** So many refusals make a dead letter. */
  readonly refusalsMax: number;
  /** Most bytes of dead letters: one that does not fit is not made, and its segment waits. */
  readonly bytesMax: number;
}

/** What came of a refusal. */
export interface RefusalOutcome {
  /** Refusals of this segment so far, also by earlier processes; 0 when it is none that can become a dead letter. */
  readonly refusals: number;
  readonly letter: LetterInfo | null;
  /** There would be one if there were room for it. */
  readonly isFull: boolean;
}

/** What came of a look at a damaged segment. */
export interface QuarantineOutcome {
  /** Readings that are sound, and go on. */
  readonly salvaged: number;
  /** Readings that are not, and become gaps. */
  readonly lost: number;
  /** With what is there of these, if there is room for it; `null` when nothing was lost. */
  readonly letter: LetterInfo | null;
}

/** What was queued once more. */
export interface Requeued {
  readonly letters: number;
  readonly readings: number;
}

export interface DeadLetters {
  /** By id. */
  list(): readonly LetterInfo[];
  totals(): LetterTotals;
  /** NDJSON with the `seq` it had; of what is corrupt, the bytes as they are. Rejects with `letter-unknown`. */
  body(id: number): Promise<Uint8Array>;
  /** Counts a refusal of a sealed segment; the last one that the policy allows makes a dead letter and a gap to come of it. */
  refused(header: SegmentHeader, text: string, policy: LetterPolicy): Promise<RefusalOutcome>;
  /**
   * Looks at a sealed segment that does not match its hash. Values that pass their own check stay where they are, in order
   * and under their numbers; the others become a dead letter, and gaps to come. `null` when it is sound after all, or is not held any more.
   */
  quarantine(header: SegmentHeader, bytesMax: number): Promise<QuarantineOutcome | null>;
  /**
   * Looks at the headers of all sealed segments, and makes those good that are damaged: sound values go on, the rest becomes gaps
   * to come. In words, what was found; `null` for nothing.
   */
  mend(): Promise<string | null>;
  /**
   * Appends the readings under new numbers and removes the letters, in one commit: all of them or none. Rejects with
   * `letter-unknown`, with `letter-held` for what is corrupt or not settled yet, with `store-full`.
   */
  requeue(ids: readonly number[]): Promise<Requeued>;
  /** Removes letters for good. Rejects with `letter-unknown`. */
  discard(ids: readonly number[]): Promise<Requeued>;
}
