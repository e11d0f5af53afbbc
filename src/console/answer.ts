/** What the console answers: bodies, errors and their statuses. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { type ErrorCode, FogrunError, toProblem } from '../contract/errors.ts';

export interface Answer {
  readonly status: number;
  readonly body: string | Uint8Array | Readable;
  readonly headers: OutgoingHttpHeaders;
}

/** What may be asked of the console beside its page and stream; `open`: also by whoever has not signed in. */
export interface ConsoleRoute {
  /** `/metrics`; one that ends with `/` takes all below it. */
  readonly path: string;
  readonly methods: readonly ('GET' | 'POST')[];
  readonly open: boolean;
  answer(asked: Asked): Answer | Promise<Answer>;
}

/** A request that passed every check. */
export interface Asked {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly request: IncomingMessage;
  /** False only where a route is open. */
  readonly signedIn: boolean;
  /** Who asks, for the audit log: `console at 127.0.0.1`. */
  readonly user: string;
  /** The body as JSON. Rejects with `console-request`. */
  json(): Promise<unknown>;
}

const strict = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** On every answer, whatever it is. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': strict,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

export function jsonAnswer(value: unknown, status = 200): Answer {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status, body: JSON.stringify(value), headers };
}

export function redirect(to: string, headers: OutgoingHttpHeaders = {}): Answer {
  return { status: 303, body: '', headers: { location: to, 'cache-control': 'no-store', ...headers } };
}

/** A failure with a status of its own, such as `404`. */
export class Refused extends FogrunError {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, code: ErrorCode, message: string, headers: OutgoingHttpHeaders = {}) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  'control-unknown': 404,
  'letter-unknown': 404,
  'control-refused': 409,
  'control-version': 501,
  'control-absent': 503,
  'control-lost': 503,
  'deadline-missed': 504,
  internal: 500,
};

/** `ErrorAnswer` of wire.ts. */
export function errorAnswer(thrown: unknown): Answer {
  const { code, message, advice } = toProblem(thrown);
  const status = thrown instanceof Refused ? thrown.status : (statuses[code] ?? 409);
  const answer = jsonAnswer({ code, message, advice }, status);
  return thrown instanceof Refused
    ? { ...answer, headers: { ...answer.headers, ...thrown.headers } }
    : answer;
}

export function send(response: ServerResponse, { status, body, headers }: Answer, isHead = false): void {
  if (response.headersSent || response.destroyed) return;
  if (typeof body === 'object' && 'pipe' in body) {
    response.writeHead(status, { ...safeHeaders, ...headers });
    // Either end may break off: nobody is told, and nothing is left open.
    pipeline(body, response, () => {});
    return;
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { ...safeHeaders, 'content-length': bytes.length, ...headers });
  response.end(isHead ? undefined : bytes);
}
