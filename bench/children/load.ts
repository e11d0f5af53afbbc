/** The load: lines made beforehand, sent over one TCP connection at once or at a pace. A process of its own. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { lineBytes, makeLines, type Sensor } from '../lines.ts';
import { serve } from '../remote.ts';
import { nowMs } from '../time.ts';

const dialDeadlineMs = 15_000;
const dialAgainMs = 20;

export interface Paced {
  readonly port: number;
  readonly perSecond: number;
  /** Lines that are due are written together this often. */
  readonly everyMs: number;
}

export interface Blast {
  readonly port: number;
  /** Counted from 0. */
  readonly from?: number;
  readonly to?: number;
}

/** When an ack line came, and how many lines it says were accepted so far. */
export type AckSeen = readonly [atMs: number, accepted: number];

let lines: Buffer = Buffer.alloc(0);
let made = '';

/** A connection to the source, which may still be starting. */
async function dial(port: number): Promise<Socket> {
  for (const until = nowMs() + dialDeadlineMs; ; await wait(dialAgainMs)) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      if (nowMs() > until) throw error;
    }
  }
}

/** Reads on to the other side's end; a source may close as it likes once it has everything. */
function untilClosed(socket: Socket): Promise<number> {
  socket.on('error', () => {});
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve(nowMs())));
}

export type Load = typeof load;
const load = serve({
  /** Makes the lines, unless they are there already. */
  prepare({ sensor, count }: { sensor: Sensor; count: number }): void {
    const wanted = `${count} ${sensor}`;
    if (made !== wanted) lines = makeLines(sensor, count);
    made = wanted;
  },

  /** Sends lines as fast as they are taken, and its end: all that were made, or those from `from` up to `to`. */
  async blast({ port, from = 0, to = lines.length / lineBytes }: Blast) {
    const socket = await dial(port);
    const closed = untilClosed(socket);
    const startedAtMs = nowMs();
    socket.end(lines.subarray(from * lineBytes, to * lineBytes));
    const closedAtMs = await closed;
    return { startedAtMs, closedAtMs };
  },

  /** Sends all lines at a pace, and its end. Ack lines that come back are noted with their time. */
  async pace({ port, perSecond, everyMs }: Paced) {
    const socket = await dial(port);
    const acks: AckSeen[] = [];
    createInterface({ input: socket }).on('line', (line) => {
      const { accepted } = JSON.parse(line);
      if (typeof accepted === 'number') acks.push([nowMs(), accepted]);
    });
    const closed = untilClosed(socket);
    const startedAtMs = nowMs();
    const total = lines.length / lineBytes;
    for (let sent = 0; sent < total; ) {
      await wait(everyMs);
      const due = Math.min(total, Math.floor(((nowMs() - startedAtMs) * perSecond) / 1_000));
      if (due > sent && !socket.write(lines.subarray(sent * lineBytes, due * lineBytes))) {
        await Promise.race([once(socket, 'drain'), closed]);
      }
      sent = due;
      if (socket.destroyed) throw new Error(`the source closed the connection after ${sent} lines`);
    }
    const sentAtMs = nowMs();
    socket.end();
    const closedAtMs = await closed;
    return { startedAtMs, sentAtMs, closedAtMs, acks };
  },
});
