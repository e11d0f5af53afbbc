/** Answers of the http-source, and how one is given to somebody who may still be sending. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, sleep } from '../contract/clock.ts';
import type { LineRefusal } from '../domain/intake.ts';

export interface Answer {
  readonly status: number;
  /** Sent as JSON; none when absent. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What became of the readings of a request. */
export interface Outcome {
  readonly accepted: number;
  readonly refused: number;
  /** The first of those refused. */
  readonly refusals: readonly LineRefusal[];
}

export const outcomeAnswer = (outcome: Outcome): Answer => {
  const { accepted, refused, refusals } = outcome;
  return { status: accepted === 0 && refused > 0 ? 400 : 200, body: { accepted, refused, refusals } };
};

/** @param error what happened; @param advice what to do */
export function refusal(
  status: number,
  error: string,
  advice: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: { error, advice }, headers };
}

/** Nothing was taken, and the same request may do well later. */
export function retryLater(status: 429 | 503, error: string, afterS: number): Answer {
  return refusal(status, error, `Nothing of this request was taken. Send it again after ${afterS} s.`, {
    'Retry-After': String(afterS),
  });
}

/** How long a sender that was answered early may go on sending before its connection is closed. */
const lingerMs = 1_000;

/** Resolves when the answer is written and the connection is free for the next request, or closed. */
export async function give(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  options: {
    readonly clock: Clock;
    readonly close: boolean;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const text = answer.body === undefined ? '' : `${JSON.stringify(answer.body)}\n`;
  // A turn of the event loop, after which a short request is known to be whole.
  await new Promise((resolve) => setImmediate(resolve));
  if (response.destroyed) return;
  const over = new Promise<void>((resolve) => response.once('close', resolve).once('finish', resolve));
  const early = !request.complete;
  response.writeHead(answer.status, {
    ...options.headers,
    ...answer.headers,
    ...(text === '' ? {} : { 'Content-Type': 'application/json' }),
    'Content-Length': String(Buffer.byteLength(text)),
    ...(early || options.close ? { Connection: 'close' } : {}),
  });
  response.write(text);
  if (early) await ended(request, options.clock);
  response.end();
  await over;
}

/** Passes over what still comes: closed with something unread, the connection would be reset and the answer lost. */
async function ended(request: IncomingMessage, clock: Clock): Promise<void> {
  const over = new AbortController();
  const stop = () => over.abort();
  request.once('end', stop).once('close', stop).resume();
  await sleep(clock, lingerMs, over.signal);
}
