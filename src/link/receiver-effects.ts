/** Effects of the kind `cloud-receiver`: listening, and who is connected. */
import type { CloudReceiverEffects } from '../../machines/cloud-receiver.ts';
import type { CloudSessionEffects } from '../../machines/cloud-session.ts';
import type { AddressedMessage, InPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { Connection, Transport } from '../contract/transport.ts';
import { Budget } from './budget.ts';
import { Door } from './door.ts';
import { createSession, type Session, type SessionEnv } from './session.ts';

/** A session's statechart at work. */
export interface SessionHandle {
  send(event: { type: 'STOP' }): void;
  /** Ends it at once, with everything it holds. */
  kill(): void;
  readonly ended: Promise<unknown>;
}

export interface ReceiverEnv extends Omit<SessionEnv, 'config' | 'greeted' | 'budget' | 'door'> {
  readonly transport: Transport;
  /** Messages for edges, if something is wired to send any. */
  readonly input: InPort<AddressedMessage> | null;
  readonly retryInMs: (attempt: number) => number;
  /** Runs the statechart of a session under that name. */
  readonly startSession: (name: string, effects: (report: Reporter) => CloudSessionEffects) => SessionHandle;
}

const messageLimits = { itemsMax: 1_024, bytesMax: 2 ** 20 };

export function receiverEffects(env: ReceiverEnv): CloudReceiverEffects {
  return {
    retryInMs: env.retryInMs,
    async listener({ input: config, signal, emit, receive }) {
      const sessions = new Set<SessionHandle>();
      const greeted = new Map<string, Session>();
      const budget = new Budget(config.memory);
      const door = new Door(config.connections.greeting, () => env.clock.monotonic());
      const closing = Promise.withResolvers<void>();
      receive((command) => {
        if (command.type === 'CLOSE') closing.resolve();
      });
      signal.addEventListener('abort', () => closing.resolve(), { once: true });

      const start = (connection: Connection) => {
        const handle = env.startSession(connection.remote, (report) => {
          const session = createSession(connection, { ...env, report, config, greeted, budget, door });
          return session.effects;
        });
        sessions.add(handle);
        handle.ended.finally(() => sessions.delete(handle));
      };
      const { host, port } = config;
      const listener = await env.transport.listen({ host, port }, start);
      emit({ type: 'LISTENING', host: listener.host, port: listener.port });
      env.report({ type: 'note', text: `listening on ${listener.host}:${listener.port}` });

      const messages = env.input?.consume(messageLimits, signal, async (items) => {
        for (const { edge, epoch, message } of items) greeted.get(`${edge}/${epoch}`)?.deliver(message);
      });
      await Promise.race([closing.promise, messages ?? closing.promise]);
      await listener.close();
      for (const session of sessions) {
        if (signal.aborted) session.kill();
        else session.send({ type: 'STOP' });
      }
      await Promise.all([...sessions].map((session) => session.ended));
    },
  };
}
