/** Real connections over loopback, and what comes through them. */
import type { Clock } from '../../src/contract/clock.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/contract/transport.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';

export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
export const loopback = { host: '127.0.0.1', port: 0 };
export const never: AbortSignal = new AbortController().signal;

export function watch(connection: Connection) {
  const seen = { bytes: [] as Uint8Array[], drains: 0, closes: [] as (Problem | undefined)[] };
  const waiting: (() => void)[] = [];
  const wake = () => {
    for (const check of [...waiting]) check();
  };
  connection.listen({
    onData(bytes) {
      seen.bytes.push(bytes);
      wake();
    },
    onDrain() {
      seen.drains += 1;
      wake();
    },
    onClose(problem) {
      seen.closes.push(problem);
      wake();
    },
  });
  return {
    ...seen,
    text: () => Buffer.concat(seen.bytes).toString(),
    length: () => seen.bytes.reduce((sum, bytes) => sum + bytes.length, 0),
    drained: () => seen.drains,
    until: (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (condition()) resolve();
        };
        waiting.push(check);
        check();
      }),
    closed() {
      return this.until(() => seen.closes.length > 0);
    },
  };
}

/** A listener, and a dialled connection with its other end. */
export async function connected(options: Parameters<typeof createTcpTransport>[0] = { clock }) {
  const transport = createTcpTransport(options);
  let accept: (connection: Connection) => void = () => {};
  const accepted = new Promise<Connection>((resolve) => {
    accept = resolve;
  });
  const listener = await transport.listen(loopback, (connection) => accept(connection));
  const near = await transport.dial({
    host: listener.host,
    port: listener.port,
    timeoutMs: 5_000,
    signal: never,
  });
  return { transport, listener, near, far: await accepted };
}
