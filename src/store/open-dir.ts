/** Opening a store's directory: ownership first, then the data; a corrupt store is moved aside. */
import { rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Kv } from '../contract/kv.ts';
import { asUnwritable } from './directory.ts';
import { openLmdbKv } from './lmdb-kv.ts';
import { holdOwnership } from './owner.ts';

export interface OpenDirOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** In place of LMDB; then a corrupt store is not moved aside. */
  readonly kv?: Kv;
}

/** Where a store keeps LMDB's files. */
export const dataDir = (dir: string) => join(dir, 'lmdb');

async function freeName(base: string): Promise<string> {
  for (let n = 0; ; n++) {
    const name = n === 0 ? base : `${base}-${n}`;
    const there = await stat(name).then(
      () => true,
      () => false,
    );
    if (!there) return name;
  }
}

/**
 * Takes the directory, opens LMDB in it and hands that to `create`. When either finds the store corrupt, it is moved
 * to `lmdb.corrupt-<unix second>` and a fresh one is made: `recovered` then tells so.
 */
export async function openDir<Store extends { close(): Promise<void> }>(
  options: OpenDirOptions,
  create: (kv: Kv) => Promise<Store>,
): Promise<{ store: Store; recovered: Problem | undefined }> {
  const { dir, clock, random } = options;
  const ownership = await holdOwnership(dir, random);

  const marker = join(dir, 'opening');

  async function attempt(thorough: boolean): Promise<Store> {
    const kv = options.kv ?? (await openLmdbKv({ path: dataDir(dir), clock, thorough }));
    try {
      return await create(kv);
    } catch (error) {
      await kv.close();
      throw error;
    }
  }

  async function setAside(problem: Problem): Promise<Problem> {
    const aside = await freeName(`${dataDir(dir)}.corrupt-${Math.floor(clock.now() / 1000)}`);
    try {
      await rename(dataDir(dir), aside);
    } catch (error) {
      throw asUnwritable(dir, error);
    }
    return {
      code: 'store-corrupt',
      message: `${problem.message}; it was moved to ${aside}, and a fresh store began`,
      advice: problem.advice,
    };
  }

  try {
    let recovered: Problem | undefined;
    // LMDB answers some damage by ending the process: then the next start finds the marker and looks closer.
    const thorough = await stat(marker).then(
      () => true,
      () => false,
    );
    await writeFile(marker, '').catch((error: unknown) => {
      throw asUnwritable(dir, error);
    });
    const store = await attempt(thorough).catch(async (error: unknown) => {
      if (options.kv || !(error instanceof FogrunError) || error.code !== 'store-corrupt') throw error;
      recovered = await setAside(toProblem(error));
      return attempt(false);
    });
    await unlink(marker).catch(() => {});
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      await ownership.release();
    };
    return { store, recovered };
  } catch (error) {
    await unlink(marker).catch(() => {});
    await ownership.release();
    throw error;
  }
}
