/** The WebSocket at `/inspect`, for Stately's inspector and whoever speaks its format; see docs/console.md. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { DefinitionOf } from '../inspect/stately.ts';
import type { Hub } from './hub.ts';
import { feedStately } from './stately-feed.ts';

export interface InspectSocket {
  /** Takes over a connection that asked to be upgraded, after it was judged good. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Connections that are open. */
  readonly clients: number;
  close(): void;
}

/** Each costs every pipeline the making of its frames. */
const clientsMax = 8;
/** What one may have unread; who is further behind is sent away, for it shows what is long past. */
const unreadBytesMax = 8 * 2 ** 20;
/** Nothing is expected from them. */
const messageBytesMax = 4 * 2 ** 10;
const pingEveryMs = 15_000;

/** Codes of RFC 6455, 7.4.1, and the registry that it opened. */
const closeCodes = { goingAway: 1001, tryAgainLater: 1013 } as const;

export function createInspectSocket(hub: Hub, definitionOf: DefinitionOf): InspectSocket {
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: true, perMessageDeflate: false, maxPayload: messageBytesMax },
  });
  server.on('connection', (client) => {
    if (server.clients.size > clientsMax) {
      client.close(closeCodes.tryAgainLater, `no more than ${clientsMax} inspectors at a time`);
      return;
    }
    let isAlive = true;
    const feed = feedStately(hub, definitionOf, (text) => {
      if (client.readyState !== client.OPEN) return;
      if (client.bufferedAmount > unreadBytesMax) client.close(closeCodes.tryAgainLater, 'too far behind');
      else client.send(text);
    });
    const ping = setInterval(() => {
      if (!isAlive) return client.terminate();
      isAlive = false;
      client.ping();
    }, pingEveryMs);
    client.on('pong', () => {
      isAlive = true;
    });
    client.on('error', () => client.terminate());
    client.once('close', () => {
      clearInterval(ping);
      feed();
    });
  });
  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(
        request,
        socket,
        head,
        (client) => void server.emit('connection', client, request),
      ),
    get clients() {
      return server.clients.size;
    },
    close() {
      for (const client of server.clients) {
        client.close(closeCodes.goingAway, 'fogrun ends');
        client.terminate();
      }
      server.close();
    },
  };
}
