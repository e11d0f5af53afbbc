import { rmSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import net from 'node:net';
import { dirname, join } from 'node:path';
import tls from 'node:tls';
import test from 'ava';
import { names, readNeeded } from '../../src/link/keys/layout.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';
import { testKeys } from '../helpers/keys.ts';
import { clock, loopback, never, watch } from './tcp-fixtures.ts';
import { tlsWorld } from './tls-fixtures.ts';

const shared: { dir: string } = { dir: '' };
test.before(async () => {
  // Until the very end: a connection that nobody waits for may still read its keys when the last test is over.
  const keys = await testKeys({ teardown() {} });
  process.once('exit', () => rmSync(dirname(keys.dir), { recursive: true, force: true }));
  await keys.device('attic');
  shared.dir = keys.dir;
});
const both = () => ({ cloud: { dir: shared.dir }, edge: { dir: shared.dir }, edgeName: 'attic' });

test('what greets in plain TCP at a TLS port is told so in its own words', async (t) => {
  const world = await tlsWorld({ cloud: { dir: shared.dir } });
  const near = await world.dial();
  const side = watch(near);
  near.write(Buffer.from('464f4752554e0001', 'hex'));
  await side.closed();
  t.regex(side.text(), /^FOGRUN\0\x01.*\x04\{"code":"denied","reason":"this cloud speaks TLS only/s);
  t.regex(await world.turnedAway, /does not speak TLS, which this port wants/);
  await world.close();
});

test('garbage, silence and half a handshake at a TLS port end within the deadline and hurt nobody', async (t) => {
  let deadlineMs = 200;
  const fast = {
    ...clock,
    setTimeout: (run: () => void, ms: number) => clock.setTimeout(run, ms === 10_000 ? deadlineMs : ms),
  };
  const world = await tlsWorld({ ...both(), cloudClock: fast });
  const sent = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
    Buffer.from([0x16, 0x03, 0x01, 0xff, 0xff]),
    Buffer.alloc(100_000, 0x80),
    Buffer.alloc(0),
  ];
  const ends = sent.map(async (bytes) => {
    const socket = net.connect(world.listener.port, '127.0.0.1');
    socket.on('error', () => {});
    if (bytes.length > 0) socket.write(bytes);
    socket.resume();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  });
  await Promise.all(ends);
  t.is(world.away.length, sent.length);
  t.is(world.accepted.length, 0);
  deadlineMs = 10_000;
  // Whoever only looks whether the port is open is not turned away.
  const look = net.connect(world.listener.port, '127.0.0.1', () => look.end());
  look.resume();
  await new Promise<void>((resolve) => look.once('close', () => resolve()));
  const next = world.next();
  const near = await world.dial();
  t.is((await next).peer?.name, 'attic');
  t.is(world.away.length, sent.length);
  near.destroy();
  await world.close();
});

test('an edge that speaks TLS to a port that does not is told what is wrong', async (t) => {
  const plain = createTcpTransport({ clock });
  const listener = await plain.listen(loopback, (connection) => {
    connection.listen({ onData: () => connection.destroy(), onDrain() {}, onClose() {} });
  });
  const { createEdgeIdentity } = await import('../../src/link/edge-identity.ts');
  const { uploader } = await import('../../machines/uploader.ts');
  const identity = createEdgeIdentity(uploader.config.parse({ tls: { dir: shared.dir } }), {
    clock,
    report: () => {},
    edge: () => 'attic',
  });
  const dialler = createTcpTransport({ clock, secure: identity.secure });
  await t.throwsAsync(
    dialler.dial({ host: '127.0.0.1', port: listener.port, timeoutMs: 5_000, signal: never }),
    { code: 'tls-mismatch', message: /does not answer in TLS/ },
  );
  await listener.close();
});

test('dialling by TLS has one deadline for all of it', async (t) => {
  const silent = net.createServer((socket) => void socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as net.AddressInfo;
  const { createEdgeIdentity } = await import('../../src/link/edge-identity.ts');
  const { uploader } = await import('../../machines/uploader.ts');
  const identity = createEdgeIdentity(uploader.config.parse({ tls: { dir: shared.dir } }), {
    clock,
    report: () => {},
    edge: () => 'attic',
  });
  const dialler = createTcpTransport({ clock, secure: identity.secure });
  await t.throwsAsync(dialler.dial({ host: '127.0.0.1', port, timeoutMs: 300, signal: never }), {
    code: 'link-unreachable',
    message: /no answer within 300 ms/,
  });
  silent.close();
});

test('a key that is not that of the certificate is named, and nothing of it is shown', async (t) => {
  const keys = await testKeys(t);
  const [a, b] = [await keys.device('a'), await keys.device('b')];
  const mixed = await temporaryDirectory(t);
  await mkdir(mixed, { recursive: true });
  await copyFile(join(a, names.ca), join(mixed, names.ca));
  await copyFile(join(a, names.deviceCert), join(mixed, names.deviceCert));
  await copyFile(join(b, names.deviceKey), join(mixed, names.deviceKey));
  const world = await tlsWorld({ cloud: { dir: keys.dir }, edge: { dir: mixed }, edgeName: 'a' });
  const error = await t.throwsAsync(world.dial(), {
    code: 'keys-unreadable',
    message: /is not the key of the certificate/,
  });
  const key = await readNeeded(join(b, names.deviceKey), '');
  t.false(error!.message.includes(key.split('\n')[1]!));
  await world.close();
});

test('a device cannot stand in for the cloud', async (t) => {
  const keys = await testKeys(t);
  const folder = await keys.device('attic');
  const world = await tlsWorld({
    cloud: {
      ca: join(keys.dir, names.ca),
      cert: join(folder, names.deviceCert),
      key: join(folder, names.deviceKey),
    },
    edge: { dir: keys.dir, 'server-name': 'attic' },
    edgeName: 'attic',
  });
  await t.throwsAsync(world.dial(), { code: 'certificate-untrusted', message: /made for the other side/ });
  await world.close();
});

test('only TLS 1.3 is spoken, and nothing is resumed', async (t) => {
  const world = await tlsWorld(both());
  const folder = join(shared.dir, names.devices, 'attic');
  const read = (name: string) => readNeeded(join(folder, name), '');
  const own = {
    host: '127.0.0.1',
    port: world.listener.port,
    ca: await read(names.ca),
    cert: await read(names.deviceCert),
    key: await read(names.deviceKey),
  };
  const old = tls.connect({ ...own, maxVersion: 'TLSv1.2' });
  const error = await new Promise<Error & { code?: string }>((resolve) => old.once('error', resolve));
  t.regex(error.code!, /PROTOCOL_VERSION/);
  const sessions: Buffer[] = [];
  const now = tls.connect(own);
  now.on('session', (session) => sessions.push(session));
  await new Promise<void>((resolve) => now.once('secureConnect', () => resolve()));
  t.is(now.getProtocol(), 'TLSv1.3');
  now.end();
  await new Promise<void>((resolve) => now.once('close', () => resolve()));
  for (const session of sessions) {
    const again = tls.connect({ ...own, session });
    await new Promise<void>((resolve) => again.once('secureConnect', () => resolve()));
    t.false(again.isSessionReused());
    again.destroy();
  }
  await world.close();
});
