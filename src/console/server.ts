/** The console's server: puts page, stream, questions and whoever guards them behind one port. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressText, isLoopback, listenError } from '../contract/address.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { type ConsoleConfig, consoleHasTls, exposureOf } from '../contract/console-config.ts';
import type { AuditEntry } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { type OwnNames, ownNames } from '../runtime/own-names.ts';
import { type Asked, type ConsoleRoute, errorAnswer, Refused, redirect, send } from './answer.ts';
import { apiRoutes, nothing } from './api.ts';
import { createAssets } from './assets.ts';
import { readBody, readJson } from './body.ts';
import { createGuard } from './guard.ts';
import type { Hub } from './hub.ts';
import { limitConnections } from './limits.ts';
import type { Probe } from './probes.ts';
import { shownHost } from './shown-host.ts';
import { signIn, signInPage } from './sign-in.ts';
import { createStreams } from './streams.ts';
import type { HelloEvent, KnownChart } from './wire.ts';

export interface ConsoleOptions extends Partial<Omit<ConsoleConfig, 'host' | 'port'>> {
  readonly hub: Hub;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly version: string;
  /** Names this life of the console. */
  readonly life: string;
  /** The time for people, ms since 1970. */
  readonly now: () => number;
  /** `replay`: nothing can be changed; `live` unless given. */
  readonly mode?: HelloEvent['mode'];
  readonly chart?: (name: string) => Promise<KnownChart | null>;
  /** What machines may ask. */
  readonly probes?: readonly Probe[];
  /** Further questions that it answers. */
  readonly routes?: readonly ConsoleRoute[];
  /** Takes WebSockets, by path: those that passed the checks. */
  readonly upgrades?: Readonly<Record<string, Upgrade>>;
  readonly report?: Reporter;
  readonly audit?: (entry: AuditEntry) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  /** What others call this machine; asked unless given. */
  readonly ownNames?: () => OwnNames;
}

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface RunningConsole {
  /** What people open. */
  readonly url: string;
  /** Streams of events that are open. */
  readonly pages: number;
  close(): Promise<void>;
}

/**
 * Listens.
 * @throws FogrunError `console-exposed`, `keys-unreadable`, `address-in-use`, `address-refused`
 */
export async function serveConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host, port, mode = 'live', clock = systemClock, random = systemRandom, token = '' } = options;
  const tls = options.tls ?? { dir: '', cert: '', key: '' };
  const exposure = exposureOf({ host, tls, token });
  if (exposure !== null) throw new FogrunError('console-exposed', exposure);
  const withTls = consoleHasTls({ tls });
  const key = mode === 'live' ? Buffer.from(random.bytes(24)).toString('base64url') : null;
  const { version, life, hub } = options;
  const hello = (): HelloEvent => ({
    ...{ type: 'hello', version, life, nowMs: options.now(), mode, key },
    ...(token === '' ? {} : { signedIn: true }),
  });
  const shown = shownHost(host, options.ownNames ?? ownNames);
  const guard = createGuard({
    ...{ host, shown, token, withTls, key, clock, random },
    allowHosts: options['allow-hosts'] ?? [],
    origins: options.origins ?? [],
    audit: options.audit ?? (() => {}),
  });
  const streams = createStreams({ hub, hello, clock, mayStay: guard.isSignedIn });
  const assets = createAssets(new URL('./page/', import.meta.url));
  const routes = [
    ...apiRoutes({ hub, hello, chart: options.chart ?? (async () => null) }),
    ...(options.probes ?? []),
    ...(options.routes ?? []),
  ];

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    guard.checkPlace(request);
    const url = urlOf(request);
    const { pathname } = url;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (method !== 'GET' && method !== 'POST') {
      throw new Refused(405, 'console-request', 'only GET and POST are known here', { allow: 'GET, POST' });
    }
    const isHead = request.method === 'HEAD';
    const found = routeFor(routes, pathname, method);
    // Browsers ask for it by themselves.
    if (pathname === '/favicon.ico') return send(response, { status: 204, body: '', headers: {} }, isHead);
    guard.checkOrigin(request);
    if (pathname === '/sign-in' && method === 'GET') {
      return send(response, await signInPage(assets, request, url.search.slice(1)), isHead);
    }
    if (pathname === '/sign-in') return send(response, signIn(guard, request, await readBody(request)));
    if (pathname === '/sign-out' && method === 'POST') {
      return send(response, redirect('sign-in', { 'set-cookie': guard.signOut(request) }));
    }
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    const asset = method === 'GET' && !found ? await assets.answer(name, request) : null;
    if (asset) {
      const isPage = name.endsWith('.html');
      if (isPage && !guard.isSignedIn(request)) return send(response, redirect('sign-in'));
      return send(response, asset, isHead);
    }
    if (!found?.open) guard.checkToken(request);
    if (method === 'POST') guard.checkKey(request);
    if (pathname === '/api/events' && method === 'GET') {
      // Without a body there is nothing that would ever end it.
      if (isHead) throw new Refused(405, 'console-request', 'a stream has no head alone', { allow: 'GET' });
      return streams.open(request, response);
    }
    if (!found) throw nothing(url);
    const asked: Asked = {
      ...{ url, method, request },
      signedIn: guard.isSignedIn(request),
      user: guard.userOf(request),
      json: () => readJson(request),
    };
    send(response, await found.answer(asked), isHead);
  };

  const listener: RequestListener = (request, response) => {
    response.on('error', () => {});
    answer(request, response).catch((thrown) => {
      if (!(thrown instanceof FogrunError)) options.report?.({ type: 'problem', ...bugIn(thrown) }, 'warn');
      // What is left of the body is not read: the connection ends with the answer.
      if (!request.complete) response.shouldKeepAlive = false;
      send(response, errorAnswer(thrown), request.method === 'HEAD');
    });
  };
  const { server, release } = withTls
    ? await (await import('./tls.ts')).createTlsServer(tls, { listener, clock, report: options.report })
    : { server: createServer(listener), release: () => {} };
  limitConnections(server, isLoopback);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      guard.checkPlace(request);
      guard.checkOrigin(request);
      guard.checkToken(request);
      const take = own(options.upgrades ?? {}, urlOf(request).pathname);
      if (!take) throw nothing(urlOf(request));
      take(request, socket, head);
    } catch (thrown) {
      const { status, body } = errorAnswer(thrown);
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n${body}`,
      );
    }
  });
  try {
    await listening(server, { host, port });
  } catch (thrown) {
    release();
    throw thrown;
  }
  const actual = (server.address() as AddressInfo).port;
  return {
    url: `${withTls ? 'https' : 'http'}://${addressText(shown, actual)}/`,
    get pages() {
      return streams.count;
    },
    async close() {
      release();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      streams.close();
      // Those who have begun to ask get their answer if it is there at once; nobody is waited for.
      await new Promise(setImmediate);
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(listenError(at, error));
    server.once('error', fail);
    server.listen(at.port, at.host, () => {
      server.off('error', fail);
      server.on('error', () => {});
      resolve();
    });
  });
}

/** Whatever stands in the first line of a request: only its path and its query count. */
function urlOf(request: IncomingMessage): URL {
  const base = 'http://console';
  const text = request.url ?? '/';
  const url = URL.canParse(text.startsWith('/') ? `${base}${text}` : text)
    ? new URL(text.startsWith('/') ? `${base}${text}` : text)
    : null;
  if (url) return url;
  throw new Refused(400, 'console-request', 'that is no address');
}

function routeFor(routes: readonly ConsoleRoute[], pathname: string, method: 'GET' | 'POST') {
  const fitting = routes.filter(({ path }) =>
    path.endsWith('/') ? pathname.startsWith(path) : pathname === path,
  );
  const found = fitting.find(({ methods }) => methods.includes(method));
  if (found || fitting.length === 0) return found;
  const allow = fitting.flatMap(({ methods }) => methods).join(', ');
  throw new Refused(405, 'console-request', `${pathname} takes ${allow}`, { allow });
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function bugIn(thrown: unknown) {
  const message = `the console could not answer: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  return { code: 'internal' as const, message, advice: 'Please report it with the lines above it.' };
}
