/** Opens an edge store in a directory: `<dir>/lmdb`, `<dir>/owner.json` and `<dir>/edge.json`. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../contract/errors.ts';
import type { EdgeStore } from '../contract/store.ts';
import { printable } from '../domain/text.ts';
import { assertEdge, type EdgeStoreOptions } from './edge-options.ts';
import { createEdgeStore } from './edge-store.ts';
import { headroomBytes } from './headroom.ts';
import { createNodeFiles } from './node-files.ts';
import { dataDir, type OpenDirOptions, openDir } from './open-dir.ts';

/** Where a gap tells the cloud that the store before was lost, with nobody knows how many readings. */
const defaultStream = 'readings';
/** Of what it says, in UTF-16 code units. */
const textLengthMax = 600;

export type OpenEdgeStoreOptions = OpenDirOptions & EdgeStoreOptions;

/**
 * Opens or makes the store and becomes its owner until `close`. A corrupt store is moved aside, and the fresh one keeps
 * the edge's id; readings not sealed yet that are damaged become a gap. `recovered` says so in either case. Rejects with `store-locked`, `store-unwritable`, `store-version` or `pipeline-invalid`.
 */
export async function openEdgeStore(
  options: OpenEdgeStoreOptions,
): Promise<EdgeStore & { readonly recovered: Problem | undefined }> {
  const files = createNodeFiles(options.dir);
  let held = () => 0;
  /** LMDB reuses the pages of what was deleted, so a large file is room too; a quarter goes to page overhead. */
  const freeBytes = async () => {
    const file = await stat(join(dataDir(options.dir), 'data.mdb')).catch(() => undefined);
    const reusable = Math.max(0, (file?.size ?? 0) - 1.25 * held() - 2 ** 20);
    return (await files.freeBytes()) + reusable;
  };
  const named = { where: options.dir, ...options };
  const { store, recovered } = await openDir(options, {
    role: 'edge',
    create: (kv, before) =>
      createEdgeStore(kv, {
        freeBytes,
        headroomBytes: headroomBytes.edge,
        edgeBefore: before?.name,
        ...named,
      }),
    assertFresh: (before) => before?.name !== undefined && assertEdge(named, before.name),
    nameOf: (made) => made.edge,
  });
  held = () => store.status().bytes;
  await store.checkDisk();
  if (recovered) {
    const text = printable(`A fresh store began: ${recovered.message}`, textLengthMax);
    await store.addGap(defaultStream, { gap: 'corrupt', count: 0, text });
  }
  return Object.assign(store, { recovered: recovered ?? store.damage });
}
