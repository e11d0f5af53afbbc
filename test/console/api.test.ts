import test from 'ava';
import { served, token } from './served.ts';

test('what a person asks for is done in the name of whoever has opened the page', async (t) => {
  const { post, control } = await served(t);
  const { status, json } = await post('/api/act', { pipeline: 'edge', actor: 'uploader', action: 'pause' });
  t.is(status, 200);
  t.deepEqual(json, { from: 'idle', to: 'paused' });
  const by = { user: 'console at 127.0.0.1', command: 'console: pause edge/uploader' };
  t.deepEqual(control.calls.at(-1), ['act', 'uploader', 'pause', by]);
});

test('whoever has shown the token is named so', async (t) => {
  const { post, key, control } = await served(t, { token });
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'x-fogrun-key': await key({ authorization }) };
  t.is(
    (await post('/api/letters', { pipeline: 'edge', action: 'discard', ids: [3, 4] }, headers)).status,
    200,
  );
  const by = {
    user: "holder of the console's token at 127.0.0.1",
    command: 'console: discard dead letters 3, 4 of edge',
  };
  t.deepEqual(control.calls.at(-1), ['discard letters', [3, 4], by]);
});

test('what is in the way is told with a code, a sentence and what to do', async (t) => {
  const { post, ask } = await served(t);
  const refused = await post('/api/act', { pipeline: 'edge', actor: 'uploader', action: 'retry' });
  t.is(refused.status, 409);
  t.is(refused.json.code, 'control-refused');
  t.truthy(refused.json.message);
  t.truthy(refused.json.advice);
  const absent = await post('/api/act', { pipeline: 'other', actor: 'uploader', action: 'pause' });
  t.is(absent.status, 503);
  t.is(absent.json.code, 'control-absent');
  t.is((await ask('GET', '/api/fleet?pipeline=other')).status, 503);
});

test('fleet, history, weather, letters and charts are answered from the pipeline', async (t) => {
  const chart = { kind: 'uploader', states: [], transitions: [] };
  const { ask, control } = await served(t, {
    chart: async (name) => (name === 'uploader' ? { chart, layout: null } : null),
  });
  control.dead = [];
  t.deepEqual((await ask('GET', '/api/fleet?pipeline=edge')).json, {
    ...{ mark: 'one.1', whole: true, edges: [], heardMs: {} },
  });
  const history = await ask('GET', `/api/fleet/${encodeURIComponent('a/b c')}/history?pipeline=edge&count=5`);
  t.deepEqual(history.json, { edge: 'a/b c', transitions: [], before: null });
  t.deepEqual((await ask('GET', '/api/weather?pipeline=edge&since=12.5')).json, {
    ...{ series: [], gaps: [], forecasts: [] },
  });
  await ask('GET', '/api/weather?pipeline=edge&edge=a%2Fb%20c');
  t.deepEqual(
    control.calls.filter(([what]) => what === 'weather'),
    [
      ['weather', 12, undefined],
      ['weather', 0, 'a/b c'],
    ],
  );
  t.deepEqual((await ask('GET', '/api/letters?pipeline=edge')).json, { letters: [] });
  t.deepEqual((await ask('GET', '/api/charts/uploader')).json, { chart, layout: null });
  t.is((await ask('GET', '/api/charts/other')).status, 404);
});

test('with the mark of an earlier answer, what changed in a fleet since is the answer, also of one edge', async (t) => {
  const { ask, control } = await served(t);
  control.summaries = ['hut', 'shed'].map((edge) => ({ edge })) as never;
  control.heardMs = { hut: 1_000, shed: 2_000 };
  const { mark, edges } = (await ask('GET', '/api/fleet?pipeline=edge')).json;
  t.deepEqual(edges, control.summaries);
  const since = `/api/fleet?pipeline=edge&since=${encodeURIComponent(mark)}`;
  t.deepEqual((await ask('GET', since)).json, { mark, whole: false, edges: [], heardMs: control.heardMs });
  t.deepEqual((await ask('GET', `${since}&edge=shed`)).json.heardMs, { shed: 2_000 });
  const of = (await ask('GET', '/api/fleet?pipeline=edge&since=gone.7&edge=shed')).json;
  t.deepEqual(of, { mark, whole: true, edges: [{ edge: 'shed' }], heardMs: {} });
});

test('whoever wants only the head of the stream of events is not kept waiting', async (t) => {
  const { ask } = await served(t);
  t.is((await ask('HEAD' as 'GET', '/api/events')).status, 405);
});

test('what is not understood is refused with what was expected', async (t) => {
  const { ask, post, key } = await served(t);
  const bodies = [
    null,
    7,
    [],
    {},
    { pipeline: 'edge' },
    { pipeline: 'edge', actor: 'uploader', action: 'stop' },
  ];
  for (const body of bodies) t.is((await post('/api/act', body)).status, 400, JSON.stringify(body));
  for (const ids of [undefined, [], ['1'], [1.5], [-1], 'all']) {
    t.is((await post('/api/letters', { pipeline: 'edge', action: 'requeue', ids })).status, 400);
  }
  t.is((await post('/api/letters', { pipeline: 'edge', action: 'burn', ids: [1] })).status, 400);
  t.is((await post('/api/act', {}, { 'content-type': 'text/plain' })).status, 415);
  const headers = { 'content-type': 'application/json', 'x-fogrun-key': await key() };
  t.is((await ask('POST', '/api/act', { headers, body: '{' })).status, 400);
  t.is((await ask('POST', '/api/act', { headers, body: `"${'x'.repeat(70_000)}"` })).status, 413);
  t.is((await ask('GET', '/api/fleet')).status, 400);
  t.is((await ask('GET', '/api/fleet/%E0%A4%A/history?pipeline=edge')).status, 400);
  t.is((await ask('GET', '/api/weather?pipeline=edge&since=soon')).status, 400);
  t.is((await ask('GET', '/api/act')).status, 405);
  t.is((await ask('POST', '/api/fleet')).status, 405);
  t.is((await ask('GET', '/api/nothing')).status, 404);
});

test('files of the page come compressed, and again only when they have changed', async (t) => {
  const { ask } = await served(t);
  const plain = await ask('GET', '/page.css');
  t.is(plain.status, 200);
  t.is(plain.headers['content-encoding'], undefined);
  const packed = await ask('GET', '/page.css', { headers: { 'accept-encoding': 'gzip, br' } });
  t.is(packed.headers['content-encoding'], 'br');
  t.true(Number(packed.headers['content-length']) < Number(plain.headers['content-length']));
  const headers = { 'accept-encoding': 'gzip, br', 'if-none-match': String(packed.headers.etag) };
  const again = await ask('GET', '/page.css', { headers });
  t.is(again.status, 304);
  t.is(again.text, '');
  const head = await ask('HEAD', '/page.css');
  t.is(head.headers['content-length'], plain.headers['content-length']);
  t.is(head.text, '');
});
