/** A TCP relay between edge and cloud: counts bytes, delays them, and can be cut. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

/** What may be on its way in one direction; far more than a delay of 100 ms holds. */
const underWayBytesMax = 512 * 2 ** 20;

const sockets = new Set<Socket>();
const counts = { toTarget: 0, fromTarget: 0, connections: 0 };
let cut = false;

/** Passes bytes on after the delay, in order; an end is an event like any other. */
function pass(from: Socket, to: Socket, delayMs: number, count: (bytes: number) => void): void {
  const waiting: { dueMs: number; chunk: Buffer | null }[] = [];
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const deliver = (chunk: Buffer | null) => {
    if (chunk === null) to.end();
    else if (!to.write(chunk) && delayMs === 0) from.pause();
  };
  const flush = () => {
    timer = undefined;
    const now = nowMs();
    to.cork();
    while (waiting.length > 0 && waiting[0]!.dueMs <= now) {
      const { chunk } = waiting.shift()!;
      waitingBytes -= chunk?.length ?? 0;
      deliver(chunk);
    }
    to.uncork();
    // Bytes that the other end does not take stay in the socket's buffer and count like those under way.
    if (waitingBytes + to.writableLength < underWayBytesMax) from.resume();
    plan();
  };
  const plan = () => {
    if (timer || waiting.length === 0) return;
    timer = setTimeout(flush, Math.max(0, waiting[0]!.dueMs - nowMs()));
  };
  const take = (chunk: Buffer | null) => {
    if (delayMs === 0) return deliver(chunk);
    waiting.push({ dueMs: nowMs() + delayMs, chunk });
    waitingBytes += chunk?.length ?? 0;
    if (waitingBytes + to.writableLength >= underWayBytesMax) from.pause();
    plan();
  };
  from.on('data', (chunk) => {
    count(chunk.length);
    take(chunk);
  });
  from.on('end', () => take(null));
  from.on('close', () => sockets.delete(from));
  from.on('error', () => to.destroy());
  to.on('drain', () => from.resume());
  to.on('close', () => clearTimeout(timer));
  sockets.add(from);
}

export type Relay = typeof relay;
const relay = serve({
  /** Listens and passes connections on to that port; resolves to its own. */
  async open({ target, delayMs }: { target: number; delayMs: number }): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (edge) => {
      if (cut) return void edge.resetAndDestroy();
      counts.connections += 1;
      const cloud = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      pass(edge, cloud, delayMs, (bytes) => {
        counts.toTarget += bytes;
      });
      pass(cloud, edge, delayMs, (bytes) => {
        counts.fromTarget += bytes;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  },

  /** Ends all connections and refuses new ones. */
  cut(_: null): void {
    cut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  },

  /** Takes connections again. */
  allow(_: null): void {
    cut = false;
  },

  counts: (_: null) => counts,
});
