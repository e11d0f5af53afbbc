import { inspect } from 'node:util';
import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import { Redactor } from '../../src/inspect/redact.ts';
import { leastMs } from '../helpers/least-ms.ts';

const shown = (value: unknown, ...secrets: string[]) => {
  const redactor = new Redactor();
  redactor.hide(secrets);
  return redactor.redact(value).value;
};

test('plain values stay as they are', (t) => {
  const value = { attempt: 2, cause: null, on: true, names: ['a', 'b'], deep: { er: { value: 1.5 } } };
  t.deepEqual(shown(value), value);
  for (const simple of [0, '', 'abc', false, null]) t.is(shown(simple), simple);
});

test('what JSON cannot say is said in words', (t) => {
  t.deepEqual(
    shown({
      ...{
        bytes: Buffer.alloc(1024),
        view: new Float64Array(2),
        buffer: new ArrayBuffer(3),
        none: undefined,
      },
      ...{ nan: Number.NaN, far: Number.NEGATIVE_INFINITY, big: 10n ** 20n, symbol: Symbol('x'), f: () => 1 },
      ...{ map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0), never: new Date(Number.NaN) },
      ...{ signal: new AbortController().signal, list: [undefined, () => 1], custom: new (class Link {})() },
    }),
    {
      ...{ bytes: '<1024 bytes>', view: '<16 bytes>', buffer: '<3 bytes>' },
      ...{ nan: 'NaN', far: '-Infinity', big: '100000000000000000000n', symbol: '<symbol>' },
      ...{ map: '<map of 1>', set: '<set of 1>', date: '1970-01-01T00:00:00.000Z', never: '<no date>' },
      ...{ signal: '<AbortSignal>', list: [null, '<function>'], custom: '<Link>' },
    },
  );
});

test('an error is its code and its words, without its stack', (t) => {
  const error = new FogrunError('link-lost', 'it ended', { cause: new TypeError('inner') });
  t.deepEqual(shown({ error }), {
    error: {
      ...{ name: 'FogrunError', code: 'link-lost', message: 'it ended' },
      cause: { name: 'TypeError', message: 'inner' },
    },
  });
});

test('cycles, getters that throw and objects that resist do no harm', (t) => {
  const round: Record<string, unknown> = { a: 1 };
  round.self = round;
  const bad = {
    get thrown() {
      throw new Error('no');
    },
  };
  const resists = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  const nobody = Object.create(null, { constructor: { value: null }, x: { value: 1, enumerable: true } });
  t.deepEqual(shown({ round, bad, resists, nobody }), {
    round: { a: 1, self: '<cycle>' },
    bad: { thrown: '<unreadable>' },
    resists: '<unreadable>',
    nobody: { x: 1 },
  });
  const twice = { x: 1 };
  t.deepEqual(shown([twice, twice]), [twice, twice], 'the same twice is no cycle');
});

test('a key that would be taken for a prototype is left out', (t) => {
  const value = shown(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')) as object;
  t.deepEqual(Object.keys(value), ['a']);
  t.is(Object.getPrototypeOf(value), Object.prototype);
});

test('secrets are known by their names, at any depth', (t) => {
  const value = {
    token: 't0ken',
    config: { authToken: 'x', 'api-key': 'y', PASSWORD: 'z', tls: { key: 'pem', privateKey: 'pem' } },
    credentials: { user: 'ada', pass: 'b' },
    keys: ['a', 'b'],
    headers: { Authorization: 'c', Cookie: 'd', accept: 'e' },
    keyboard: 'f',
    monkey: 'g',
  };
  t.deepEqual(shown(value), {
    token: '***',
    config: { authToken: '***', 'api-key': '***', PASSWORD: '***', tls: { key: '***', privateKey: '***' } },
    credentials: '***',
    keys: '***',
    headers: { Authorization: '***', Cookie: '***', accept: 'e' },
    keyboard: 'f',
    monkey: 'g',
  });
});

test('that no secret is set may be seen', (t) => {
  const value = { token: '', secret: null, password: false };
  t.deepEqual(shown(value), value);
});

test('a known secret is hidden in every text and every key, also where one lies in another', (t) => {
  t.deepEqual(shown({ text: 'refused hunter2 and hunter22', list: ['hunter2'] }, 'hunter2', 'hunter22'), {
    text: 'refused *** and ***',
    list: ['***'],
  });
  t.deepEqual(shown('a by-word: ab', 'a', 'ab'), 'a by-word: ab', 'too short to be looked for');
});

test('what looks like a secret is hidden inside texts', (t) => {
  const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';
  for (const text of [
    'cannot reach https://ada:s3cret!@cloud.example/x',
    'sent Authorization: Bearer s3cret!abcdefghijk'.replace('!', '-'),
    'with ?token=s3cret!&x=1',
    '{"password": "s3cret!"}',
    pem,
  ]) {
    const safe = String(shown(text));
    t.notRegex(safe, /s3cret|MHcC/, text);
    t.regex(safe, /\*\*\*/);
  }
  const plain = 'no token: the cloud at 127.0.0.1:7070 wants one, see https://a.example/b';
  t.is(shown(plain), plain);
});

test('a secret does not show where a text is cut off', (t) => {
  const secret = 'correct-horse-battery-staple';
  for (let length = 350; length < 1_700; length += 1) {
    const safe = String(shown('-'.repeat(length) + secret.repeat(3), secret));
    t.true(!safe.includes('corr') && safe.length <= 400, `${length}`);
  }
});

test('foreign text cannot steer a terminal', (t) => {
  t.deepEqual(shown({ 'a\u001b[2J': '\u001b]0;owned\u0007\u202e' }), {
    'a\\u001b[2J': '\\u001b]0;owned\\u0007\\u202e',
  });
});

test('depth, breadth, length and bytes are bounded, and what was left out is said', (t) => {
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i += 1) deep = { deep };
  t.regex(JSON.stringify(shown(deep)), /^(?:\{"deep":){7}"<more>"|<more>/);
  t.is((shown(Array(1_000).fill(1)) as unknown[]).at(-1), '<980 more>');
  const broad = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`m${i}`, i]));
  t.is((shown(broad) as Record<string, unknown>)['…'], '<960 more>');
  t.is(String(shown('x'.repeat(1e6))).length, 400);
  const much = Array(20).fill(Array(20).fill(Array(20).fill('x'.repeat(1e4))));
  const { value, bytes } = new Redactor().redact(much);
  t.true(JSON.stringify(value).length < 10_000, inspect(JSON.stringify(value).length));
  t.true(Math.abs(bytes - JSON.stringify(value).length) < 2_000);
});

test('hostile texts take no time', async (t) => {
  for (const piece of [
    'a.',
    'a://',
    'token=',
    'bearer ',
    '-----BEGIN PRIVATE KEY-----',
    '://x:',
    "secret'",
  ]) {
    const text = piece.repeat(1e5);
    t.true((await leastMs(500, () => shown(text))) < 1_000, piece);
  }
});
