/**
 * Looks at an LMDB data file before LMDB does: LMDB maps the file into memory, and a file that is foreign or
 * cut short ends the whole process with a signal instead of an error. Offsets: `MDB_meta` in LMDB's mdb.c.
 */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FogrunError } from '../contract/errors.ts';

const magic = 0xbeefc0de;
const formatVersion = 2;
const metaOffset = 24;
const metaBytes = 168;
/** Enough for 10 GB on a slow disk. */
const verifyTimeoutMs = 600_000;

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

function readMeta(page: Buffer): Meta | undefined {
  if (page.length < metaBytes || page.readUInt32LE(metaOffset) !== magic) return undefined;
  if ((page.readUInt32LE(metaOffset + 4) & 0xffff) !== formatVersion) return undefined;
  const pageBytes = page.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  return { pageBytes, lastPage: Number(page.readBigUInt64LE(144)), transaction: page.readBigUInt64LE(152) };
}

/** Reads the whole store in a process of its own, so that a signal ends that one. */
function verifyInChild(path: string): Promise<boolean> {
  const script = fileURLToPath(new URL('./lmdb-verify.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, path], { timeout: verifyTimeoutMs }, (error) =>
      resolve(error === null),
    );
  });
}

/**
 * Rejects with `store-corrupt` when the data file in the directory `path` is not a whole LMDB file of this
 * byte order and version; resolves `false` when there is none yet.
 * @param thorough reads all of it in a process of its own, which takes as long as the disk needs
 */
export async function checkDataFile(path: string, thorough: boolean): Promise<boolean> {
  const file = join(path, 'data.mdb');
  const corrupt = (what: string) =>
    new FogrunError('store-corrupt', `the store's file ${file} ${what}; expected a whole LMDB data file`);
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const read = async (position: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(metaBytes), 0, metaBytes, position);
      return readMeta(buffer.subarray(0, bytesRead));
    };
    const first = await read(0);
    if (!first) throw corrupt('does not begin like one');
    const second = await read(first.pageBytes);
    if (!second || second.pageBytes !== first.pageBytes) throw corrupt('has a damaged second page');
    const newest = first.transaction > second.transaction ? first : second;
    // Shorter is allowed when its last pages are free, which only a full read can tell.
    const short = size < (newest.lastPage + 1) * newest.pageBytes;
    if ((short || thorough) && !(await verifyInChild(path))) {
      throw corrupt(short ? `is cut short (${size} bytes)` : 'has damaged pages');
    }
    return true;
  } finally {
    await handle.close();
  }
}
