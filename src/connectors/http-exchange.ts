/** One request to the http-source, from its head to the answer. */
import type { IncomingMessage } from 'node:http';
import type { HttpSourceConfig } from '../../machines/http-source.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import { intakeRules } from '../contract/intake-config.ts';
import { rateOf } from '../contract/rate-config.ts';
import type { StoreState } from '../contract/store.ts';
import { TokenBucket } from '../domain/token-bucket.ts';
import { type Answer, outcomeAnswer, refusal, retryLater } from './http-answer.ts';
import { readBody, type Share } from './http-body.ts';
import { type BodyForm, tooLarge, tooMuch } from './http-head.ts';
import { type Judged, judgeBody } from './http-judge.ts';
import type { Outlet } from './outlet.ts';

export interface ExchangeEnv {
  readonly config: HttpSourceConfig;
  readonly clock: Clock;
  readonly outlet: Outlet;
  readonly storeState: () => StoreState;
  /** Aborts when the source is told to end: nothing more is taken. */
  readonly closing: AbortSignal;
  /** Aborts when what was taken cannot be waited for any longer. */
  readonly late: AbortSignal;
}

const fullRetryS = 5;
const shortRetryS = 1;
/** How long a request that was read waits for room in the port before it is turned away. */
const creditMsMax = 1_000;

/** Why nothing can be taken now, or null. */
export function busy(env: ExchangeEnv): Answer | null {
  if (env.closing.aborted) return retryLater(503, 'the source is ending', shortRetryS);
  const state = env.storeState();
  if (state === 'full') return retryLater(429, 'the store is full', fullRetryS);
  if (state === 'failed') return retryLater(503, 'the store has failed', fullRetryS);
  return null;
}

/** Reads, judges and hands on the readings of a request whose head is in order. Null when the sender is gone. */
export async function takeRequest(
  request: IncomingMessage,
  form: BodyForm,
  share: Share,
  env: ExchangeEnv,
): Promise<Answer | null> {
  const { config, clock, closing } = env;
  const bodyMax = config['body-max'];
  const readingsMax = 2 * bodyMax;
  const body = await readBody(request, bodyMax, share, closing, paceOf(request, env), clock);
  if (body === 'gone') return null;
  if (body === 'tooLarge') return tooLarge(config);
  if (body === 'noMemory') return retryLater(429, 'too many requests at once', shortRetryS);
  if (body === 'stopped') return busy(env);
  const time = new Date(clock.now()).toISOString();
  const judged = await judgeBody(body, form, intakeRules(config), time, readingsMax);
  if (judged === 'tooLarge') return tooMuch(readingsMax);
  if (judged.accepted === 0) return outcomeAnswer(judged);
  if (!share.take(bytesOf(judged))) return retryLater(429, 'too many requests at once', shortRetryS);
  // From here on all of it is handed on, or nothing.
  const credit = await hasCredit(env);
  return (
    busy(env) ?? (credit ? accept(judged, env) : retryLater(429, 'the store does not keep up', shortRetryS))
  );
}

/** By connection: several requests may come over one. */
const buckets = new WeakMap<object, TokenBucket>();

function paceOf({ socket }: IncomingMessage, { config, clock }: ExchangeEnv): (bytes: number) => number {
  const rate = rateOf(config.rate);
  if (!rate) return () => 0;
  const bucket = buckets.get(socket) ?? new TokenBucket(rate, clock.monotonic());
  buckets.set(socket, bucket);
  return (bytes) => bucket.take(bytes, clock.monotonic());
}

function bytesOf({ pieces }: Judged): number {
  return pieces.reduce((sum, { lines }) => sum + lines.length, 0);
}

async function hasCredit({ outlet, clock, closing }: ExchangeEnv): Promise<boolean> {
  if (outlet.open) return true;
  const over = new AbortController();
  let open = false;
  const waitNoLonger = outlet.whenOpen(() => {
    open = true;
    over.abort();
    return true;
  });
  await sleep(clock, creditMsMax, AbortSignal.any([closing, over.signal]));
  waitNoLonger();
  return open;
}

async function accept(judged: Judged, env: ExchangeEnv): Promise<Answer> {
  const { config, clock, outlet, late } = env;
  const over = new AbortController();
  const sent = judged.pieces.map(({ lines, count, stamped }) =>
    outlet.send({ stream: config.stream, lines, count, ...(stamped ? { stamped } : {}) }, late),
  );
  outlet.flush();
  const accepted = Promise.all(sent).then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([
    accepted,
    sleep(clock, config['accept-timeout'], AbortSignal.any([late, over.signal])).then(() => false),
  ]);
  over.abort();
  if (inTime) return outcomeAnswer(judged);
  const { status, body, headers } = refusal(
    503,
    'the readings are not on the disk yet',
    'They may still be accepted: sent again, they may be there twice.',
    { 'Retry-After': String(fullRetryS) },
  );
  return { status, body: { ...body, mayBeAccepted: true }, headers: headers ?? {} };
}
