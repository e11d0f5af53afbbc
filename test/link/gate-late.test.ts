/** What changes between the moments in which a gate judges. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import type { Peer } from '../../src/contract/transport.ts';
import { createGate, type Gate } from '../../src/link/gate.ts';
import { names, readNeeded } from '../../src/link/keys/layout.ts';
import { testKeys } from '../helpers/keys.ts';
import { hello } from './fixtures.ts';
import { clock } from './tcp-fixtures.ts';

const at = '192.0.2.7:5000';
const nobody: Peer = { name: null, serial: null, expiresMs: null, problem: null };
const holder: Peer = { name: 'attic', serial: 'AB', expiresMs: Date.now() + 60_000, problem: null };
const revokedText = JSON.stringify({
  revoked: [{ serial: 'AB', name: 'attic', at: '2026-01-01T00:00:00.000Z' }],
});

async function gateOn(t: ExecutionContext) {
  const keys = await testKeys(t);
  const gate = createGate(cloudReceiver.config.parse({ tls: { dir: keys.dir } }), {
    clock,
    target: 'cloud/receiver',
    audit: () => {},
  })!;
  t.teardown(() => gate.close());
  return { ...keys, gate };
}

const change = (gate: Gate) => new Promise<void>((resolve) => gate.onChange(resolve));

test('a certificate that is revoked after the handshake does not get in by a late greeting', async (t) => {
  const { dir, gate } = await gateOn(t);
  await gate.open(() => {});
  t.is(gate.refuses(holder), null);
  const changed = change(gate);
  await writeFile(join(dir, names.revoked), revokedText);
  await changed;
  t.throws(() => gate.admit(holder, hello, at), { code: 'certificate-revoked' });
});

test('a damaged list of tokens does not keep a revoked certificate from counting', async (t) => {
  const { dir, book, gate } = await gateOn(t);
  await book.token('attic');
  await gate.open(() => {});
  const admitted = gate.admit(holder, hello, at);
  const changed = change(gate);
  await writeFile(join(dir, names.tokens), '{"tok');
  await writeFile(join(dir, names.revoked), revokedText);
  await changed;
  t.is(admitted.fault()?.code, 'certificate-revoked');
});

test('a damaged list of certificates does not keep a revoked token from counting', async (t) => {
  const { dir, book, gate } = await gateOn(t);
  const token = await book.token('attic');
  await gate.open(() => {});
  const admitted = gate.admit(nobody, { ...hello, credential: token }, at);
  const file = join(dir, names.tokens);
  const { tokens } = JSON.parse(await readNeeded(file, ''));
  const changed = change(gate);
  await writeFile(join(dir, names.revoked), 'no JSON');
  const revoked = '2026-01-01T00:00:00.000Z';
  await writeFile(file, JSON.stringify({ tokens: [{ ...tokens[0], revoked }] }));
  await changed;
  t.is(admitted.fault()?.code, 'certificate-revoked');
});

test('under another authority those who are in must greet again, and a late greeting does not get in', async (t) => {
  const { dir, gate } = await gateOn(t);
  const other = await testKeys(t);
  await gate.open(() => {});
  const peer = { ...holder, authority: await readNeeded(join(dir, names.ca), '') };
  const admitted = gate.admit(peer, hello, at);
  t.false(admitted.outdated());
  const changed = change(gate);
  for (const name of [names.ca, names.serverCert, names.serverKey]) {
    await writeFile(join(dir, name), await readNeeded(join(other.dir, name), ''));
  }
  await changed;
  while (!admitted.outdated()) await change(gate);
  t.throws(() => gate.admit(peer, hello, at), { code: 'certificate-untrusted' });
});
