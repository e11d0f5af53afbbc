import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import test from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { serveConsole } from '../../src/console/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { openPage, served, token } from './served.ts';

const endpoints = [
  '/',
  '/page.js',
  '/api/hello',
  '/api/events',
  '/api/letters?pipeline=edge',
  '/api/fleet?pipeline=edge',
  '/api/fleet/shed/history?pipeline=edge',
  '/api/weather?pipeline=edge',
  '/api/charts/uploader',
  '/sign-in',
];

test('a web page that reaches the console under a name of its own gets nothing, whatever it asks for', async (t) => {
  const { ask, port, post, control } = await served(t);
  for (const name of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '[::1',
  ]) {
    for (const path of endpoints) {
      const { status, text, json } = await ask('GET', path, { headers: { host: name } });
      t.is(status, 421, `${name} ${path}`);
      t.is(json.code, 'console-host');
      t.false(text.includes('key":"'));
    }
  }
  const changed = await post(
    '/api/act',
    { pipeline: 'edge', actor: 'uploader', action: 'pause' },
    { host: 'evil.example' },
  );
  t.is(changed.status, 421);
  t.deepEqual(
    control.calls.filter(([what]) => what === 'act'),
    [],
  );
  for (const name of [
    'localhost',
    `localhost:${port}`,
    'LOCALHOST.',
    '127.0.0.1',
    '[::1]:9',
    'my.localhost',
  ]) {
    t.is((await ask('GET', '/api/hello', { headers: { host: name } })).status, 200, name);
  }
});

test('names that are listed are names of the console', async (t) => {
  const { ask } = await served(t, { 'allow-hosts': ['fog.example.org'] });
  t.is((await ask('GET', '/api/hello', { headers: { host: 'fog.example.org' } })).status, 200);
  t.is((await ask('GET', '/api/hello', { headers: { host: 'FOG.example.org:443' } })).status, 200);
  t.is((await ask('GET', '/api/hello', { headers: { host: 'x.fog.example.org' } })).status, 421);
});

test('a page of another origin may neither read nor change anything, also of another port of this machine', async (t) => {
  const { ask, port, post, control } = await served(t);
  const act = { pipeline: 'edge', actor: 'uploader', action: 'pause' };
  for (const origin of [
    'https://evil.example',
    'http://127.0.0.1:1',
    'http://localhost:1',
    'null',
    `https://127.0.0.1:${port}`,
  ]) {
    const { status, json } = await post('/api/act', act, { origin });
    t.is(status, 403, origin);
    t.is(json.code, 'console-origin');
    t.is((await ask('GET', '/api/hello', { headers: { origin } })).status, 403, 'also of an old browser');
  }
  for (const site of ['cross-site', 'same-site']) {
    for (const mode of ['cors', 'no-cors']) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
      t.is((await ask('GET', '/api/hello', { headers })).status, 403);
      t.is((await ask('GET', '/page.js', { headers })).status, 403);
    }
  }
  const visit = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  t.is((await ask('GET', '/sign-in', { headers: visit })).status, 200, 'a link to the page may be followed');
  t.deepEqual(
    control.calls.filter(([what]) => what === 'act'),
    [],
  );
  t.is(
    (await post('/api/act', act, { origin: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}` })).status,
    200,
  );
  t.is(
    (await post('/api/act', act, { origin: `http://localhost:9000`, host: `localhost:9000` })).status,
    200,
    'a tunnel',
  );
});

test('a page of another origin opens no WebSocket', async (t) => {
  let opened = 0;
  const upgrades = {
    '/inspect': (_: unknown, socket: Duplex) => {
      opened += 1;
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    },
  };
  const { port } = await served(t, { upgrades, origins: ['https://inspector.example'] });
  const upgrade = (path: string, headers: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.setEncoding('latin1').once('data', (text: string) => {
        socket.destroy();
        resolve(text.split(' ')[1]!);
      });
      const all = { host: `127.0.0.1:${port}`, upgrade: 'websocket', connection: 'Upgrade', ...headers };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    });
  t.is(await upgrade('/inspect', { origin: 'https://evil.example' }), '403');
  t.is(await upgrade('/inspect', { origin: 'null' }), '403');
  t.is(await upgrade('/inspect', { host: 'evil.example' }), '421');
  t.is(await upgrade('/nothing', {}), '404');
  t.is(opened, 0);
  t.is(await upgrade('/inspect', {}), '101', 'a program');
  t.is(await upgrade('/inspect', { origin: `http://127.0.0.1:${port}` }), '101');
  t.is(
    await upgrade('/inspect', { origin: 'https://inspector.example', 'sec-fetch-site': 'cross-site' }),
    '101',
  );
  const guarded = await served(t, { upgrades, token });
  const status = await new Promise<string>((resolve) => {
    const socket = connect(guarded.port, '127.0.0.1');
    socket.setEncoding('latin1').once('data', (text: string) => {
      socket.destroy();
      resolve(text.split(' ')[1]!);
    });
    socket.write(
      'GET /inspect HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
  });
  t.is(status, '401');
});

test('what changes something needs the key of this console', async (t) => {
  const { ask, post, control } = await served(t);
  const act = { pipeline: 'edge', actor: 'uploader', action: 'pause' };
  for (const key of ['', 'guessed', 'x'.repeat(5_000)]) {
    const { status, json } = await post('/api/act', act, { 'x-fogrun-key': key });
    t.is(status, 403);
    t.is(json.code, 'console-key');
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  t.is((await ask('POST', '/api/act', { headers: form, body: 'pipeline=edge' })).status, 403);
  t.deepEqual(
    control.calls.filter(([what]) => what === 'act'),
    [],
  );
});

test('a recording that is shown has no key, and nothing can be changed', async (t) => {
  const { ask, post } = await served(t, { mode: 'replay' });
  t.is((await ask('GET', '/api/hello')).json.key, null);
  t.is((await post('/api/act', { pipeline: 'edge', actor: 'uploader', action: 'pause' })).status, 403);
});

test('beyond this machine it listens only with a token and TLS, and says how to get there', async (t) => {
  const hub = createHub(systemClock);
  const common = { hub, port: 0, version: '1', life: 'x', now: Date.now };
  const tls = { dir: 'keys', cert: '', key: '' };
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'fog.example.org']) {
    for (const lacking of [{}, { token }, { tls }]) {
      const error = await t.throwsAsync(serveConsole({ ...common, host, ...lacking }));
      t.is((error as { code?: string }).code, 'console-exposed');
      t.regex((error as Error & { advice: string }).advice, /FOGRUN_CONSOLE_TOKEN.*FOGRUN_TLS.*ssh -L/);
    }
  }
});

test('without the token nothing is told but how to sign in', async (t) => {
  const { ask, post } = await served(t, { token });
  for (const path of endpoints.filter((path) => path.startsWith('/api'))) {
    const { status, json, headers } = await ask('GET', path);
    t.is(status, 401, path);
    t.is(json.code, 'console-sign-in');
    t.regex(String(headers['www-authenticate']), /^Bearer/);
  }
  t.is((await ask('GET', '/')).headers.location, 'sign-in');
  t.regex((await ask('GET', '/sign-in')).text, /<form method="post">/);
  t.is((await post('/api/act', {})).status, 401);
  const { status, text } = await ask('GET', '/api/hello', { headers: { authorization: `Bearer ${token}` } });
  t.is(status, 200);
  t.false(text.includes(token));
});

test('whoever signs in gets a cookie that no script reads and no other site sends, until signing out', async (t) => {
  const { ask, audited } = await served(t, { token });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const signIn = (shown: string) =>
    ask('POST', '/sign-in', { headers: form, body: `token=${encodeURIComponent(shown)}` });
  const wrong = await signIn('a-token-that-is-wrong');
  t.is(wrong.headers.location, 'sign-in?wrong');
  t.is(wrong.headers['set-cookie'], undefined);
  const right = await signIn(token);
  t.is(right.status, 303);
  const cookie = String(right.headers['set-cookie']);
  t.regex(cookie, /; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  t.false(cookie.includes(token));
  const headers = { cookie: cookie.split(';')[0]! };
  t.is((await ask('GET', '/api/hello', { headers })).status, 200);
  t.is((await ask('GET', '/', { headers })).status, 200);
  t.is((await ask('POST', '/sign-out', { headers })).headers.location, 'sign-in');
  t.is((await ask('GET', '/api/hello', { headers })).status, 401);
  t.deepEqual(
    audited.map(({ action, outcome, by }) => [action, outcome, by.user]),
    [
      ['sign-in', 'console-sign-in', 'console at 127.0.0.1'],
      ['sign-in', 'done', 'console at 127.0.0.1'],
    ],
  );
});

test('behind a proxy that speaks TLS the cookie is for TLS only', async (t) => {
  const proxy = { host: 'fog.example.org', origin: 'https://fog.example.org' };
  const { ask } = await served(t, { token, 'allow-hosts': [proxy.host], origins: [proxy.origin] });
  const signedIn = await ask('POST', '/sign-in', { headers: proxy, body: `token=${token}` });
  const cookie = String(signedIn.headers['set-cookie']);
  t.regex(cookie, /^__Host-fogrun-console=[\w-]{43}; .*; Secure$/);
  const headers = { host: proxy.host, cookie: cookie.split(';')[0]! };
  t.is((await ask('GET', '/api/hello', { headers })).status, 200);
});

test('tokens cannot be guessed at will, and whoever has signed in does not notice', async (t) => {
  const clock = createVirtualClock();
  const { ask } = await served(t, { token, clock });
  const signIn = (shown: string) => ask('POST', '/sign-in', { body: `token=${shown}` });
  const cookie = String((await signIn(token)).headers['set-cookie']).split(';')[0]!;
  const guess = (guessed: string) =>
    ask('GET', '/api/hello', { headers: { authorization: `Bearer ${guessed}` } });
  for (let i = 0; i < 5; i += 1) t.is((await guess(`guess-number-${i}`)).status, 401);
  const late = await guess(token);
  t.is(late.status, 429);
  t.is(late.headers['retry-after'], '12');
  t.is((await signIn(token)).headers.location, 'sign-in?busy');
  t.is((await ask('GET', '/api/hello', { headers: { cookie } })).status, 200);
  await clock.advance(12_000);
  t.is((await guess(token)).status, 200);
});

test('a session ends after twelve hours', async (t) => {
  const clock = createVirtualClock();
  const { ask, port } = await served(t, { token, clock });
  const signedIn = await ask('POST', '/sign-in', { body: `token=${token}` });
  const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!;
  const page = await openPage(port, { cookie });
  await clock.advance(11.9 * 3_600_000);
  t.is((await ask('GET', '/api/hello', { headers: { cookie } })).status, 200);
  await clock.advance(0.2 * 3_600_000);
  t.is((await ask('GET', '/api/hello', { headers: { cookie } })).status, 401);
  await page.ended;
});

test('every answer tells the browser to trust nothing but the console itself', async (t) => {
  const { ask } = await served(t);
  for (const path of ['/', '/page.js', '/sign-in', '/api/hello', '/api/nothing', '/nothing']) {
    const { headers } = await ask('GET', path);
    t.regex(
      String(headers['content-security-policy']),
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
    );
    t.is(headers['x-content-type-options'], 'nosniff');
    t.is(headers['cross-origin-resource-policy'], 'same-origin');
    t.is(headers['access-control-allow-origin'], undefined);
  }
});

test('nonsense on the port is answered or hung up on, and others are served meanwhile', async (t) => {
  const { ask, port } = await served(t);
  const say = (text: string | Buffer) =>
    new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.setEncoding('latin1').on('data', (piece) => {
        answer += piece;
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(answer));
      socket.write(text);
    });
  const host = `Host: 127.0.0.1\r\nConnection: close\r\n`;
  const first = async (text: string | Buffer) => (await say(text)).split('\r\n')[0];
  t.regex((await first('\0\x01\x02 nonsense\r\n\r\n'))!, / 400 /);
  t.regex((await first(Buffer.from('16030100c8010000c40303', 'hex')))!, / 400 |^$/);
  t.regex((await first('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'))!, / 4(00|21) /);
  t.regex((await first(`GET //x:y@ HTTP/1.1\r\n${host}\r\n`))!, / 40\d /);
  t.regex((await first(`GET http://evil.example/api/nothing HTTP/1.1\r\n${host}\r\n`))!, / 404 /);
  t.regex((await first(`GET /%2e%2e/%2e%2e/package.json HTTP/1.1\r\n${host}\r\n`))!, / 404 /);
  t.regex((await first(`GET /../package.json HTTP/1.1\r\n${host}\r\n`))!, / 404 /);
  t.regex((await first(`DELETE / HTTP/1.1\r\n${host}\r\n`))!, / 405 /);
  t.regex((await first(`POST /api/events HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`))!, / 403 /);
  t.regex((await first(`GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(40_000)}\r\n\r\n`))!, / 431 | 400 /);
  t.regex(
    (await first(`GET /api/nothing HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`))!,
    / 404 /,
  );
  t.is((await ask('GET', '/api/hello')).status, 200);
});
