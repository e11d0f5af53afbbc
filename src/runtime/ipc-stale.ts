/** Makes room for a socket: a directory only we can enter, and nothing in the way. */
import { lstat, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type Clock, sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';

const probeTimeoutMs = 1_000;

const codeOf = (thrown: unknown) => String((thrown as { code?: unknown })?.code ?? thrown);

/**
 * Checks that the directory is private and removes what is left of a socket nobody listens on. Two processes that
 * do this at the same moment could each take the other's for stale: the store's lock keeps them apart.
 * @throws FogrunError `address-in-use` when somebody listens there; `address-refused` when the directory is open to
 *   others or something that is no socket is in the way
 */
export async function prepareSocketPath(socketPath: string, clock: Clock): Promise<void> {
  await checkDirectory(dirname(socketPath));
  if (!(await isStaleSocket(socketPath, clock))) return;
  await unlink(socketPath).catch((thrown) => {
    if (codeOf(thrown) === 'ENOENT') return;
    throw refused(`the stale socket ${socketPath} cannot be removed (${codeOf(thrown)})`);
  });
}

/**
 * True for a socket that nobody listens on, false when nothing is there.
 * @param connectPath another way to the same socket, where its own is too long to connect to
 * @throws as `prepareSocketPath`
 */
export async function isStaleSocket(
  socketPath: string,
  clock: Clock,
  connectPath: string = socketPath,
): Promise<boolean> {
  const found = await lstat(socketPath).catch((thrown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw refused(`${socketPath} cannot be examined (${codeOf(thrown)})`);
  });
  if (!found) return false;
  if (!found.isSocket()) {
    throw refused(`${socketPath} should become a socket but is something else`, 'Move it away.');
  }
  if (await isListening(connectPath, clock)) {
    throw new FogrunError('address-in-use', `another process listens on ${socketPath}`);
  }
  return true;
}

async function checkDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch((thrown) => {
    throw refused(`the directory ${directory} of the socket cannot be examined (${codeOf(thrown)})`);
  });
  if (!found.isDirectory()) throw refused(`${directory} should be a directory`);
  if ((found.mode & 0o077) !== 0) {
    throw refused(`the directory ${directory} of the socket is open to others`, 'Make its mode 0700.');
  }
  if (process.getuid && found.uid !== process.getuid()) {
    throw refused(`the directory ${directory} of the socket belongs to another user`);
  }
}

const refused = (message: string, advice = 'Check the directory and its permissions.') =>
  new FogrunError('address-refused', message, { advice });

/** True when in doubt: a live socket must never be removed. */
async function isListening(socketPath: string, clock: Clock): Promise<boolean> {
  const answered = new AbortController();
  const socket = connect(socketPath);
  const verdict = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.on('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))));
  });
  const late = sleep(clock, probeTimeoutMs, answered.signal).then(() => true);
  const listening = await Promise.race([verdict, late]);
  answered.abort();
  socket.destroy();
  return listening;
}
