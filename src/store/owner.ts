/**
 * One owner process per store directory, told by `owner.json`. Node has no file locks, so the file is made by link(2),
 * which exactly one of several can do. The file of a dead owner is replaced only by the one who made the claim
 * `owner.<id>.claim` on that very owner, in the same way.
 */
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { asUnwritable, makeDirectory } from './directory.ts';
import { safeText, toHex } from './text.ts';

/** An owner, as its file tells. */
export interface OwnerRecord {
  readonly id: string;
  readonly pid: number;
  /** Start of the process in clock ticks since boot, `null` where the system does not tell. */
  readonly startedAt: string | null;
  readonly bootId: string | null;
}

export interface Ownership {
  /** The owner before did not give the directory up: it was killed, or lost its power. */
  readonly uncleanly: boolean;
  /** False once the file of this owner is gone or names another. Rejects when the file cannot be read. */
  isHeld(): Promise<boolean>;
  /** Gives the directory up; harmless when called again. */
  release(): Promise<void>;
}

const rounds = 100;

/** State letter and start time of a process, `undefined` where there is no /proc. Source: proc(5), stat. */
async function processStat(pid: number): Promise<{ state: string; startedAt: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The name in parentheses may hold blanks and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  return state !== undefined && startedAt !== undefined ? { state, startedAt } : undefined;
}

async function bootId(): Promise<string | null> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => undefined);
  return text?.trim() ?? null;
}

async function isAlive(owner: OwnerRecord, boot: string | null): Promise<boolean> {
  if (owner.bootId !== null && boot !== null && owner.bootId !== boot) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = await processStat(owner.pid);
  if (!stat) return owner.startedAt === null || boot === null;
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return owner.startedAt === null || owner.startedAt === stat.startedAt;
}

/** Whoever a file names; what cannot be read names a dead owner (a file torn by a power cut). */
async function readOwner(path: string): Promise<OwnerRecord | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as OwnerRecord;
    if (/^[0-9a-f]{32}$/.test(found.id) && Number.isSafeInteger(found.pid) && found.pid > 0) return found;
  } catch {
    // Not JSON: as below.
  }
  return { id: 'unreadable', pid: 2 ** 31 - 1, startedAt: null, bootId: null };
}

/** The process that owns the store in `dir` and lives; `null` when there is none. Changes nothing. */
export async function livingOwner(dir: string): Promise<number | null> {
  const owner = await readOwner(join(dir, 'owner.json'));
  return owner && (await isAlive(owner, await bootId())) ? owner.pid : null;
}

/** Links `beside` to `path`; false when something is there already. */
async function linkNew(beside: string, path: string): Promise<boolean> {
  return link(beside, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return false;
    },
  );
}

/**
 * Makes this process the owner of the directory `dir` (made when missing). Rejects with `store-locked` when another
 * process that lives is it, or this one already; with `store-unwritable` when the file cannot be made.
 */
export async function holdOwnership(dir: string, random: Random): Promise<Ownership> {
  await makeDirectory(dir);
  const path = join(dir, 'owner.json');
  const boot = await bootId();
  const self: OwnerRecord = {
    id: toHex(random.bytes(16)),
    pid: process.pid,
    startedAt: (await processStat(process.pid))?.startedAt ?? null,
    bootId: boot,
  };
  const beside = join(dir, `owner.${self.id}.tmp`);
  const claimOn = (id: string) => join(dir, `owner.${id}.claim`);

  function locked(owner: OwnerRecord): FogrunError {
    return new FogrunError(
      'store-locked',
      `process ${owner.pid} owns the store in ${safeText(dir)} (${path})`,
    );
  }

  /** Claims the dead `owner`, or one who died with a claim on it. The claims held, or `undefined` to look again. */
  async function claim(owner: OwnerRecord): Promise<string[] | undefined> {
    const chain: string[] = [];
    for (let at = owner; ; ) {
      chain.push(claimOn(at.id));
      if (await linkNew(beside, claimOn(at.id))) return chain;
      const claimant = await readOwner(claimOn(at.id));
      if (!claimant) return undefined;
      if (claimant.id === at.id || (await isAlive(claimant, boot))) {
        throw locked(claimant);
      }
      at = claimant;
    }
  }

  let uncleanly = false;

  async function take(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (await linkNew(beside, path)) return;
      const owner = await readOwner(path);
      if (!owner) continue;
      if (await isAlive(owner, boot)) throw locked(owner);
      const claims = await claim(owner);
      if (!claims) continue;
      const mine = claims.at(-1)!;
      // A claim on an owner that was replaced meanwhile counts for nothing.
      if ((await readOwner(path))?.id !== owner.id) {
        await unlink(mine).catch(() => {});
        continue;
      }
      await rename(beside, path);
      uncleanly = true;
      for (const each of claims) await unlink(each).catch(() => {});
      return;
    }
    throw new FogrunError(
      'store-locked',
      `others keep taking the store in ${dir}; gave up after ${rounds} rounds`,
    );
  }

  try {
    await writeFile(beside, `${JSON.stringify(self)}\n`, { flag: 'wx' });
    await take();
  } catch (error) {
    throw asUnwritable(dir, error);
  } finally {
    await unlink(beside).catch(() => {});
  }
  await removeLeftovers(dir, boot);
  const isHeld = async () => (await readOwner(path))?.id === self.id;
  return {
    uncleanly,
    isHeld,
    async release() {
      if (await isHeld().catch(() => false)) await unlink(path).catch(() => {});
    },
  };
}

/** Removes what starters left that were killed on the way. */
async function removeLeftovers(dir: string, boot: string | null): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    if (!/^owner\.[0-9a-f]{32}\.tmp$/.test(name)) continue;
    const owner = await readOwner(join(dir, name)).catch(() => undefined);
    if (owner && owner.id !== 'unreadable' && !(await isAlive(owner, boot)))
      await unlink(join(dir, name)).catch(() => {});
  }
}
