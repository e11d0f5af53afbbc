/** What connections to the console may cost. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const connectionsMax = 256;
/** Of one address; this machine's own may be a proxy for many. */
const perAddressMax = 64;

/** @param isOwn whether an address is this machine's */
export function limitConnections(server: Server, isOwn: (address: string) => boolean): void {
  const counts = new Map<string, number>();
  server.maxConnections = connectionsMax;
  server.maxHeadersCount = 100;
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  server.keepAliveTimeout = 5_000;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = counts.get(address)! - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
    if (count > perAddressMax && !isOwn(address)) socket.destroy();
  });
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });
  server.on('tlsClientError', () => {});
}
