/** What the page asks its console for, beside the stream of events. */
import type { ActBody, ErrorAnswer, LettersBody, LettersDone } from '../../wire.ts';

/** The console said no, or did not answer; `code` is `null` then. */
export class ApiError extends Error {
  readonly code: string | null;
  readonly advice: string;

  constructor(code: string | null, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }
}

async function answerOf<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, cache: 'no-store' });
  } catch {
    throw new ApiError(null, 'the console cannot be reached', 'The page tries again by itself.');
  }
  const body = await response.json().catch(() => undefined);
  if (response.ok) {
    // It may break off on its way, or be given up by who asked.
    if (body === undefined) {
      throw new ApiError(
        null,
        'the answer of the console did not come whole',
        'The page tries again by itself.',
      );
    }
    return body as T;
  }
  const { code, message, advice } = (body ?? {}) as Partial<ErrorAnswer>;
  throw new ApiError(code ?? null, message ?? `the console answers ${response.status}`, advice ?? '');
}

/** @param path such as `api/fleet` */
export function getJson<T>(
  path: string,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const text = new URLSearchParams(query).toString();
  return answerOf<T>(text === '' ? path : `${path}?${text}`, signal ? { signal } : {});
}

/** @param key of the `HelloEvent` */
export function postJson<T>(path: string, key: string | null, body: ActBody | LettersBody): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-fogrun-key': key ?? '' };
  return answerOf<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

export type { LettersDone };
