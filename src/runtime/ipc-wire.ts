/** What both ends of a parent's socket agree on: frames, limits, and the greeting. Built on node-ipc 14. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { IPCModule } from 'node-ipc';
import { type Clock, sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { namePattern } from '../domain/segment.ts';

/** A message between processes: a JSON object whose text is shorter than 64 KiB. */
export type IpcMessage = Readonly<Record<string, unknown>>;

/** A child names itself with `hello`, the parent answers `welcome`, from then on both send `message`. */
export const helloType = 'hello';
export const welcomeType = 'welcome';
export const messageType = 'message';

/** Longest JSON text of a message in bytes. */
export const messageBytesMax = 64 * 1024 - 1;
const envelopeBytes = JSON.stringify({ type: messageType, data: {} }).length - '{}'.length;
/** Bytes that may wait for a process that does not read; beyond them it counts as lost. */
const pendingBytesMax = 8 * 1024 * 1024;
/** A socket's path must fit into `sun_path`: 104 bytes with its final NUL on macOS, 108 on Linux. */
export const pathBytesMax = 103;
const tokenLengthMin = 16;

/** A node-ipc of its own: the package's default export is shared by the whole process. */
export function freshIpc(socketPath: string): IPCModule {
  const ipc = new IPCModule();
  Object.assign(ipc.config, {
    parser: 'guarded',
    silent: true,
    // Removing a stale socket is ours: node-ipc would also remove one that somebody listens on.
    unlink: false,
    socketRoot: `${dirname(socketPath)}/`,
    maxMessageSize: messageBytesMax + envelopeBytes,
    maxPendingBytes: pendingBytesMax,
    // Its timer is not restarted by whole frames, so it ends a busy connection whose chunks happen to end inside a frame.
    messageTimeout: 0,
    maxRetries: 0,
  });
  return ipc;
}

/** How long the last words to whoever is connected may take when a server stops, ms. */
const lingerMs = 1_000;

/**
 * Stops listening, lets connections end, and resolves when all of them have.
 * @param hangUp ends each connection, in order or at once
 */
export async function stopServer(ipc: IPCModule, clock: Clock, hangUp: () => void): Promise<void> {
  const server = ipc.server.server as Server;
  const ended = once(server, 'close');
  server.close();
  hangUp();
  const inTime = new AbortController();
  await Promise.race([ended, sleep(clock, lingerMs, inTime.signal)]);
  inTime.abort();
  ipc.server.stop();
  await ended;
}

/** What a server that could not start means. */
export function listenRefused(socketPath: string, cause: unknown): FogrunError {
  const code = String((cause as { code?: unknown }).code ?? (cause as Error).message);
  return new FogrunError('address-refused', `cannot listen on ${socketPath} (${code})`, {
    advice: 'Check the directory and its permissions.',
    cause,
  });
}

export function isIpcMessage(data: unknown): data is IpcMessage {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/**
 * Runs `emit`, which encodes a message.
 * @throws RangeError when the message is too long or no object: a mistake of the caller
 */
export function emitMessage(message: object, emit: (message: IpcMessage) => boolean): void {
  if (!isIpcMessage(message)) throw new RangeError('a message between processes must be an object');
  try {
    emit(message);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ERR_IPC_FRAME_TOO_LARGE') throw thrown;
    throw new RangeError(`a message between processes must be shorter than ${messageBytesMax + 1} bytes`);
  }
}

/** @throws FogrunError `address-refused` when the path is longer than a socket's can be */
export function checkSocketPath(socketPath: string): void {
  if (Buffer.byteLength(socketPath) <= pathBytesMax) return;
  throw new FogrunError(
    'address-refused',
    `the socket path ${socketPath} is longer than the ${pathBytesMax} bytes a socket can have`,
    { advice: 'Choose a shorter directory with FOGRUN_STATE.' },
  );
}

/** @throws RangeError for a token that could be guessed: a mistake of the caller */
export function checkToken(token: string): void {
  if (token.length < tokenLengthMin) throw new RangeError(`a token needs ${tokenLengthMin} characters`);
}

/** The name in a child's greeting, or `undefined` when it has no valid name or not the token. */
export function greetingName(data: unknown, token: string): string | undefined {
  if (!isIpcMessage(data)) return undefined;
  const { name, token: given } = data;
  if (typeof given !== 'string' || !sameText(given, token)) return undefined;
  return typeof name === 'string' && namePattern.test(name) ? name : undefined;
}

/** Compares hashes, so that neither time nor length tells how much was right. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** What an end of a connection looks like to a person; `detail` is ours or Node's, never the other side's words. */
export function lostProblem(who: string, detail: string): FogrunError {
  return new FogrunError('process-lost', `the connection to ${who} ended: ${detail}`);
}
