/** Looks over the shoulder of an edge's store: what it accepts goes into the ledger, what it deletes must be stored. */
import { toProblem } from '../contract/errors.ts';
import type { Batch } from '../contract/port.ts';
import type { EdgeStore } from '../contract/store.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import type { Ledger } from './ledger.ts';
import type { Telling } from './telling.ts';

export interface EdgeWatch {
  /** Name of its process. */
  readonly name: string;
  readonly ledger: Ledger;
  readonly telling: Telling;
  /** Whether a cloud's disk has, or had, just this segment. */
  readonly isStored: (header: SegmentHeader) => boolean;
  /** How often an edge may have had to begin a new epoch by now. */
  readonly pastsOf: (edge: string) => number;
  /** Last `seq` of a stream that its disk has; 0 for none. */
  readonly lastOnDisk: (stream: string) => number;
  /** The disk has these. */
  readonly accepted: (batches: readonly Batch[]) => void;
}

/** The same store, watched from now on. */
export function watchEdgeStore<Store extends EdgeStore>(store: Store, watch: EdgeWatch): Store {
  const { ledger, telling, name } = watch;
  const nextSeq = new Map(
    store.streams().map((stream) => {
      const { fromSeq, count } = store.openSegment(stream);
      return [stream, fromSeq + count];
    }),
  );
  for (const { stream, accepted, there } of ledger.reopened(nextSeq)) {
    telling.violate(
      'accepted-stays',
      name,
      `readings of ${stream} were accepted up to ${accepted}, and after a restart there are ${there}`,
    );
  }
  const noteEpoch = (epoch: string) => {
    if (ledger.epochs.at(-1) === epoch) return;
    ledger.epochs.push(epoch);
    if (ledger.epochs.length - 1 > watch.pastsOf(ledger.edge)) {
      telling.violate('one-past', name, `began a new epoch, though no disk was copied, exchanged or damaged`);
    }
  };
  noteEpoch(store.epoch);
  store.subscribe((event) => {
    if (event.type === 'forked') noteEpoch(event.toEpoch);
  });

  const append = store.append.bind(store);
  store.append = async (batches, sealBytes) => {
    ledger.begin(batches);
    try {
      await append(batches, sealBytes);
      ledger.end(batches, true);
      for (const stream of new Set(batches.map((batch) => batch.stream))) {
        const [accepted, there] = [ledger.last(stream), watch.lastOnDisk(stream)];
        if (there >= accepted) continue;
        const text = `readings of ${stream} were accepted up to ${accepted}, and the disk has ${there}`;
        telling.violate('accepted-stays', name, text);
      }
      watch.accepted(batches);
    } catch (thrown) {
      // A commit that failed may be on the disk nevertheless; that shows when the store is opened next.
      if (toProblem(thrown).code !== 'store-failed') ledger.end(batches, false);
      throw thrown;
    }
  };
  const acknowledge = store.acknowledge.bind(store);
  store.acknowledge = async (...ack) => {
    const headers = await acknowledge(...ack);
    for (const header of headers) {
      if (watch.isStored(header)) continue;
      const { stream, sequence, fromSeq, count } = header;
      telling.violate(
        'stored-before-deleted',
        name,
        `segment ${sequence} of ${stream} (seq ${fromSeq} to ${fromSeq + count - 1}) was deleted, and no cloud ever had it`,
      );
    }
    return headers;
  };
  return store;
}
