/** A receiver's gate, an edge's identity, and connections between both over TLS. */
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import { uploader } from '../../machines/uploader.ts';
import type { Clock } from '../../src/contract/clock.ts';
import type { AuditEntry } from '../../src/contract/control.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Connection } from '../../src/contract/transport.ts';
import { createEdgeIdentity } from '../../src/link/edge-identity.ts';
import { createGate } from '../../src/link/gate.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { loopback, never, clock as realClock } from './tcp-fixtures.ts';

export interface TlsOptions {
  /** Keys of the cloud. */
  readonly cloud: object;
  /** Keys of the edge; absent: it dials in plain TCP. */
  readonly edge?: object;
  readonly edgeName?: string;
  readonly token?: string;
  readonly cloudClock?: Clock;
  readonly edgeClock?: Clock;
  readonly host?: string;
}

/** A clock that says another time of day. */
export const shifted = (byMs: number): Clock => ({ ...realClock, now: () => Date.now() + byMs });

/** Both ends, listening; `dial` makes connections. */
export async function tlsWorld(options: TlsOptions) {
  const receiver = cloudReceiver.config.parse({ tls: options.cloud });
  const said: Report[] = [];
  const audited: AuditEntry[] = [];
  const away: string[] = [];
  const gate = createGate(receiver, {
    clock: options.cloudClock ?? realClock,
    target: 'cloud/receiver',
    audit: (entry) => void audited.push(entry),
  })!;
  await gate.open((report) => void said.push(report));
  let turned: (why: string) => void = () => {};
  const turnedAway = new Promise<string>((resolve) => {
    turned = resolve;
  });
  const server = createTcpTransport({
    clock: options.cloudClock ?? realClock,
    secure: gate.secure,
    turnedAway: (_, why) => {
      away.push(why);
      turned(why);
    },
  });
  const waiting: ((connection: Connection) => void)[] = [];
  const accepted: Connection[] = [];
  const listener = await server.listen(loopback, (connection) => {
    accepted.push(connection);
    waiting.shift()?.(connection);
  });
  const identity = createEdgeIdentity(
    uploader.config.parse({ tls: options.edge ?? {}, token: options.token ?? '' }),
    {
      clock: options.edgeClock ?? realClock,
      report: (report) => void said.push(report),
      edge: () => options.edgeName ?? '',
    },
  );
  const client = createTcpTransport({ clock: options.edgeClock ?? realClock, secure: identity.secure });
  return {
    gate,
    identity,
    said,
    audited,
    away,
    turnedAway,
    listener,
    accepted,
    dial: () =>
      client.dial({
        host: options.host ?? '127.0.0.1',
        port: listener.port,
        timeoutMs: 5_000,
        signal: never,
      }),
    /** The next connection that the listener takes. */
    next: () =>
      new Promise<Connection>((resolve) => {
        waiting.push(resolve);
      }),
    async close() {
      gate.close();
      for (const connection of accepted) connection.destroy();
      await listener.close();
    },
  };
}

/** A listener, and a dialled connection with its other end. */
export async function connectedByTls(options: TlsOptions) {
  const world = await tlsWorld(options);
  const next = world.next();
  const near = await world.dial();
  const far = await next;
  const { listener } = world;
  const close = async () => {
    world.gate.close();
    await listener.close();
  };
  return { world, near, far, listener: { ...listener, close } };
}
