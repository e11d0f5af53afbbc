import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import type { AuditEntry } from '../../src/contract/control.ts';
import type { Peer } from '../../src/contract/transport.ts';
import { createGate } from '../../src/link/gate.ts';
import { names, readNeeded } from '../../src/link/keys/layout.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';
import { testKeys } from '../helpers/keys.ts';
import { hello } from './fixtures.ts';
import { clock } from './tcp-fixtures.ts';

const at = '192.0.2.7:5000';
const nobody: Peer = { name: null, serial: null, expiresMs: null, problem: null };
const holder = (name: string): Peer => ({
  name,
  serial: 'AB',
  expiresMs: Date.now() + 60_000,
  problem: null,
});

async function openGate(t: ExecutionContext, config: object) {
  const audited: AuditEntry[] = [];
  const gate = createGate(cloudReceiver.config.parse(config), {
    clock,
    target: 'cloud/receiver',
    audit: (entry) => void audited.push(entry),
  })!;
  await gate.open(() => {});
  t.teardown(() => gate.close());
  return { gate, audited };
}

test('without keys and tokens there is no gate', (t) => {
  const gate = createGate(cloudReceiver.config.parse({}), { clock, target: 'x', audit: () => {} });
  t.is(gate, undefined);
});

test('the certificate of one device under the name of another is denied, and audited once', async (t) => {
  const { dir } = await testKeys(t);
  const { gate, audited } = await openGate(t, { tls: { dir } });
  t.truthy(gate.admit(holder('attic'), hello, at));
  for (let turn = 0; turn < 3; turn++) {
    t.throws(() => gate.admit(holder('cellar'), hello, at), {
      code: 'identity-denied',
      message: 'the holder of the certificate of cellar at 192.0.2.7:5000 says it is the edge attic: refused',
    });
  }
  t.is(audited.length, 1);
  t.like(audited[0], { action: 'greet', target: 'cloud/receiver', outcome: 'identity-denied' });
  t.like(audited[0]!.by, {
    user: 'the holder of the certificate of cellar',
    command: `HELLO as attic from ${at}`,
  });
});

test('a token lets its own edge in and nobody else, and its hash is all that is kept', async (t) => {
  const { dir, book } = await testKeys(t);
  const token = await book.token('attic');
  const { gate, audited } = await openGate(t, { tls: { dir } });
  t.truthy(gate.admit(nobody, { ...hello, credential: token }, at));
  t.throws(() => gate.admit(nobody, { ...hello, edge: 'cellar', credential: token }, at), {
    code: 'identity-denied',
  });
  t.is(audited.length, 1);
  t.false(JSON.stringify(audited).includes(token));
  t.false((await readNeeded(join(dir, names.tokens), '')).includes(token));
  t.throws(() => gate.admit(nobody, hello, at), {
    code: 'certificate-missing',
    message: 'a certificate or a token is required here, and none was shown',
  });
  const wrong = t.throws(() => gate.admit(nobody, { ...hello, credential: `${token}x` }, at), {
    code: 'token-unknown',
  });
  t.false(wrong!.message.includes(token));
});

test('a token that is revoked counts no longer, also for an edge that is in', async (t) => {
  const { dir, book } = await testKeys(t);
  const token = await book.token('attic');
  const { gate } = await openGate(t, { tls: { dir } });
  const admitted = gate.admit(nobody, { ...hello, credential: token }, at);
  t.is(admitted.fault(), null);
  const changed = new Promise<void>((resolve) => gate.onChange(resolve));
  await book.revoke('attic');
  await changed;
  t.is(admitted.fault()?.code, 'certificate-revoked');
  t.throws(() => gate.admit(nobody, { ...hello, credential: token }, at), { code: 'certificate-revoked' });
  const next = await book.token('attic');
  await new Promise<void>((resolve) => gate.onChange(resolve));
  t.truthy(gate.admit(nobody, { ...hello, credential: next }, at));
});

test('with `clients: required` a token is not enough', async (t) => {
  const { dir, book } = await testKeys(t);
  await book.token('attic');
  const { gate } = await openGate(t, { tls: { dir, clients: 'required' } });
  t.is(gate.refuses(nobody)?.code, 'certificate-missing');
  t.is(gate.refuses(holder('attic')), null);
});

test('tokens guard plain TCP too, and then every edge needs one', async (t) => {
  const { dir, book } = await testKeys(t);
  const token = await book.token('attic');
  const { gate } = await openGate(t, { tokens: join(dir, names.tokens) });
  t.is(gate.secure, undefined);
  t.is(gate.refuses(undefined), null);
  t.truthy(gate.admit(undefined, { ...hello, credential: token }, at));
  t.throws(() => gate.admit(undefined, hello, at), {
    code: 'certificate-missing',
    message: /^a token is required/,
  });
});

test('a list of tokens that vanishes lets nobody in', async (t) => {
  const { dir, book } = await testKeys(t);
  const token = await book.token('attic');
  const { gate } = await openGate(t, { tls: { dir } });
  const admitted = gate.admit(nobody, { ...hello, credential: token }, at);
  const changed = new Promise<void>((resolve) => gate.onChange(resolve));
  await rm(join(dir, names.tokens));
  await changed;
  t.is(admitted.fault()?.code, 'token-unknown');
});

test('a certificate whose name no edge can have gets nobody in', async (t) => {
  const { dir } = await testKeys(t);
  const { gate } = await openGate(t, { tls: { dir } });
  t.is(gate.refuses({ ...holder('x'), name: null })?.code, 'certificate-untrusted');
});

test('a certificate that ends while its edge is connected ends the connection', async (t) => {
  const { dir } = await testKeys(t);
  const { gate } = await openGate(t, { tls: { dir } });
  let expiresMs = Date.now() + 60_000;
  const peer = {
    ...holder('attic'),
    get expiresMs() {
      return expiresMs;
    },
  };
  const admitted = gate.admit(peer, hello, at);
  t.is(admitted.fault(), null);
  expiresMs = Date.now() - 1;
  t.is(admitted.fault()?.code, 'certificate-time');
  t.throws(() => gate.admit(peer, hello, at), { code: 'certificate-time' });
});

test('keys that are not there, or not as they should be, keep a receiver from starting', async (t) => {
  const dir = await temporaryDirectory(t);
  await t.throwsAsync(openGate(t, { tls: { dir } }), {
    code: 'keys-unreadable',
    message: /ca\.crt is not there/,
  });
  await t.throwsAsync(openGate(t, { tokens: join(dir, 'none.json') }), { code: 'keys-unreadable' });
  const keys = await testKeys(t);
  await writeFile(join(keys.dir, names.revoked), '{"revoked":[{"serial":"xyz"}]}');
  await t.throwsAsync(openGate(t, { tls: { dir: keys.dir } }), {
    code: 'keys-unreadable',
    message: /revoked\.json is not as `fogrun keys` writes it/,
  });
});
