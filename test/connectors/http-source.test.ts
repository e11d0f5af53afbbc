import http from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { httpSource } from '../../machines/http-source.ts';
import { httpSourceEffects } from '../../src/connectors/http-source-effects.ts';
import type { StoreState } from '../../src/contract/store.ts';
import { dial, type FakeStore, fakeStore, reading, runSource } from './fixtures.ts';

async function run(t: ExecutionContext, config: object = {}, store: FakeStore = fakeStore()) {
  const status = { state: 'open' as StoreState };
  const parsed = httpSource.config.parse({ port: 0, ...config });
  const source = await runSource(
    t,
    parsed,
    (env) => httpSourceEffects({ ...env, storeState: () => status.state }),
    store,
  );
  return { ...source, status };
}

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each answer has fields of its own
  readonly body: any;
}

interface Request {
  readonly method?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

function post(port: number, body: string | Uint8Array, options: Request = {}): Promise<Reply> {
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

const ndjson = { type: 'application/x-ndjson' };
const json = { type: 'application/json' };

for (const type of [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'text/plain; charset=utf-8',
  undefined,
]) {
  test(`lines of type ${type ?? 'that is not told'} are accepted, the bad ones refused by number`, async (t) => {
    const source = await run(t);
    const body = `${reading(1)}nope\n${reading(2)}7`;
    const { status, body: answer } = await post(source.port, body, type === undefined ? {} : { type });
    t.is(status, 200);
    t.like(answer, { accepted: 3, refused: 1 });
    t.is(answer.refusals[0].line, 2);
    t.regex(answer.refusals[0].reason, /^is not JSON/);
    t.is(source.store.count(), 3);
    t.like(source.store.readings()[2], { device: 'http', sensor: 'value', value: 7 });
  });
}

test('a JSON array is a list of readings, any other JSON text one', async (t) => {
  const source = await run(t);
  const two = await post(source.port, '[{"device":"d","sensor":"s","value":1},\n  {"x":\n[2]}]', json);
  t.deepEqual([two.status, two.body.accepted], [200, 2]);
  const one = await post(source.port, '{"device":"d","sensor":"s",\n"value":3}', json);
  t.deepEqual([one.status, one.body.accepted], [200, 1]);
  t.deepEqual(
    source.store.readings().map(({ value }) => value),
    [1, { x: [2] }, 3],
  );
});

test('what holds nothing good, or a broken array, is answered 400 with the reason', async (t) => {
  const source = await run(t);
  const lines = await post(source.port, 'nope\nworse\n', ndjson);
  t.is(lines.status, 400);
  t.like(lines.body, { accepted: 0, refused: 2 });
  for (const body of ['[1,2', '[1,,2]', '', '[1] 2', '{']) {
    const broken = await post(source.port, body, json);
    t.is(broken.status, 400, body);
    t.like(broken.body, { accepted: 0, refused: 1 });
    t.is(broken.body.refusals[0].line, 1);
  }
  t.is(source.store.count(), 0);
});

test('nothing is answered before the commit', async (t) => {
  const source = await run(t);
  source.store.hold();
  let answered = false;
  const reply = post(source.port, reading(1), ndjson).finally(() => {
    answered = true;
  });
  while (source.store.waiting() === 0) await source.clock.flush();
  for (let i = 0; i < 20; i++) await source.clock.flush();
  t.false(answered);
  source.store.resume();
  t.is((await reply).status, 200);
});

test('a commit that does not come in time is answered 503, which says that it may still come', async (t) => {
  const source = await run(t, { 'accept-timeout': '5s' });
  source.store.hold();
  const reply = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  await source.clock.advance(5_000);
  const { status, headers, body } = await reply;
  t.is(status, 503);
  t.truthy(headers['retry-after']);
  t.true(body.mayBeAccepted);
  source.store.resume();
  await source.store.until(() => source.store.count() === 1);
  t.is(source.clock.pending, 0);
});

test('a full store is answered 429, a failed one 503, both with a time to come back, and nothing is taken', async (t) => {
  const source = await run(t);
  for (const [state, expected] of [
    ['full', 429],
    ['failed', 503],
  ] as const) {
    source.status.state = state;
    const { status, headers } = await post(source.port, reading(1), ndjson);
    t.is(status, expected);
    t.regex(headers['retry-after']!, /^\d+$/);
  }
  source.status.state = 'open';
  t.is((await post(source.port, reading(2), ndjson)).status, 200);
  t.is(source.store.text(), reading(2));
});

test('a port without credit is waited for a second, then answered 429, and nothing is taken', async (t) => {
  const source = await run(t, {}, fakeStore({ itemsMax: 1, bytesMax: 1_000 }));
  source.store.hold();
  const first = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  const second = post(source.port, reading(2), ndjson);
  // The deadline of the first one's commit, and the second one's of credit.
  while (source.clock.pending < 2) await source.clock.flush();
  await source.clock.advance(1_000);
  t.is((await second).status, 429);
  const third = post(source.port, reading(3), ndjson);
  while (source.clock.pending < 2) await source.clock.flush();
  source.store.resume();
  t.deepEqual([(await first).status, (await third).status], [200, 200]);
  t.is(source.store.text(), reading(1) + reading(3));
  t.is(source.clock.pending, 0);
});

test('a body too large is answered 413 whether its length was told or not, and nothing is taken', async (t) => {
  const source = await run(t, { 'body-max': '1KiB' });
  const body = reading(1).repeat(200);
  const told = await post(source.port, body, ndjson);
  t.is(told.status, 413);
  const chunked = dial(t, source.port);
  chunked.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 3; i++) chunked.send(`258\r\n${'x'.repeat(600)}\r\n`);
  await chunked.until(() => chunked.seen.text.startsWith('HTTP/1.1 413'));
  chunked.end('0\r\n\r\n');
  await chunked.until(() => chunked.seen.ended);
  t.is(source.store.count(), 0);
});

test('short values that would become too much are answered 413, and nothing is taken', async (t) => {
  const source = await run(t, { 'body-max': '1MiB' });
  const { status } = await post(source.port, `[${'1,'.repeat(200_000)}1]`, json);
  t.is(status, 413);
  t.is(source.store.count(), 0);
});

test('a body in a great many tiny pieces is one request', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const body = reading(1).repeat(1_000);
  sender.send(`${[...body].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`);
  await sender.until(() => sender.seen.text.includes('"accepted":1000'));
  t.true(source.store.batches.length <= 2);
});

test('other methods, encodings and types are told what is understood', async (t) => {
  const source = await run(t);
  const get = await post(source.port, '', { method: 'GET' });
  t.deepEqual([get.status, get.headers.allow], [405, 'POST']);
  const gzip = await post(source.port, reading(1), { ...ndjson, headers: { 'Content-Encoding': 'gzip' } });
  t.is(gzip.status, 415);
  for (const type of ['application/xml', 'application/json; charset=utf-16', 'multipart/form-data']) {
    const { status, body } = await post(source.port, reading(1), { type });
    t.is(status, 415, type);
    t.regex(body.advice, /application\/json/);
  }
  t.is(source.store.count(), 0);
});

test('a web page may post only if its origin is listed', async (t) => {
  const source = await run(t, { origins: ['https://shop.example'] });
  const from = (origin: string, method = 'POST') =>
    post(source.port, method === 'POST' ? reading(1) : '', {
      ...ndjson,
      method,
      headers: { Origin: origin },
    });
  for (const origin of ['https://evil.example', 'null', 'http://shop.example']) {
    t.is((await from(origin)).status, 403, origin);
    t.is((await from(origin, 'OPTIONS')).status, 403, origin);
  }
  t.is(source.store.count(), 0);
  const ask = await from('https://shop.example', 'OPTIONS');
  t.is(ask.status, 204);
  t.is(ask.headers['access-control-allow-methods'], 'POST');
  const told = await from('https://shop.example');
  t.is(told.status, 200);
  t.is(told.headers['access-control-allow-origin'], 'https://shop.example');
});

test('a sender that asks first is told to go on, or why not', async (t) => {
  const source = await run(t);
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
  const sender = dial(t, source.port);
  sender.send(head(reading(1).length));
  await sender.until(() => sender.seen.text.startsWith('HTTP/1.1 100'));
  sender.send(reading(1));
  await sender.until(() => sender.seen.text.includes('HTTP/1.1 200'));
  source.status.state = 'full';
  const other = dial(t, source.port);
  other.send(head(reading(1).length));
  await other.until(() => other.seen.text.startsWith('HTTP/1.1 429'));
  t.is(source.store.count(), 1);
});

test('several requests on one connection are answered one after the other', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  const request = (i: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${reading(i).length}\r\n\r\n${reading(i)}`;
  sender.send([1, 2, 3].map(request).join(''));
  await sender.until(() => sender.seen.text.split('HTTP/1.1 200').length === 4);
  t.is(source.store.text(), reading(1) + reading(2) + reading(3));
});

test('what is no HTTP is answered 400, and the next sender is served', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(reading(1));
  await sender.until(() => sender.seen.ended);
  t.regex(sender.seen.text, /^HTTP\/1\.1 400 /);
  t.is((await post(source.port, reading(2), ndjson)).status, 200);
});

test('a sender that goes away in its body leaves nothing behind', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  sender.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${reading(1)}`);
  await source.clock.flush();
  sender.socket.resetAndDestroy();
  t.is((await post(source.port, reading(2), ndjson)).status, 200);
  t.is(source.store.text(), reading(2));
});

test('all bodies together are bounded: what is too much is told to come back', async (t) => {
  const source = await run(t, { 'body-max': '64KiB' });
  const slow = Array.from({ length: 8 }, () => {
    const sender = dial(t, source.port);
    sender.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n${' '.repeat(65_535)}`);
    return sender;
  });
  // As soon as all of theirs has been read, there is no room for another.
  while ((await post(source.port, ' ', ndjson)).status !== 429) await source.clock.flush();
  for (const sender of slow) {
    sender.send(' ');
    await sender.until(() => sender.seen.text.startsWith('HTTP/1.1 200'));
  }
  t.is((await post(source.port, ' '.repeat(65_536), ndjson)).status, 200);
});

test('told to end, it answers what it took, and refuses what is still arriving', async (t) => {
  const source = await run(t);
  source.store.hold();
  const taken = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  const arriving = dial(t, source.port);
  arriving.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${reading(2)}`);
  const idle = dial(t, source.port);
  idle.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
  await idle.until(() => idle.seen.text.includes('"accepted":0'));
  source.close();
  await arriving.until(() => arriving.seen.text.startsWith('HTTP/1.1 503'));
  await idle.until(() => idle.seen.ended);
  source.store.resume();
  t.is((await taken).status, 200);
  arriving.end();
  await source.ended;
  await t.throwsAsync(post(source.port, reading(3), ndjson), { code: 'ECONNREFUSED' });
  t.is(source.store.text(), reading(1));
  t.is(source.clock.pending, 0);
});

test('told to end, it does not wait for a disk that takes nothing', async (t) => {
  const source = await run(t);
  source.store.hold();
  const stuck = post(source.port, reading(1), ndjson);
  while (source.store.waiting() === 0) await source.clock.flush();
  source.close();
  const pending = source.clock.pending;
  while (source.clock.pending <= pending) await source.clock.flush();
  await source.clock.advance(2_000);
  const { status, body } = await stuck;
  t.deepEqual([status, body.mayBeAccepted], [503, true]);
  await source.ended;
  t.is(source.clock.pending, 0);
});

test('an address that is taken is named', async (t) => {
  const source = await run(t);
  await t.throwsAsync(run(t, { port: source.port }), { code: 'address-in-use' });
});
