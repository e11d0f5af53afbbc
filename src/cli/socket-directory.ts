/** A directory of mode 0700 for the socket by which processes of this program join each other. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { type ChildHost, type HostOptions, hostChildren, isStaleSocket } from '../runtime/ipc.ts';

export interface SocketDirectory {
  readonly socketPath: string;
  remove(): Promise<void>;
  /** For the end of the process; never throws. */
  removeNow(): void;
}

/** @throws FogrunError `address-refused` */
async function makeSocketDirectory(socketName: string): Promise<SocketDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'fogrun-')).catch((cause) => {
    const message = `no directory for a socket can be made in ${tmpdir()} (${cause.code ?? cause.message})`;
    throw new FogrunError('address-refused', message, { advice: elsewhere, cause });
  });
  return {
    socketPath: join(path, socketName),
    remove: () => rm(path, { recursive: true, force: true }),
    removeNow() {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // Out of file descriptors, say; what is left behind is an empty directory or two.
      }
    },
  };
}

const elsewhere = 'Name another directory, a short one, with TMPDIR.';

/** Listens in a directory of its own; nothing is left behind when that fails. @throws FogrunError `address-refused` */
export async function hostInDirectory(
  socketName: string,
  options: Omit<HostOptions, 'socketPath'>,
): Promise<{ readonly host: ChildHost; readonly directory: SocketDirectory }> {
  const directory = await makeSocketDirectory(socketName);
  try {
    return { host: await hostChildren({ ...options, socketPath: directory.socketPath }), directory };
  } catch (thrown) {
    await directory.remove();
    if (!(thrown instanceof FogrunError)) throw thrown;
    throw new FogrunError(thrown.code, thrown.message, { advice: elsewhere, cause: thrown });
  }
}

/**
 * Removes what a process that was killed left behind, from one that was joined to it. Never while somebody listens there:
 * a connection may end for other reasons, and whoever starts later still needs the socket. Never rejects.
 */
export async function removeAbandoned(socketPath: string): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    try {
      if (await isStaleSocket(socketPath, systemClock)) await unlink(socketPath).catch(() => {});
      // Several may be at it: whoever comes last finds it empty, and while somebody listens it is not.
      return await rmdir(dirname(socketPath));
    } catch (thrown) {
      const code = (thrown as { readonly code?: unknown }).code;
      if (code !== 'address-in-use' && code !== 'ENOTEMPTY') return;
      // A process that is killed loses its connections one by one, perhaps before it stops listening.
      await sleep(systemClock, attemptMs);
    }
  }
}

const attemptsMax = 10;
const attemptMs = 50;
