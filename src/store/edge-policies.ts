/** The policies of an edge's store as others use them. */
import type { Backlog, EdgePolicies } from '../contract/store.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { assertCursor, type Changes, chargeOf } from './edge-changes.ts';
import type { Dropping, Run } from './edge-dropping.ts';
import type { EdgeStoreOptions } from './edge-options.ts';
import { turnAway, turnedAwayToGaps } from './edge-turned-away.ts';

interface PoliciesEnv {
  readonly options: EdgeStoreOptions;
  readonly changes: Changes;
  readonly run: Run;
  readonly dropping: Dropping;
  readonly spare: (bytes: number) => boolean;
  readonly lookForRoom: () => Promise<void>;
  readonly backlog: (cursor: string) => Backlog;
  readonly sealed: (headers: readonly SegmentHeader[]) => void;
}

export function createPolicies({
  options,
  changes,
  run,
  dropping,
  spare,
  lookForRoom,
  backlog,
  sealed,
}: PoliciesEnv): EdgePolicies {
  const { clock, cursors } = options;
  return {
    get whenFull() {
      return dropping.whenFull;
    },
    spare: (batches) => spare(chargeOf(batches)),
    lookForRoom,
    setWhenFull(whenFull) {
      dropping.whenFull = whenFull;
      // Fails only with the store, which says so itself.
      void dropping.makeRoom().catch(() => {});
    },
    turnAway(batches) {
      const now = clock.now();
      return run((all, writer) => turnAway(all, writer, batches, now));
    },
    async turnedAwayToGaps() {
      if (changes.state.turnedAway.size === 0) return;
      const now = clock.now();
      sealed(await run((all, writer) => turnedAwayToGaps(all, writer, now)));
    },
    sending: (cursor, stream, sequence) => changes.sent.sending(cursor, stream, sequence),
    linkEnded: (cursor) => run(({ sent }, writer) => sent.end(writer, cursor)),
    retain(cursor, retention) {
      assertCursor(cursors, cursor);
      return dropping.retain(retention, () => backlog(cursor));
    },
  };
}
