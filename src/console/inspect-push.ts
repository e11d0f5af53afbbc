/** `--inspect-push URL`: dials an inspector's WebSocket and tells it what happens, again and again if need be. */
import { WebSocket } from 'ws';
import { isLoopback } from '../contract/address.ts';
import type { Clock, Random, Timer } from '../contract/clock.ts';
import { errorCodes, FogrunError, type Problem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { printable } from '../domain/text.ts';
import type { DefinitionOf } from '../inspect/stately.ts';
import type { Hub } from './hub.ts';
import { feedStately } from './stately-feed.ts';

export interface InspectPushOptions {
  readonly hub: Hub;
  /** As `inspectPushUrl` gave it. */
  readonly url: URL;
  readonly definitionOf: DefinitionOf;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Reporter;
}

const retry = { every: 1_000, factor: 1.5, max: 60_000, jitter: 0.2 };
const handshakeMs = 10_000;
/** It is asked for a sign of life so often, and given up when none came until the next time. */
const pingEveryMs = 15_000;
/** What it may have unread before the connection is made anew: live actors are told first then. */
const unreadBytesMax = 8 * 2 ** 20;
const messageBytesMax = 64 * 2 ** 10;

/** @throws FogrunError `usage` for what is no WebSocket's address, or one beyond this machine without TLS */
export function inspectPushUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    const told = printable(text, 200);
    throw new FogrunError('usage', `--inspect-push takes ws://HOST:PORT or wss://HOST:PORT, not \`${told}\``);
  }
  // No part of what is asked for, and no WebSocket takes it.
  url.hash = '';
  if (url.protocol === 'ws:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new FogrunError('usage', `${url.host} would be told everything in plain text`, {
      advice: 'Dial wss://, or a tunnel that ends on this machine.',
    });
  }
  return url;
}

/** @returns ends it */
export function pushInspection(options: InspectPushOptions): () => void {
  const { hub, definitionOf, clock, report } = options;
  // What stands before an @ or behind a ? may be a secret.
  const where = `${options.url.protocol}//${options.url.host}`;
  let state = 'off';
  let attempt = 0;
  let timer: Timer | undefined;
  let hangUp: () => void = () => {};
  let over = false;

  const go = (to: string, event: string, trouble?: { cause: Problem; retryInMs: number }) => {
    report({ type: 'transition', from: state, to, event, ...(trouble ? { ...trouble, attempt } : {}) });
    state = to;
  };
  const dial = (event: string) => {
    go('connecting', event);
    const socket = new WebSocket(options.url, {
      ...{ handshakeTimeout: handshakeMs, perMessageDeflate: false, maxPayload: messageBytesMax },
    });
    let why = 'it closed the connection';
    let ping: Timer | undefined;
    let isAlive = true;
    let endFeed: () => void = () => {};
    const beat = () => {
      if (!isAlive) {
        why = `it gave no sign of life for ${pingEveryMs / 1_000} s`;
        return socket.terminate();
      }
      isAlive = false;
      socket.ping();
      ping = clock.setTimeout(beat, pingEveryMs);
    };
    hangUp = () => socket.terminate();
    socket.on('pong', () => {
      isAlive = true;
    });
    socket.on('error', (error) => {
      why = printable(error.message, 200);
    });
    socket.once('open', () => {
      attempt = 0;
      go('telling', 'OPENED');
      ping = clock.setTimeout(beat, pingEveryMs);
      endFeed = feedStately(hub, definitionOf, (text) => {
        if (socket.readyState !== WebSocket.OPEN) return;
        if (socket.bufferedAmount <= unreadBytesMax) return socket.send(text);
        why = 'it does not keep up';
        socket.terminate();
      });
    });
    socket.once('close', () => {
      clock.clearTimeout(ping);
      endFeed();
      if (over) return;
      attempt += 1;
      const retryInMs = retryDelayMs(retry, attempt, options.random.next());
      const message = `the inspector at ${where} is not there: ${why}`;
      const { advice } = errorCodes['inspector-lost'];
      go('waitingToRetry', 'CLOSED', { cause: { code: 'inspector-lost', message, advice }, retryInMs });
      timer = clock.setTimeout(() => dial('after retry'), retryInMs);
    });
  };
  dial('start');
  return () => {
    over = true;
    clock.clearTimeout(timer);
    hangUp();
    go('off', 'STOP');
  };
}
