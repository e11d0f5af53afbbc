/** The stream of events: one for each page that is open. Whoever does not read is passed over, and gets all it missed in one piece. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../contract/clock.ts';
import { Refused, safeHeaders } from './answer.ts';
import { addressOf } from './guard.ts';
import type { Hub } from './hub.ts';
import { eventText } from './texts.ts';
import type { ConsoleEvent, HelloEvent } from './wire.ts';

export interface StreamsOptions {
  readonly hub: Pick<Hub, 'after' | 'snapshot' | 'subscribe'>;
  readonly hello: () => HelloEvent;
  readonly clock: Clock;
  /** Whether whoever opened it may still look on. */
  readonly mayStay: (request: IncomingMessage) => boolean;
}

export interface Streams {
  /** Throws `console-busy` when there are too many. */
  open(request: IncomingMessage, response: ServerResponse): void;
  /** That are open. */
  readonly count: number;
  close(): void;
}

const streamsMax = 64;
const perAddressMax = 32;
/** Bytes that may wait for a page before it is passed over. */
const waitingBytesMax = 1_048_576;
/** A page that does not read for so long is let go, ms. */
const unreadMsMax = 60_000;
/** Something comes at least so often, ms: proxies end what is silent, and a page knows that it is connected. */
const beatMs = 10_000;

export function createStreams({ hub, hello, clock, mayStay }: StreamsOptions): Streams {
  const open = new Map<ServerResponse, string>();

  const start = (request: IncomingMessage, response: ServerResponse) => {
    let lastId = idIn(request.headers['last-event-id']);
    let isBehind = false;
    let unread: Timer | undefined;
    let beat: Timer | undefined;
    const write = (text: string) => {
      response.write(text);
      if (isBehind || response.writableLength <= waitingBytesMax) return;
      isBehind = true;
      unread = clock.setTimeout(() => response.destroy(), unreadMsMax);
    };
    const say = (event: ConsoleEvent) => {
      lastId = event.id;
      write(`id: ${event.id}\ndata: ${eventText(event)}\n\n`);
    };
    const catchUp = () => {
      response.cork();
      for (const event of hub.after(lastId) ?? hub.snapshot()) say(event);
      response.uncork();
    };
    const leave = hub.subscribe((event) => {
      if (!isBehind) say(event);
    });
    const onBeat = () => {
      if (!mayStay(request)) return void response.end();
      if (!isBehind) response.write(': \n\n');
      beat = clock.setTimeout(onBeat, beatMs);
    };
    response.on('drain', () => {
      if (!isBehind) return;
      clock.clearTimeout(unread);
      isBehind = false;
      catchUp();
    });
    response.once('close', () => {
      leave();
      clock.clearTimeout(unread);
      clock.clearTimeout(beat);
      open.delete(response);
    });
    write(`data: ${JSON.stringify(hello())}\n\n`);
    catchUp();
    beat = clock.setTimeout(onBeat, beatMs);
  };

  return {
    open(request, response) {
      const address = addressOf(request);
      const own = [...open.values()].filter((one) => one === address).length;
      if (open.size >= streamsMax || own >= perAddressMax) {
        throw new Refused(503, 'console-busy', `${open.size} pages are open already`, {
          'retry-after': '10',
        });
      }
      open.set(response, address);
      response.writeHead(200, {
        ...safeHeaders,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Of a proxy that would gather what comes.
        'x-accel-buffering': 'no',
      });
      start(request, response);
    },
    get count() {
      return open.size;
    },
    close() {
      for (const response of open.keys()) response.end();
    },
  };
}

/** 0 where there is none: no event has that id. */
function idIn(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}
