/** A console over pipelines that are not there, and a client that may send whatever it likes. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import type { ExecutionContext } from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { type ConsoleOptions, type RunningConsole, serveConsole } from '../../src/console/server.ts';
import type { ConsoleEvent, HelloEvent } from '../../src/console/wire.ts';
import type { AuditEntry } from '../../src/contract/control.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { FakeControl } from '../helpers/fake-control.ts';

export const token = 'a token that nobody can guess'.replaceAll(' ', '-');

export interface Said {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each answer has fields of its own
  readonly json: any;
}

export async function served(t: Pick<ExecutionContext, 'teardown'>, options: Partial<ConsoleOptions> = {}) {
  const hub = options.hub ?? createHub(systemClock);
  const control = new FakeControl('edge');
  hub.attach(control);
  const audited: AuditEntry[] = [];
  const server: RunningConsole = await serveConsole({
    ...{ hub, host: '127.0.0.1', port: 0, version: '1.2.3', life: 'life-1', now: Date.now },
    audit: (entry) => audited.push(entry),
    ...options,
  });
  t.teardown(async () => {
    hub.close();
    await server.close();
  });
  const { port } = new URL(server.url);
  const ask = (
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Said> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        response.once('error', reject);
        response.once('end', () => {
          let json: unknown;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          resolve({ status: response.statusCode!, headers: response.headers, text, json });
        });
      });
      asked.once('error', reject);
      asked.end(body);
    });
  const key = async (headers: Record<string, string> = {}): Promise<string> =>
    (await ask('GET', '/api/hello', { headers })).json.key ?? '';
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask('POST', path, {
      headers: { 'content-type': 'application/json', 'x-fogrun-key': await key(), ...headers },
      body: JSON.stringify(body),
    });
  return { hub, control, audited, server, port: Number(port), ask, key, post };
}

/** A page that reads the stream of events. */
export interface Page {
  readonly hello: HelloEvent;
  readonly events: readonly ConsoleEvent[];
  /** The first event, past or future, that fits. */
  event(fits: (event: ConsoleEvent) => boolean): Promise<ConsoleEvent>;
  /** No more is taken from the socket until `read`. */
  pause(): void;
  read(): void;
  close(): void;
  readonly ended: Promise<void>;
}

const eventDeadlineMs = 20_000;

export async function openPage(port: number, headers: Record<string, string> = {}): Promise<Page> {
  const events: ConsoleEvent[] = [];
  let hello: HelloEvent | null = null;
  const waiting = new Set<() => void>();
  const socket = connect(port, '127.0.0.1');
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`GET /api/events HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  let rest = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    const parts = (rest + piece).split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      if (!line.startsWith('data: ')) continue;
      const event = JSON.parse(line.slice(6));
      if (event.type === 'hello') hello = event;
      else events.push(event);
    }
    for (const wake of [...waiting]) wake();
  });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  const when = <T>(look: () => T | undefined | null): Promise<T> =>
    new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer);
        waiting.delete(wake);
        act();
      };
      const wake = () => {
        const found = look();
        if (found) done(() => resolve(found));
      };
      const late = () => done(() => reject(new Error(`no such event; ${events.length} came`)));
      const timer = setTimeout(late, eventDeadlineMs);
      socket.once('close', () => done(() => reject(new Error('the stream ended'))));
      waiting.add(wake);
      wake();
    });
  return {
    hello: await when(() => hello),
    events,
    event: (fits) => when(() => events.find(fits)),
    pause: () => void socket.pause(),
    read: () => void socket.resume(),
    close: () => socket.destroy(),
    ended,
  };
}
