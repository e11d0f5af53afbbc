/** The load over NATS: lines as JetStream messages, many under way, each acknowledged by the stream. A process of its own. */
import { lineBytes, makeLines, type Sensor } from '../lines.ts';
import { NatsClient } from '../peers/nats-client.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

let lines: Buffer = Buffer.alloc(0);
let subject = '';

/** A PUB for each line, without its newline. */
function publishPackets(replyTo: string): Buffer {
  const payloadBytes = lineBytes - 1;
  const head = Buffer.from(`PUB ${subject} ${replyTo} ${payloadBytes}\r\n`);
  const total = lines.length / lineBytes;
  const out = Buffer.allocUnsafe(total * (head.length + payloadBytes + 2));
  let at = 0;
  for (let n = 0; n < total; n++) {
    at += head.copy(out, at);
    at += lines.copy(out, at, n * lineBytes, n * lineBytes + payloadBytes);
    at += out.write('\r\n', at);
  }
  return out;
}

export type NatsLoad = typeof load;
const load = serve({
  /** Makes the lines. */
  prepare(wanted: { sensor: Sensor; count: number; subject: string }): void {
    lines = makeLines(wanted.sensor, wanted.count);
    subject = wanted.subject;
  },

  /**
   * Publishes everything; resolves when the last message is acknowledged.
   * @param underWayMax messages that may wait for their acknowledgement
   */
  async publish({ port, underWayMax }: { port: number; underWayMax: number }) {
    const client = await NatsClient.connect(port);
    const packets = publishPackets(client.listened);
    const count = lines.length / lineBytes;
    const packetBytes = packets.length / count;
    const done = Promise.withResolvers<void>();
    let [sent, acked] = [0, 0];
    const send = () => {
      const next = Math.min(count, acked + underWayMax);
      // In larger pieces: a write for each acknowledgement would cost more than the message.
      if (next - sent < Math.min(underWayMax / 4, count - sent)) return;
      client.write(packets.subarray(sent * packetBytes, next * packetBytes));
      sent = next;
    };
    client.onMessage = ({ status, payload }) => {
      if (status !== null || payload.includes('"error"')) {
        return done.reject(new Error(`not acknowledged: ${status ?? payload.toString()}`));
      }
      acked += 1;
      if (acked === count) done.resolve();
      else send();
    };
    const startedAtMs = nowMs();
    send();
    await Promise.race([done.promise, client.failed.promise]);
    const ackedAtMs = nowMs();
    await client.close();
    return { startedAtMs, ackedAtMs };
  },
});
