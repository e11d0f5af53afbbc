import test from 'ava';
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import { httpSource } from '../../machines/http-source.ts';
import { tcpSource } from '../../machines/tcp-source.ts';
import { uploader } from '../../machines/uploader.ts';
import { isLoopback } from '../../src/contract/address.ts';
import { plainAlarm } from '../../src/contract/tls-config.ts';

const words = (kind: { config: { safeParse(value: unknown): unknown } }, value: object) => {
  const result = kind.config.safeParse(value) as {
    error?: { issues: { message: string; path: PropertyKey[] }[] };
  };
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('what stays on this machine is loopback, and nothing else', (t) => {
  for (const host of [
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '::ffff:127.0.0.1',
  ]) {
    t.true(isLoopback(host), host);
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'localhost.example',
    '127.0.0.1.example',
    'fe80::1',
    '1270.0.0.1',
    '',
  ]) {
    t.false(isLoopback(host), host);
  }
});

test('a listener that others can reach wants keys, or to be asked for by name', (t) => {
  for (const kind of [cloudReceiver, tcpSource, httpSource]) {
    const [message, ...more] = words(kind, { host: '0.0.0.0' });
    t.is(more.length, 0);
    t.regex(
      message!,
      /^host: `0\.0\.0\.0` is open to everybody who can reach this machine.*`insecure: true`/,
    );
    t.deepEqual(words(kind, { host: '127.0.0.1' }), []);
    t.deepEqual(words(kind, { host: '0.0.0.0', insecure: 'true' }), []);
  }
  t.regex(words(cloudReceiver, { host: '::' })[0]!, /FOGRUN_TLS=DIR; `fogrun keys init` makes one/);
  t.deepEqual(words(cloudReceiver, { host: '0.0.0.0', tls: { dir: 'keys' } }), []);
  t.is(
    words(cloudReceiver, { host: '0.0.0.0', tokens: 'tokens.json' }).length,
    1,
    'a token alone can be read on the way',
  );
});

test('another machine is dialled by TLS, or in plain TCP where that was asked for by name', (t) => {
  t.regex(
    words(uploader, { cloud: { host: 'cloud.example' } })[0]!,
    /^cloud\.host: `cloud\.example` would be dialled without TLS/,
  );
  t.is(words(uploader, { cloud: { host: 'cloud.example' }, token: 'fog_x' }).length, 1);
  t.deepEqual(words(uploader, { cloud: { host: 'cloud.example' }, tls: { dir: 'keys' } }), []);
  t.deepEqual(words(uploader, { cloud: { host: 'cloud.example' }, insecure: true }), []);
  t.deepEqual(words(uploader, { cloud: { host: 'localhost' } }), []);
});

test('keys are a directory, or files that go together', (t) => {
  const tls = (value: object) => words(uploader, { tls: value });
  t.deepEqual(tls({ ca: 'ca.crt' }), []);
  t.deepEqual(tls({ ca: 'ca.crt', cert: 'a.crt', key: 'a.key' }), []);
  t.deepEqual(tls({ dir: 'keys', ca: 'ca.crt' }), ['tls.dir: `dir` and `ca` exclude each other']);
  t.deepEqual(tls({ cert: 'a.crt', key: 'a.key' }), ['tls.ca: `ca` is missing beside the others']);
  t.deepEqual(tls({ ca: 'ca.crt', cert: 'a.crt' }), ['tls.key: `cert` and `key` belong together']);
  t.deepEqual(words(cloudReceiver, { tls: { ca: 'ca.crt' } }), [
    'tls.cert: `cert` is missing beside the others',
  ]);
});

test('plain TCP beyond this machine is an alarm, and nothing else is', (t) => {
  t.regex(plainAlarm('dials', '192.0.2.1', 7070)!, /^insecure: dials 192\.0\.2\.1:7070 in plain TCP/);
  t.is(plainAlarm('listens on', '127.0.0.1', 7070), null);
  t.is(plainAlarm('dials', '192.0.2.1', 7070, { dir: 'keys', ca: '', cert: '', key: '' }), null);
});
