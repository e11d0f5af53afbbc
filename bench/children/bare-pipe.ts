/** The yardstick: a socket into a file, synced every 1,000 lines, and nothing else. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { lineBytes } from '../lines.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

const syncEveryBytes = 1_000 * lineBytes;

const done = Promise.withResolvers<{ syncedAtMs: number; bytes: number; syncs: number }>();

export type BarePipe = typeof barePipe;
const barePipe = serve({
  /** Takes one connection; resolves to the port. */
  async listen({ file }: { file: string }): Promise<number> {
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
        writeSync(fd, chunk);
        bytes += chunk.length;
        unsynced += chunk.length;
        if (unsynced >= syncEveryBytes) sync();
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
