/** Opening a store's directory: ownership first, then the data; a corrupt store is moved aside. */
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Kv } from '../contract/kv.ts';
import { asUnwritable, syncDirectory } from './directory.ts';
import { Guard } from './guard.ts';
import { type Identity, keepIdentity, type Role, readIdentity } from './identity.ts';
import type { Look } from './lmdb-check.ts';
import { type FailableKv, openLmdbKv } from './lmdb-kv.ts';
import { holdOwnership, type Ownership } from './owner.ts';
import { Starts, settledMs } from './starts.ts';

export interface OpenDirOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** In place of LMDB; then nothing but the owner's file is kept in the directory, and nothing moved aside. */
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

/** What a role brings to the opening of its directory. */
export interface Opening<Store> {
  readonly role: Role;
  /** Makes or continues the store. */
  create(kv: Kv, before: Identity | undefined): Promise<Store>;
  /** Throws when a fresh store must not take the place of the one before. */
  assertFresh?(before: Identity | undefined): void;
  /** What `<role>.json` keeps. */
  nameOf(store: Store): string;
}

interface Openable {
  close(): Promise<void>;
  fail(cause: Problem): void;
}

/**
 * Takes the directory, opens LMDB in it and makes the store. When either finds the store corrupt, it is moved to
 * `lmdb.corrupt-<unix second>` and a fresh one is made: `recovered` then tells so. While it is open, a directory that
 * is removed or replaced ends the store in `failed`.
 */
export async function openDir<Store extends Openable>(
  options: OpenDirOptions,
  opening: Opening<Store>,
): Promise<{ store: Store; recovered: Problem | undefined }> {
  const { dir, clock } = options;
  const ownership = await holdOwnership(dir, options.random);
  try {
    const { store, recovered, end } = options.kv
      ? { store: await opening.create(options.kv, undefined), recovered: undefined, end: async () => {} }
      : await openFiles(dir, clock, ownership, opening);
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      await end();
      await ownership.release();
    };
    return { store, recovered };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

async function openFiles<Store extends Openable>(
  dir: string,
  clock: Clock,
  ownership: Ownership,
  opening: Opening<Store>,
): Promise<{ store: Store; recovered: Problem | undefined; end: () => Promise<void> }> {
  const path = dataDir(dir);
  const before = await readIdentity(dir, opening.role);
  const starts = await Starts.begin(dir, ownership.uncleanly);

  async function attempt(look: Look, expected: boolean): Promise<{ kv: FailableKv; store: Store }> {
    const onDamage = (what: string) => starts.suspect(what);
    const kv = await openLmdbKv({ path, clock, look, expected, onDamage });
    try {
      return { kv, store: await opening.create(kv, before) };
    } catch (error) {
      await kv.close();
      throw error;
    }
  }

  let recovered: Problem | undefined;
  try {
    const { kv, store } = await attempt(starts.look, before !== undefined).catch(async (error: unknown) => {
      if (!(error instanceof FogrunError) || error.code !== 'store-corrupt') throw error;
      opening.assertFresh?.(before);
      recovered = await setAside(dir, clock, toProblem(error));
      return attempt('first', false);
    });
    try {
      await keepIdentity(dir, opening.role, opening.nameOf(store));
      await starts.opened();
      return { store, recovered, end: await watch(dir, clock, ownership, starts, kv, store) };
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    // A close look that did not come to its end is due again.
    if (starts.look !== 'thorough') await starts.settled();
    throw error;
  }
}

/** Watches over the directory while the store is open; the function returned ends that. */
async function watch(
  dir: string,
  clock: Clock,
  ownership: Ownership,
  starts: Starts,
  kv: FailableKv,
  store: Openable,
): Promise<() => Promise<void>> {
  const since = clock.monotonic();
  let state: 'young' | 'settled' | 'lost' = 'young';
  const guard = await Guard.start({
    clock,
    dir,
    file: join(dataDir(dir), 'data.mdb'),
    isHeld: () => ownership.isHeld(),
    lost: (error) => {
      state = 'lost';
      kv.fail(error);
      store.fail(toProblem(error));
    },
    well: () => {
      if (state !== 'young' || clock.monotonic() - since < settledMs) return;
      state = 'settled';
      void starts.settled();
    },
  });
  return async () => {
    guard.stop();
    // What stands there now may be another's.
    if (state !== 'lost') await starts.settled();
  };
}

async function setAside(dir: string, clock: Clock, problem: Problem): Promise<Problem> {
  const fresh = 'a fresh store begins there, in a new epoch';
  const { advice } = problem;
  const gone = await stat(join(dataDir(dir), 'data.mdb')).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
  if (gone) return { code: 'store-corrupt', message: `${problem.message}; ${fresh}`, advice };
  const aside = await freeName(`${dataDir(dir)}.corrupt-${Math.floor(clock.now() / 1000)}`);
  try {
    await rename(dataDir(dir), aside);
    await syncDirectory(dir);
  } catch (error) {
    throw asUnwritable(dir, error);
  }
  const message = `${problem.message}; it was moved to ${aside} with all that was not acknowledged, and ${fresh}`;
  return { code: 'store-corrupt', message, advice };
}
