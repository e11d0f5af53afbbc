/** A way to a real cloud that can lose what goes either way, without a word to either end. */
import { connect, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { freePort } from './fogrun.ts';

/** @param to port of the cloud */
export async function lossyWay(t: ExecutionContext, to: number) {
  const lose = { toCloud: false, toEdge: false };
  const sockets = new Set<Socket>();
  const server = createServer((edge) => {
    const cloud = connect(to, '127.0.0.1');
    for (const [from, into, isLost] of [
      [edge, cloud, () => lose.toCloud],
      [cloud, edge, () => lose.toEdge],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => void (isLost() || into.write(bytes)));
      from.on('error', () => {});
      from.on('close', () => into.destroy());
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port, lose };
}
