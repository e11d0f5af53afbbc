/** Effects of the kind `tcp-source`: listening, and who is connected. */
import type { TcpSourceEffects } from '../../machines/tcp-source.ts';
import { addressText } from '../contract/address.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import { plainAlarm } from '../contract/tls-config.ts';
import type { Transport } from '../contract/transport.ts';
import { Complaints } from './complaints.ts';
import { LineConnection } from './line-connection.ts';
import { Outlet } from './outlet.ts';

export interface TcpSourceEnv {
  readonly output: OutPort<Batch>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
  /** @param turnedAway called for each connection that was not taken */
  readonly transport: (turnedAway: (remote: string, why: string) => void) => Transport;
}

/** How long what was taken may wait for its commit when the source is told to end. */
const drainMsMax = 2_000;

export function tcpSourceEffects(env: TcpSourceEnv): TcpSourceEffects {
  const { clock } = env;
  return {
    retryInMs: env.retryInMs,
    async listener({ input: config, signal, emit, receive }) {
      const closing = Promise.withResolvers<void>();
      receive((command) => {
        if (command.type === 'CLOSE') closing.resolve();
      });
      signal.addEventListener('abort', () => closing.resolve(), { once: true });

      const complaints = new Complaints(env.report, clock);
      const outlet = new Outlet(env.output);
      const connections = new Set<LineConnection>();
      const transport = env.transport((remote, why) => complaints.say(`${remote} was turned away: ${why}`));
      const { host, port } = config;
      const listener = await transport.listen({ host, port }, (socket) => {
        socket.greeted?.();
        const connection = new LineConnection(socket, {
          config,
          outlet,
          clock,
          complaints,
          broken: closing.reject,
          signal,
        });
        connections.add(connection);
        connection.ended.then(() => connections.delete(connection));
      });
      emit({ type: 'LISTENING', host: listener.host, port: listener.port });
      const alarm = plainAlarm('listens on', host, listener.port);
      if (!signal.aborted) {
        if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: alarm });
        env.report({ type: 'note', text: `listening on ${addressText(listener.host, listener.port)}` });
      }

      try {
        await closing.promise;
      } finally {
        await listener.close();
        if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: null });
        for (const connection of connections) connection.end();
        const over = new AbortController();
        await Promise.race([
          Promise.all([...connections].map((connection) => connection.ended)),
          sleep(clock, drainMsMax, AbortSignal.any([signal, over.signal])),
        ]);
        over.abort();
        for (const connection of connections) connection.destroy();
        complaints.end();
      }
    },
  };
}
