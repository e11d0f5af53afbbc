/** A private directory, a recording parent and raw connections for the tests of src/runtime/ipc.ts. */
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Clock } from '../../src/contract/clock.ts';
import type { Problem } from '../../src/contract/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { hostChildren, type IpcMessage, joinParent } from '../../src/runtime/ipc.ts';

export const token = 'a token of twenty-four..';
export const delimiter = '\f';

export const frame = (type: string, data: unknown) => JSON.stringify({ type, data }) + delimiter;
export const greeting = (name: unknown, given: unknown = token) => frame('hello', { name, token: given });

/** Events in order, and a way to await one of them. */
export function recorder<T>() {
  const events: T[] = [];
  let waiting: (() => void)[] = [];
  return {
    events,
    add(event: T): void {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
    /** Resolves with the first event that fits, at most 30 s from now. */
    async until(fits: (event: T) => boolean): Promise<T> {
      const deadline = AbortSignal.timeout(30_000);
      for (;;) {
        const found = events.find(fits);
        if (found !== undefined) return found;
        if (deadline.aborted) throw new Error(`not among ${JSON.stringify(events)}`);
        await new Promise<void>((resolve) => {
          waiting = [...waiting, resolve];
          deadline.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
  };
}

export async function privateDirectory(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-ipc-'));
  await chmod(directory, 0o700);
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface HostEvent {
  readonly type: 'joined' | 'message' | 'left';
  readonly name: string;
  readonly message?: IpcMessage;
  readonly cause?: Problem;
}

export async function startHost(
  t: ExecutionContext,
  options: { clock?: Clock; socketPath?: string; onMessage?: (message: IpcMessage) => void } = {},
) {
  const socketPath = options.socketPath ?? join(await privateDirectory(t), 'parent.sock');
  const record = recorder<HostEvent>();
  const sends = new Map<string, (message: object) => boolean>();
  const host = await hostChildren({
    socketPath,
    token,
    clock: options.clock ?? systemClock,
    on: {
      joined(name, send) {
        sends.set(name, send);
        record.add({ type: 'joined', name });
      },
      message(name, message) {
        options.onMessage?.(message);
        record.add({ type: 'message', name, message });
      },
      left: (name, cause) => record.add({ type: 'left', name, cause }),
    },
  });
  t.teardown(() => host.close());
  return { ...record, socketPath, host, sends };
}

export type ChildRecord =
  | { readonly type: 'message'; readonly message: IpcMessage }
  | { readonly type: 'lost'; readonly cause: Problem };

export async function startChild(
  t: ExecutionContext,
  socketPath: string,
  name: string,
  options: { clock?: Clock; timeoutMs?: number; token?: string; onMessage?: () => void } = {},
) {
  const record = recorder<ChildRecord>();
  const link = await joinParent({
    socketPath,
    name,
    token: options.token ?? token,
    clock: options.clock ?? systemClock,
    timeoutMs: options.timeoutMs ?? 5_000,
    on: {
      message(message) {
        record.add({ type: 'message', message });
        options.onMessage?.();
      },
      lost: (cause) => record.add({ type: 'lost', cause }),
    },
  });
  t.teardown(() => link.close());
  return { ...record, link };
}

/** A connection that says what it likes. */
export async function rawConnection(t: ExecutionContext, socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  socket.on('error', () => {});
  socket.resume();
  t.teardown(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the other side has ended the connection, at most 30 s from now. */
export async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  // Not `once` of node:events: it would reject on a reset, which is an end as well.
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  const timer = setTimeout(() => reject(new Error('the connection is still open')), 30_000);
  await promise.finally(() => clearTimeout(timer));
}
