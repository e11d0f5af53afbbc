import test from 'ava';
import { dial, reading } from './fixtures.ts';
import { json, ndjson, post, run } from './http-fixtures.ts';

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

test('several requests on one connection are answered one after the other', async (t) => {
  const source = await run(t);
  const sender = dial(t, source.port);
  const request = (i: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${reading(i).length}\r\n\r\n${reading(i)}`;
  sender.send([1, 2, 3].map(request).join(''));
  await sender.until(() => sender.seen.text.split('HTTP/1.1 200').length === 4);
  t.is(source.store.text(), reading(1) + reading(2) + reading(3));
});

test('a byte order mark before a body is passed over', async (t) => {
  const source = await run(t);
  for (const type of [json, ndjson]) {
    const { status, body } = await post(source.port, `\ufeff${reading(1)}`, type);
    t.is(status, 200);
    t.like(body, { accepted: 1, refused: 0 });
  }
  t.is(source.store.text(), reading(1) + reading(1));
});
