/** What an edge's store does when there is no room for all. */
import type { Batch } from './port.ts';

/**
 * What becomes of readings that find no room: `block` makes their sources wait, `drop-oldest` gives up what was never sent,
 * `drop-newest` turns away those that cannot wait. Whatever is dropped is a gap.
 */
export type WhenFull = 'block' | 'drop-oldest' | 'drop-newest';

/** What a policy dropped, and from when to when. */
export interface Dropped {
  readonly segments: number;
  readonly readings: number;
  readonly bytes: number;
  readonly fromTime?: string | undefined;
  readonly toTime?: string | undefined;
}

/** How much may wait for a cursor before the oldest is dropped. */
export interface Retention {
  readonly ageMaxMs?: number | undefined;
  readonly bytesMax?: number | undefined;
}

/** What an edge does with readings that have no room, or wait for too long. */
export interface EdgePolicies {
  readonly whenFull: WhenFull;
  /** Whether they fit and leave room besides: for what gives way to readings. Nothing is dropped for them then. */
  spare(batches: readonly Batch[]): boolean;
  /** Asks the disk how much room there is, at most once a second, so that `spare` knows. Never rejects. */
  lookForRoom(): Promise<void>;
  /** From now on. */
  setWhenFull(whenFull: WhenFull): void;
  /**
   * Counts readings as dropped that find no room in a full store and cannot wait, in one commit; their gap follows when
   * there is room. Always has room (headroom).
   */
  turnAway(batches: readonly Batch[]): Promise<void>;
  /** Makes a gap of what was turned away; the next append does so too. */
  turnedAwayToGaps(): Promise<void>;
  /** To be called before a segment is handed to a link: from then on no policy drops it. */
  sending(cursor: string, stream: string, sequence: number): void;
  /** The cursor's link has ended: what was not handed to it will not be. */
  linkEnded(cursor: string): Promise<void>;
  /** Drops the oldest of what waits for the cursor and was never sent, down to what it may keep; `null` when that is nothing. */
  retain(cursor: string, retention: Retention): Promise<Dropped | null>;
}
