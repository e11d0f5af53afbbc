/** What commands that read a cloud's state share. */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader } from '../contract/kv.ts';
import { nearest, printable } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { openLmdbKv } from '../store/lmdb-kv.ts';
import { dataDir } from '../store/open-dir.ts';

/** Beside its owner, or when none runs. Rejects with `file-unreadable` when there is none, `store-corrupt`. */
export async function openCloudRecords(dir: string): Promise<KvReader & { close(): Promise<void> }> {
  try {
    return await openLmdbKv({ path: dataDir(dir), readOnly: true, clock: systemClock });
  } catch (cause) {
    throw cause instanceof FogrunError && cause.code === 'file-unreadable' ? noCloudStore(dir) : cause;
  }
}

export function noCloudStore(dir: string): FogrunError {
  return new FogrunError('file-unreadable', `there is no cloud's store in ${printable(dir, 200)}`, {
    advice: 'Run it where the cloud runs, or say where its state is with --state or FOGRUN_STATE.',
  });
}

export function edgeUnknown(edge: string, edges: readonly string[]): FogrunError {
  const close = nearest(edge, edges);
  const known =
    edges.length > 0 ? `known: ${(close.length > 0 ? close : edges).join(', ')}` : 'none has sent anything';
  return new FogrunError(
    'edge-unknown',
    `the cloud has nothing from an edge \`${printable(edge)}\` (${known})`,
  );
}
