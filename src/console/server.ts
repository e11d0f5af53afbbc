/** The console's server: its page, the stream of events, and what a person may ask for. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chart, ChartLayout } from '../contract/chart.ts';
import type { Hub } from './hub.ts';
import type { Probe } from './probes.ts';

export interface ConsoleOptions {
  readonly hub: Hub;
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Names this life of the console. */
  readonly life: string;
  readonly now: () => number;
  /** The statechart of that kind, with where it is drawn if that is known; `null` for one that is not known. */
  readonly chart?: (name: string) => Promise<KnownChart | null>;
  /** What machines may ask. */
  readonly probes?: readonly Probe[];
}

/** `GET /api/charts/NAME` */
export interface KnownChart {
  readonly chart: Chart;
  readonly layout: ChartLayout | null;
}

export interface RunningConsole {
  readonly url: string;
  close(): Promise<void>;
}

const files: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
};

export async function serveConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: ConsoleOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://console');
  if (pathname === '/api/events') return stream(options, request, response);
  const chart = /^\/api\/charts\/([\w-]{1,100})$/.exec(pathname)?.[1];
  if (chart !== undefined) {
    const found = await options.chart?.(chart);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(found ? JSON.stringify(found) : undefined);
    return;
  }
  const probe = options.probes?.find(({ path }) => path === pathname);
  if (probe) {
    const { status, body, headers } = await probe.answer({ signedIn: true });
    response.writeHead(status, headers).end(body);
    return;
  }
  const known = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
  if (!known) {
    response.writeHead(404).end();
    return;
  }
  const body = await readFile(new URL(`./page/${known.file}`, import.meta.url));
  response.writeHead(200, { 'content-type': known.type, 'cache-control': 'no-store' }).end(body);
}

function stream(
  { hub, version, life, now }: ConsoleOptions,
  request: IncomingMessage,
  response: ServerResponse,
) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const say = (event: { readonly type: string; readonly id?: number }) =>
    response.write(`${event.id === undefined ? '' : `id: ${event.id}\n`}data: ${JSON.stringify(event)}\n\n`);
  say({ type: 'hello', version, life, nowMs: now(), mode: 'live', key: null } as never);
  const last = Number(request.headers['last-event-id'] ?? Number.NaN);
  for (const event of hub.after(last) ?? hub.snapshot()) say(event);
  const leave = hub.subscribe(say);
  request.once('close', leave);
}
