/** The load over MQTT: lines as QoS 1 messages, many under way, each acknowledged by the broker. A process of its own. */
import { once } from 'node:events';
import { lineBytes, makeLines, type Sensor } from '../lines.ts';
import { connectPacket, Packets, packetIdMax, packetType, publishPackets } from '../peers/mqtt.ts';
import { dial } from '../peers/server.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

let packets = Buffer.alloc(0);
let count = 0;

export type MqttLoad = typeof load;
const load = serve({
  /** Makes the packets. */
  prepare({ sensor, count: wanted, topic }: { sensor: Sensor; count: number; topic: string }): void {
    packets = publishPackets(topic, makeLines(sensor, wanted), lineBytes) as Buffer<ArrayBuffer>;
    count = wanted;
  },

  /**
   * Publishes everything; resolves when the last message is acknowledged.
   * @param underWayMax messages that may wait for their acknowledgement
   */
  async publish({ port, underWayMax }: { port: number; underWayMax: number }) {
    if (underWayMax > packetIdMax) throw new RangeError('more messages under way than there are ids');
    const socket = await dial(port);
    const cutter = new Packets();
    const packetBytes = packets.length / count;
    const done = Promise.withResolvers<void>();
    let [sent, acked] = [0, 0];
    const send = () => {
      const next = Math.min(count, acked + underWayMax);
      // In larger pieces: a write for each acknowledgement would cost more than the message.
      if (next - sent < Math.min(underWayMax / 4, count - sent)) return;
      socket.write(packets.subarray(sent * packetBytes, next * packetBytes));
      sent = next;
    };
    socket.write(connectPacket('load', true));
    const connected = Promise.withResolvers<void>();
    socket.on('data', (piece) => {
      for (const { type, body } of cutter.take(piece)) {
        if (type === packetType.connack && body[1] === 0) connected.resolve();
        else if (type === packetType.puback) acked += 1;
        else socket.destroy(new Error(`the broker sent a packet of type ${type}`));
      }
      if (acked === count) done.resolve();
      else if (sent > 0) send();
    });
    socket.on('error', done.reject);
    socket.on('close', () => done.reject(new Error(`the broker closed after ${acked} of ${count}`)));
    await Promise.race([connected.promise, done.promise]);
    const startedAtMs = nowMs();
    send();
    await done.promise;
    const ackedAtMs = nowMs();
    socket.end();
    await once(socket, 'close');
    return { startedAtMs, ackedAtMs };
  },
});
