/** What a request to the http-source says before its body: whether it may come at all, and what it carries. */
import type { IncomingMessage } from 'node:http';
import type { HttpSourceConfig } from '../../machines/http-source.ts';
import { formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { type Answer, refusal } from './http-answer.ts';

const lineTypes = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'text/plain'];
const jsonType = 'application/json';

/** How a body is to be read: line by line, or as one JSON text that may be an array. */
export type BodyForm = 'lines' | 'json';

/** The form of its body, or why the request is not taken. */
export function judgeHead(request: IncomingMessage, config: HttpSourceConfig): BodyForm | Answer {
  const { origin } = request.headers;
  if (origin !== undefined && !config.origins.includes(origin)) {
    return refusal(
      403,
      `web pages of ${printable(origin)} may not post here`,
      'List the origin under `origins` of the source, if it should be allowed to.',
    );
  }
  if (request.method === 'OPTIONS' && origin !== undefined) return { status: 204, headers: preflight };
  if (request.method !== 'POST') {
    const method = printable(request.method ?? '', 20);
    return refusal(405, `${method} is not understood here`, 'Send readings with POST.', { Allow: 'POST' });
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const transfer = request.headers['transfer-encoding'] ?? 'chunked';
  if (encoding.toLowerCase() !== 'identity' || transfer.toLowerCase() !== 'chunked') {
    return refusal(415, 'the body is encoded', 'Send it plain, without compression.');
  }
  if (Number(request.headers['content-length'] ?? 0) > config['body-max']) return tooLarge(config);
  return bodyForm(request.headers['content-type']);
}

export function tooLarge(config: HttpSourceConfig): Answer {
  const max = formatSize(config['body-max']);
  return refusal(
    413,
    `the body is larger than ${max}`,
    'Send it in parts, or raise `body-max` of the source.',
  );
}

/** @param readingsMax most bytes that the readings of one body may come to */
export function tooMuch(readingsMax: number): Answer {
  return refusal(
    413,
    `the readings made of the values in the body would come to more than ${formatSize(readingsMax)}`,
    'Send it in parts, or raise `body-max` of the source.',
  );
}

/** Headers of every answer to a page of a listed origin. */
export function originHeaders(request: IncomingMessage, config: HttpSourceConfig): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || !config.origins.includes(origin)) return {};
  return { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
}

const preflight = {
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '600',
};

function bodyForm(contentType: string | undefined): BodyForm | Answer {
  const [type = '', ...parameters] = (contentType ?? 'text/plain').toLowerCase().split(';');
  const charset = parameters
    .map((text) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(text)?.[1])
    .find(Boolean);
  const readable = charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset);
  if (readable && type.trim() === jsonType) return 'json';
  if (readable && lineTypes.includes(type.trim())) return 'lines';
  return refusal(
    415,
    `a body of type ${printable(contentType ?? '')} is not understood`,
    `Send ${jsonType} or ${lineTypes.join(', ')}, in UTF-8.`,
  );
}
