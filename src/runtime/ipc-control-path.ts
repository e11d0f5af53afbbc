/** Where control sockets are: found, put in place without a moment open to others, also where paths are long. */

import fs from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { makeDirectory } from '../store/directory.ts';
import { isStaleSocket } from './ipc-stale.ts';
import { checkSocketPath, pathBytesMax } from './ipc-wire.ts';

/** Name of the socket in the directory of its pipeline's state. */
export const controlSocketName = 'control.sock';

/** The socket of a pipeline in a directory of states. */
export const controlSocketPath = (state: string, pipeline: string): string =>
  join(state, pipeline, controlSocketName);

/** A path that connect(2) and bind(2) take. */
export interface ReachablePath {
  readonly path: string;
  /** The path holds only until then. */
  release(): Promise<void>;
}

/**
 * A path to the same place that fits into `sun_path`: on Linux through a handle on its directory.
 * @throws FogrunError `address-refused` where there is none; what opening the directory throws
 */
export async function reachable(path: string): Promise<ReachablePath> {
  if (Buffer.byteLength(path) <= pathBytesMax) return { path, release: async () => {} };
  if (process.platform !== 'linux') checkSocketPath(path);
  const directory: FileHandle = await open(dirname(path), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  const name = path.slice(dirname(path).length + 1);
  return { path: `/proc/self/fd/${directory.fd}/${name}`, release: () => directory.close() };
}

/** A place for a socket. */
export interface Place {
  /** Where to listen: in a directory of mode 0700, so that nobody can connect before the socket's own mode is set. */
  readonly bindPath: string;
  /** Sets mode 0600 and moves the socket to where others look for it, in place of a stale one. */
  publish(): Promise<void>;
  /** Removes the socket unless it is another's by now. To be called once nobody listens any more. */
  remove(): void;
  /** Gives back what was needed on the way. */
  release(): Promise<void>;
}

/**
 * Makes room for the socket at `socketPath`; its directory is made with mode 0700 when it is missing.
 * @throws FogrunError `address-in-use` when somebody listens there, `address-refused` when something else is in the
 *   way, `store-unwritable` when the directory cannot be made
 */
export async function placeSocket(socketPath: string, clock: Clock): Promise<Place> {
  const directory = dirname(socketPath);
  await makePrivate(directory);
  const there = await reachable(socketPath);
  await isStaleSocket(socketPath, clock, there.path).finally(there.release);
  const nursery = join(directory, 'control.new');
  await rm(nursery, { recursive: true, force: true });
  await mkdir(nursery, { mode: 0o700 });
  const newborn = join(nursery, 's');
  const bind = await reachable(newborn);
  let inode: number | null = null;
  return {
    bindPath: bind.path,
    async publish() {
      await chmod(newborn, 0o600);
      inode = (await lstat(newborn)).ino;
      await rename(newborn, socketPath);
      await rmdir(nursery);
    },
    remove() {
      try {
        // In one go: between a look and an act in two turns a successor could have put its own there.
        if (fs.lstatSync(socketPath).ino === inode) fs.unlinkSync(socketPath);
      } catch {
        // Gone already, or its directory is.
      }
    },
    async release() {
      await bind.release();
      await rm(nursery, { recursive: true, force: true }).catch(() => {});
    },
  };
}

async function makePrivate(directory: string): Promise<void> {
  await makeDirectory(dirname(directory));
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return;
    throw new FogrunError('store-unwritable', `the directory ${directory} cannot be made (${error.code})`, {
      cause: error,
    });
  });
}
