/** An http-source that runs, and requests to it. */
import http from 'node:http';
import type { ExecutionContext } from 'ava';
import { httpSource } from '../../machines/http-source.ts';
import { httpSourceEffects } from '../../src/connectors/http-source-effects.ts';
import type { StoreState } from '../../src/contract/store.ts';
import { type FakeStore, fakeStore, runSource } from './fixtures.ts';

export async function run(t: ExecutionContext, config: object = {}, store: FakeStore = fakeStore()) {
  const status = { state: 'open' as StoreState };
  const parsed = httpSource.config.parse({ port: 0, ...config });
  const source = await runSource(
    t,
    parsed,
    (env) => httpSourceEffects({ ...env, createServer: http.createServer, storeState: () => status.state }),
    store,
  );
  return { ...source, status };
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each answer has fields of its own
  readonly body: any;
}

export interface Request {
  readonly method?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

export function post(port: number, body: string | Uint8Array, options: Request = {}): Promise<Reply> {
  const { method = 'POST', type, headers = {} } = options;
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        ...{ host: '127.0.0.1', port, method, agent: false },
        headers: {
          'Content-Length': String(Buffer.byteLength(body)),
          ...(type === undefined ? {} : { 'Content-Type': type }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        response.once('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: text === '' ? null : JSON.parse(text),
          }),
        );
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

export const ndjson = { type: 'application/x-ndjson' };
export const json = { type: 'application/json' };
