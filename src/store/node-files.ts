/** Plain files on the real file system. */
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Files } from '../contract/files.ts';
import { freeBytes, syncDirectory } from './directory.ts';
import { safeText } from './text.ts';

// By descriptor: a FileHandle a file costs several times as much, and a cloud writes a thousand files a second.
const open = promisify(fs.open);
const close = promisify(fs.close);
const writeFile = promisify(fs.writeFile);
const fsync = promisify(fs.fsync);
const mkdir = promisify(fs.mkdir);
const readFile = promisify(fs.readFile);
const rename = promisify(fs.rename);
const unlink = promisify(fs.unlink);

let temporary = 0;
/** Most directories that are remembered. */
const knownMax = 10_000;

/** Refuses whatever could lead out of the root: throws a RangeError. */
export function checkedParts(path: string): string[] {
  const parts = path.split('/');
  if (
    path.includes('\0') ||
    path.includes('\\') ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  ) {
    throw new RangeError(`\`${safeText(path)}\` is not a path below the root`);
  }
  return parts;
}

/** Files below the directory `root`, which is made with the first file. */
export function createNodeFiles(root: string): Files {
  const base = resolve(root);

  /** Directories that are there and synced into their parents, or will be; somebody may remove them all the same. */
  const ready = new Map<string, Promise<void>>();
  /** Made, but not known to be synced. */
  const unsynced = new Set<string>();

  function makeReady(directory: string): Promise<void> {
    const known = ready.get(directory);
    if (known) return known;
    if (ready.size >= knownMax) ready.clear();
    const made = makeDirectory(directory);
    ready.set(directory, made);
    made.catch(() => ready.delete(directory));
    return made;
  }

  /** A new directory is synced into its parent, else a power cut could take its files with it. */
  async function makeDirectory(directory: string): Promise<void> {
    if (directory !== base) await makeReady(dirname(directory));
    try {
      await mkdir(directory);
      unsynced.add(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!unsynced.has(directory)) return;
    await syncDirectory(dirname(directory));
    unsynced.delete(directory);
  }

  /** Syncs under way, and those that wait for them to end, by directory. */
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  /** One sync does for all who renamed before it began. */
  function syncTogether(directory: string): Promise<void> {
    const shared = waiting.get(directory);
    if (shared) return shared;
    const before = running.get(directory) ?? Promise.resolve();
    const next = before
      .catch(() => {})
      .then(async () => {
        waiting.delete(directory);
        const sync = syncDirectory(directory);
        running.set(directory, sync);
        try {
          await sync;
        } finally {
          if (running.get(directory) === sync) running.delete(directory);
        }
      });
    waiting.set(directory, next);
    return next;
  }

  return {
    async write(path, bytes) {
      const target = join(base, ...checkedParts(path));
      await makeReady(dirname(target));
      const beside = join(dirname(target), `.${process.pid}-${temporary++}.tmp`);
      try {
        const file = await open(beside, 'wx', 0o644);
        try {
          await writeFile(file, bytes);
          await fsync(file);
        } finally {
          await close(file);
        }
        await rename(beside, target);
      } catch (error) {
        await unlink(beside).catch(() => {});
        // Its directory may be gone: the next attempt looks.
        ready.clear();
        throw error;
      }
      await syncTogether(dirname(target));
    },
    async read(path) {
      const target = join(base, ...checkedParts(path));
      return readFile(target).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
        throw error;
      });
    },
    async freeBytes() {
      for (let at = base; ; at = dirname(at)) {
        try {
          return await freeBytes(at);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error;
        }
      }
    },
  };
}
