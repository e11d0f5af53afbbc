/** What takes messages from a broker into a file: QoS 1 in a lasting session, acknowledged after the write. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import {
  connectPacket,
  Packets,
  packetType,
  pubackPackets,
  publishOf,
  subscribePacket,
} from '../peers/mqtt.ts';
import { dial } from '../peers/server.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

export interface Archive {
  readonly port: number;
  readonly topic: string;
  readonly file: string;
  /** Sync before each acknowledgement, once for all that came together. */
  readonly sync: boolean;
  /** Messages to wait for. */
  readonly count: number;
}

const finished = Promise.withResolvers<{ finishedAtMs: number; syncs: number }>();
const newline = Buffer.from('\n');

export type MqttArchive = typeof archive;
const archive = serve({
  /** Resolves when the broker keeps messages for it. */
  async open({ port, topic, file, sync, count }: Archive): Promise<void> {
    const socket = await dial(port);
    const cutter = new Packets();
    const subscribed = Promise.withResolvers<void>();
    const fd = openSync(file, 'w');
    let [written, syncs] = [0, 0];
    socket.write(connectPacket('archive', false));
    socket.write(subscribePacket(topic));
    socket.on('data', (piece) => {
      const parts: Buffer[] = [];
      const ids: number[] = [];
      for (const packet of cutter.take(piece)) {
        if (packet.type === packetType.suback) subscribed.resolve();
        if (packet.type !== packetType.publish) continue;
        const { id, payload } = publishOf(packet);
        parts.push(payload, newline);
        ids.push(id);
      }
      if (ids.length === 0) return;
      // Nothing else waits on this thread, and the acknowledgement must come after the write.
      writeSync(fd, Buffer.concat(parts));
      if (sync) {
        fdatasyncSync(fd);
        syncs += 1;
      }
      written += ids.length;
      socket.write(pubackPackets(ids));
      if (written < count) return;
      finished.resolve({ finishedAtMs: nowMs(), syncs });
      closeSync(fd);
      socket.destroy();
    });
    socket.on('error', (error) => finished.reject(error));
    socket.on('close', () => finished.reject(new Error(`the broker closed after ${written} of ${count}`)));
    await Promise.race([subscribed.promise, finished.promise]);
  },

  finished: (_: null) => finished.promise,
});
