/** What an edge store is told when it is opened. */
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { WhenFull } from '../contract/store.ts';

export interface EdgeStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Edge id; empty: made once and kept. */
  readonly edge: string;
  /** The id of the store that stood here before, for a fresh one that is given none. */
  readonly edgeBefore?: string | undefined;
  /** Those who must acknowledge a segment before it is deleted. */
  readonly cursors: readonly string[];
  readonly bytesMax: number;
  /** `block` unless given. */
  readonly whenFull?: WhenFull;
  /** Bytes that the file system still has for this store; absent: not asked. */
  readonly freeBytes?: () => Promise<number>;
  /** Free bytes that appends leave alone, so that acknowledgements and gaps always have room. */
  readonly headroomBytes?: number;
  /** Most bytes of sealed segments kept in memory for the uploader. */
  readonly cacheBytes?: number;
  /** What messages call this store. */
  readonly where?: string;
}

/** Throws `pipeline-invalid` when the edge given is not the one whose store it is. */
export function assertEdge({ edge, where }: Pick<EdgeStoreOptions, 'edge' | 'where'>, owner: string): void {
  if (edge === '' || edge === owner) return;
  throw new FogrunError(
    'pipeline-invalid',
    `the store${where ? ` in ${where}` : ''} belongs to the edge ${owner}, not to ${edge}`,
    { advice: `Use \`edge: ${owner}\`, or give this edge a store path of its own.` },
  );
}
