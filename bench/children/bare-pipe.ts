/** The yardstick: a socket into a file, synced every 1,000 lines, and nothing else. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { lineBytes } from '../lines.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

const syncEveryBytes = 1_000 * lineBytes;

interface Piped {
  readonly syncedAtMs: number;
  readonly bytes: number;
  readonly syncs: number;
}

let done = Promise.withResolvers<Piped>();

export type BarePipe = typeof barePipe;
const barePipe = serve({
  /** Takes one connection; resolves to the port. Another call takes another one. */
  async listen({ file }: { file: string }): Promise<number> {
    done = Promise.withResolvers();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      server.close();
      const fd = openSync(file, 'w');
      let [bytes, unsynced, syncs] = [0, 0, 0];
      const sync = () => {
        fdatasyncSync(fd);
        unsynced = 0;
        syncs += 1;
      };
      // Nothing else waits on this thread, and without promises in between it is faster.
      socket.on('data', (chunk) => {
        for (let rest = chunk; rest.length > 0; ) {
          const part = rest.subarray(0, syncEveryBytes - unsynced);
          writeSync(fd, part);
          unsynced += part.length;
          if (unsynced === syncEveryBytes) sync();
          rest = rest.subarray(part.length);
        }
        bytes += chunk.length;
      });
      socket.on('end', () => {
        if (unsynced > 0) sync();
        done.resolve({ syncedAtMs: nowMs(), bytes, syncs });
        closeSync(fd);
        socket.end();
      });
      socket.on('error', (error) => done.reject(error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  },

  finished: (_: null) => done.promise,
});
