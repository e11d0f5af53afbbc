/** Effects of the kind `http-source`: the server, and the requests it answers. */
import type { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpSourceConfig, HttpSourceEffects } from '../../machines/http-source.ts';
import { addressText, listenError } from '../contract/address.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { StoreState } from '../contract/store.ts';
import { plainAlarm } from '../contract/tls-config.ts';
import { Complaints } from './complaints.ts';
import { give } from './http-answer.ts';
import { Budget, Share } from './http-body.ts';
import { busy, type ExchangeEnv, takeRequest } from './http-exchange.ts';
import { judgeHead, originHeaders } from './http-head.ts';
import { Outlet } from './outlet.ts';

export interface HttpSourceEnv {
  readonly output: OutPort<Batch>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
  readonly createServer: typeof createServer;
  /** How the store is that the readings go to. */
  readonly storeState: () => StoreState;
}

/** How long what was taken may wait for its commit when the source is told to end. */
const drainMsMax = 2_000;
/** And how long those who are told that it did not come may take to hear it. */
const lastAnswersMsMax = 300;
const headersTimeoutMs = 10_000;
const keepAliveMs = 15_000;
/** How often the server looks for requests that take too long. */
const timeoutCheckMs = 1_000;
/** A connection on which nothing moves for so long beyond the other deadlines is closed: nobody reads the answer. */
const stallMs = 10_000;
/** All requests together may hold so many times the largest body. */
const bodiesMax = 8;

export function httpSourceEffects(env: HttpSourceEnv): HttpSourceEffects {
  const { clock, storeState } = env;
  return {
    retryInMs: env.retryInMs,
    async listener({ input: config, signal, emit, receive }) {
      const broken = Promise.withResolvers<never>();
      const closing = new AbortController();
      const late = new AbortController();
      receive((command) => {
        if (command.type === 'CLOSE') closing.abort();
      });
      const complaints = new Complaints(env.report, clock);
      const outlet = new Outlet(env.output);
      const exchanges = new Set<Promise<void>>();
      const exchange: ExchangeEnv = {
        config,
        clock,
        outlet,
        storeState,
        closing: AbortSignal.any([closing.signal, signal]),
        late: AbortSignal.any([late.signal, signal]),
      };
      /** Resolves when every request is answered, or after `ms`. */
      const allOrAfter = async (ms: number) => {
        const over = new AbortController();
        const waited = sleep(clock, ms, AbortSignal.any([signal, over.signal]));
        await Promise.race([Promise.allSettled(exchanges), waited]);
        over.abort();
      };
      const budget = new Budget(config['body-max'] * bodiesMax);
      const take: Take = (request, response, wait) => {
        const done = answer(request, response, wait, budget, exchange);
        exchanges.add(done);
        // Only a programming error can make it reject.
        done.catch(broken.reject).finally(() => exchanges.delete(done));
      };
      const server = boundedServer(env.createServer, config, take, (text) => complaints.say(text));
      const { address, port } = await listen(server, config);
      // Such as EMFILE while accepting: one connection less, not the end.
      server.on('error', (error) => complaints.say(`a connection could not be accepted: ${error.message}`));
      emit({ type: 'LISTENING', host: address, port });
      const alarm = plainAlarm('listens on', config.host, port);
      if (!signal.aborted) {
        if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: alarm });
        env.report({ type: 'note', text: `listening on ${addressText(address, port)}` });
      }

      try {
        await Promise.race([aborted(exchange.closing), broken.promise]);
      } finally {
        closing.abort();
        const closed = new Promise((resolve) => server.close(resolve));
        if (alarm !== null) env.report({ type: 'alarm', about: 'insecure', text: null });
        await allOrAfter(drainMsMax);
        late.abort();
        await allOrAfter(lastAnswersMsMax);
        server.closeAllConnections();
        await closed;
        complaints.end();
      }
    },
  };
}

/** @param wait the sender waits to be told that it should send the body */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  wait: boolean,
  budget: Budget,
  env: ExchangeEnv,
): Promise<void> {
  // A sender that goes away shows as the end of its request and of its answer.
  request.on('error', () => {});
  response.on('error', () => {});
  const share = new Share(budget);
  try {
    const head = judgeHead(request, env.config);
    let result = typeof head === 'string' ? busy(env) : head;
    if (typeof head === 'string' && !result) {
      if (wait) response.writeContinue();
      result = await takeRequest(request, head, share, env);
    }
    // An answer may take its time, and what it is about does not wait for it.
    share.giveBack();
    const headers = originHeaders(request, env.config);
    if (result)
      await give(result, request, response, { clock: env.clock, close: env.closing.aborted, headers });
  } finally {
    share.giveBack();
  }
}

type Take = (request: IncomingMessage, response: ServerResponse, wait: boolean) => void;

/** A server on which nobody can wait, or make others wait, without a deadline. */
function boundedServer(
  create: typeof createServer,
  config: HttpSourceConfig,
  take: Take,
  complain: (text: string) => void,
): Server {
  const server = create({
    headersTimeout: Math.min(headersTimeoutMs, config['request-timeout']),
    requestTimeout: config['request-timeout'],
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: timeoutCheckMs,
  });
  server.timeout = config['request-timeout'] + config['accept-timeout'] + stallMs;
  server.maxConnections = config.connections.max;
  server.on('request', (request, response) => take(request, response, false));
  server.on('checkContinue', (request, response) => take(request, response, true));
  server.on('drop', (from) => {
    const remote = addressText(from?.remoteAddress ?? 'unknown', from?.remotePort ?? 0);
    complain(`${remote} was turned away: too many connections`);
  });
  return server;
}

function listen(server: Server, { host, port }: HttpSourceConfig): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error) => reject(listenError({ host, port }, cause));
    server.once('error', refused);
    server.listen({ host, port }, () => {
      server.off('error', refused);
      resolve(server.address() as AddressInfo);
    });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
