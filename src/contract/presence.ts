/** Who is connected to a cloud, and what came from them: told by the receiver's sessions to whoever keeps the fleet. */
import type { Receipt } from './store.ts';

/** An edge that was greeted. */
export interface Visit {
  readonly edge: string;
  readonly epoch: string;
  /** Address of the other side; its session is `<receiver>/<remote>`. */
  readonly remote: string;
  /** Program and version; foreign text. */
  readonly agent: string;
  /** Its clock minus the cloud's at the greeting, ms. */
  readonly clockOffsetMs: number;
  /** When its certificate ends, ms since 1970; `null` without one. */
  readonly certificateUntilMs: number | null;
  /** When anything came from it last, heartbeats included, ms since 1970. */
  lastWordMs(): number;
}

/** Nothing in it may throw, or take long: it is called between a commit and its acknowledgement. */
export interface Presence {
  /** @returns to be called when it has gone */
  came(visit: Visit): () => void;
  /** A segment is on the disk for the first time. */
  stored(receipt: Receipt, body: Uint8Array): void;
}
