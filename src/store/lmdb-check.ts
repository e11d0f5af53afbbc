/**
 * Looks at an LMDB data file before LMDB does: LMDB maps the file into memory, and a file that is foreign or
 * cut short ends the whole process with a signal instead of an error. Offsets: `MDB_meta` in LMDB's mdb.c.
 */
import { execFile } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FogrunError } from '../contract/errors.ts';
import { type WalkOptions, walkPages } from './lmdb-walk.ts';
import { safeText } from './text.ts';

const magic = 0xbeefc0de;
const formatVersion = 2;
const metaOffset = 24;
const metaBytes = 168;
/** Enough for 10 GB on a slow disk. */
const verifyTimeoutMs = 600_000;
/** A brief look reads so many pages at most: about 50 ms. */
const briefPages = 1_000;
/** What damage makes of a process; any other signal came from elsewhere. */
const damageSignals = ['SIGBUS', 'SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP'];
/** Exit code of lmdb-verify for damage. */
const damageExit = 65;

/**
 * How closely a data file is looked at: its first two pages; a bounded number of pages; or all of it, and a commit, in a
 * process of its own, which takes as long as the disk needs.
 */
export type Look = 'first' | 'brief' | 'thorough';

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  readonly meta: Buffer;
}

function readMeta(page: Buffer): Meta | undefined {
  if (page.length < metaBytes || page.readUInt32LE(metaOffset) !== magic) return undefined;
  if ((page.readUInt32LE(metaOffset + 4) & 0xffff) !== formatVersion) return undefined;
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  const transaction = page.readBigUInt64LE(152);
  return { pageBytes, lastPage: Number(page.readBigUInt64LE(144)), transaction, meta: page };
}

/** The newest meta page, or what is wrong with them as the end of a sentence. */
export async function openMeta(handle: FileHandle): Promise<WalkOptions | string> {
  const read = async (position: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(metaBytes), 0, metaBytes, position);
    return readMeta(buffer.subarray(0, bytesRead));
  };
  const first = await read(0);
  if (!first) return 'does not begin like one';
  const second = await read(first.pageBytes);
  if (!second || second.pageBytes !== first.pageBytes) return 'has a damaged second page';
  const newest = first.transaction > second.transaction ? first : second;
  // Free pages at the end need not be there, but a file has no 2^40 pages.
  return newest.lastPage < 2 ** 40 ? newest : 'has a damaged meta page';
}

/**
 * Checks the whole store in a process of its own, so that a signal ends that one. What is damaged as the end of a
 * sentence, or `null`; rejects with `store-failed` when it could not be checked.
 */
function verifyInChild(path: string, write: boolean): Promise<string | null> {
  const script = fileURLToPath(new URL('./lmdb-verify.js', import.meta.url));
  const options = { timeout: verifyTimeoutMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, path, write ? 'write' : 'read'], options, (error, stdout) => {
      if (error === null) return resolve(null);
      const said = safeText(stdout.trim());
      if (error.code === damageExit) return resolve(said || 'is damaged');
      if (damageSignals.includes(error.signal ?? ''))
        return resolve(`is damaged: reading it ends in ${error.signal}`);
      const why = error.killed
        ? `not done within ${verifyTimeoutMs} ms`
        : said || (error.signal ?? error.code);
      const message = `the check of the store in ${path} did not come to an end: ${why}`;
      reject(new FogrunError('store-failed', message, { cause: error }));
    });
  });
}

/**
 * Rejects with `store-corrupt` when the data file in the directory `path` is not a whole LMDB file of this
 * byte order and version; resolves `false` when there is none yet.
 * @param owned nobody else has it open: a thorough look may commit
 * @param expected a store was made here before: then it is `store-corrupt` when there is none
 */
export async function checkDataFile(
  path: string,
  { look, owned, expected }: { look: Look; owned: boolean; expected: boolean },
): Promise<boolean> {
  const file = join(path, 'data.mdb');
  const corrupt = (what: string) =>
    new FogrunError('store-corrupt', `the store's file ${file} ${what}; expected a whole LMDB data file`);
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle && expected) throw corrupt('is gone');
  if (!handle) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0 && expected) throw corrupt('is empty');
    if (size === 0) return false;
    const meta = await openMeta(handle);
    if (typeof meta === 'string') throw corrupt(meta);
    // Shorter is allowed when its last pages are free, which only a full read can tell.
    const short = size < (meta.lastPage + 1) * meta.pageBytes;
    let damage: string | null = null;
    if (short || look === 'thorough') damage = await verifyInChild(path, owned && look === 'thorough');
    else if (look === 'brief') damage = await walkPages(handle, { ...meta, pagesMax: briefPages });
    if (damage !== null) throw corrupt(short ? `is cut short (${size} bytes) and ${damage}` : damage);
    return true;
  } finally {
    await handle.close();
  }
}
