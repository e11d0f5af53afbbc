/** Effects of the kind `cloud-receiver`: listening, and who is connected. */
import type { CloudReceiverEffects } from '../../machines/cloud-receiver.ts';
import type { CloudSessionEffects } from '../../machines/cloud-session.ts';
import type { AddressedMessage, InPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import { plainAlarm } from '../contract/tls-config.ts';
import type { Connection, Transport } from '../contract/transport.ts';
import { Budget } from './budget.ts';
import { Door } from './door.ts';
import type { Gate } from './gate.ts';
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
  /** Who may come in; absent where everybody may. */
  readonly gate?: Gate | undefined;
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
      const judged = new Set<Session>();
      const greeted = new Map<string, Session>();
      const budget = new Budget(config.memory);
      const door = new Door(config.connections.greeting, () => env.clock.monotonic());
      const closing = Promise.withResolvers<void>();
      receive((command) => {
        if (command.type === 'CLOSE') closing.resolve();
      });
      signal.addEventListener('abort', () => closing.resolve(), { once: true });

      const start = (connection: Connection) => {
        let session: Session | undefined;
        const handle = env.startSession(connection.remote, (report) => {
          session = createSession(connection, { ...env, report, config, greeted, budget, door });
          return session.effects;
        });
        const own = session;
        sessions.add(handle);
        if (own) judged.add(own);
        handle.ended.finally(() => {
          sessions.delete(handle);
          if (own) judged.delete(own);
        });
      };
      const { host, port } = config;
      await env.gate?.open(env.report);
      env.gate?.onChange(() => {
        for (const session of judged) session.judge();
      });
      signal.addEventListener('abort', () => env.gate?.close(), { once: true });
      const listener = await env.transport.listen({ host, port }, start);
      const alarm = plainAlarm('listens on', host, listener.port, config.tls);
      if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: alarm });
      emit({ type: 'LISTENING', host: listener.host, port: listener.port });
      env.report({ type: 'note', text: `listening on ${listener.host}:${listener.port}` });

      const messages = env.input?.consume(messageLimits, signal, async (items) => {
        for (const { edge, epoch, message } of items) greeted.get(`${edge}/${epoch}`)?.deliver(message);
      });
      await Promise.race([closing.promise, messages ?? closing.promise]);
      await listener.close();
      if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: null });
      for (const session of sessions) {
        if (signal.aborted) session.kill();
        else session.send({ type: 'STOP' });
      }
      await Promise.all([...sessions].map((session) => session.ended));
      env.gate?.close();
    },
  };
}
