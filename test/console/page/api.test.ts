import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { ApiError, getJson } from '../../../src/console/page/model/api.ts';

async function answering(t: ExecutionContext, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/letters`;
}

test('an answer that breaks off on its way is an error, never half an answer', async (t) => {
  const url = await answering(t, (response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"letters":[', () => response.destroy());
  });
  const error = await t.throwsAsync(getJson(url), { instanceOf: ApiError });
  t.regex(error!.message, /did not come whole/);
});

test('who gives up while an answer comes is told so, and not that there is nothing', async (t) => {
  const abort = new AbortController();
  const url = await answering(t, (response) => {
    response.writeHead(200);
    response.write('{"letters":[', () => abort.abort());
  });
  await t.throwsAsync(getJson(url, {}, abort.signal), { instanceOf: ApiError });
});

test('a refusal is told with its code and its advice', async (t) => {
  const url = await answering(t, (response) => {
    response.writeHead(403);
    response.end(JSON.stringify({ code: 'console-denied', message: 'no', advice: 'Sign in.' }));
  });
  await t.throwsAsync(getJson(url), { instanceOf: ApiError, code: 'console-denied', message: 'no' });
});
