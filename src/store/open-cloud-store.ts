/** Opens a cloud store in a directory: `<dir>/lmdb`, `<dir>/owner.json`, `<dir>/cloud.json` and the files in `<dir>/data`. */
import type { Clock } from '../contract/clock.ts';
import type { Problem } from '../contract/errors.ts';
import type { Files } from '../contract/files.ts';
import type { CloudStore } from '../contract/store.ts';
import type { CloudStoreOptions } from './cloud-options.ts';
import { type CloudReader, CloudStoreReader } from './cloud-reader.ts';
import { createCloudStore } from './cloud-store.ts';
import { headroomBytes } from './headroom.ts';
import { openLmdbKv } from './lmdb-kv.ts';
import { createNodeFiles } from './node-files.ts';
import { dataDir, type OpenDirOptions, openDir } from './open-dir.ts';

export type OpenCloudStoreOptions = OpenDirOptions & CloudStoreOptions & { readonly files?: Files };

/**
 * Opens or makes the store, becomes its owner until `close`, and files what an earlier process left. A corrupt store is
 * moved aside (the files stay); `recovered` then says so. Rejects as `openEdgeStore` does.
 */
export async function openCloudStore(
  options: OpenCloudStoreOptions,
): Promise<CloudStore & { readonly recovered: Problem | undefined }> {
  const files = options.files ?? createNodeFiles(options.dir);
  const { store, recovered } = await openDir(options, {
    role: 'cloud',
    async create(kv) {
      const made = await createCloudStore(kv, files, {
        headroomBytes: headroomBytes.cloud,
        where: options.dir,
        ...options,
      });
      await made.resume();
      return made;
    },
    nameOf: (made) => made.epoch,
  });
  return Object.assign(store, { recovered });
}

/**
 * Reads a cloud store beside its owner, or when none runs. Rejects with `file-unreadable` when there is none and with
 * `store-corrupt` when it cannot be read; nothing is moved aside.
 */
export async function readCloudStore(options: {
  readonly dir: string;
  readonly clock: Clock;
}): Promise<CloudReader & { close(): Promise<void> }> {
  const kv = await openLmdbKv({ path: dataDir(options.dir), readOnly: true, clock: options.clock });
  const reader = new CloudStoreReader(kv, createNodeFiles(options.dir));
  return Object.assign(reader, { close: () => kv.close() });
}
