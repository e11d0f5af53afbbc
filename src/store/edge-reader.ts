/** Reading an edge's store without being its owner: beside it, or while nobody runs it. */
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Kv } from '../contract/kv.ts';
import type { DeadLetters } from '../contract/letters.ts';
import type { EdgeStore } from '../contract/store.ts';
import * as read from './edge-reads.ts';
import { type EdgeMeta, edgeFormatMax, keys, loadEdgeState } from './edge-records.ts';
import { readLetters } from './letter-records.ts';
import { openLmdbKv } from './lmdb-kv.ts';
import { checkMeta } from './meta.ts';
import { dataDir } from './open-dir.ts';

/** The reading half of an edge's store, as of the moment it was opened. */
export type EdgeReader = Pick<
  EdgeStore,
  'edge' | 'epoch' | 'streams' | 'openSegment' | 'held' | 'header' | 'body' | 'close'
> & { readonly letters: Pick<DeadLetters, 'list' | 'body'> };

/**
 * Changes nothing, and what its owner deletes meanwhile is not there any more. Rejects with `file-unreadable` when there is
 * no store, `store-corrupt` when it cannot be read, `store-version`, or `pipeline-invalid` when it is a cloud's.
 */
export async function readEdgeStore(options: {
  readonly dir: string;
  readonly clock: Clock;
  /** Nobody owns it at the moment, so what looks like damage is damage: it is looked for, lest LMDB ends the process. */
  readonly isIdle?: boolean;
}): Promise<EdgeReader> {
  const { dir, clock, isIdle = false } = options;
  const look = isIdle ? 'brief' : 'first';
  const kv = await openLmdbKv({ path: dataDir(dir), readOnly: true, look, clock });
  try {
    return edgeReaderOver(kv);
  } catch (error) {
    await kv.close();
    throw error;
  }
}

/** Throws `store-corrupt`, `store-version`, or `pipeline-invalid` when it is a cloud's. */
export function edgeReaderOver(kv: Kv): EdgeReader {
  const bytes = kv.get(keys.meta);
  if (!bytes) throw new FogrunError('store-corrupt', 'the store does not say what it is');
  const meta = checkMeta<EdgeMeta>(bytes, 'edge', edgeFormatMax);
  const state = loadEdgeState(kv, meta, []);
  return {
    edge: meta.edge,
    epoch: meta.epoch,
    streams: () => [...state.streams.keys()],
    openSegment: (stream) => read.openSegment(state, stream),
    held: (stream, from, countMax) => read.held(kv, state, stream, from, countMax),
    header: (stream, sequence) => read.header(kv, state, stream, sequence),
    body: async (header) => read.body(kv, header),
    letters: readLetters(kv),
    close: () => kv.close(),
  };
}
