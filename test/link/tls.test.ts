import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import test from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import { names, readNeeded } from '../../src/link/keys/layout.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';
import { dayMs, testKeys } from '../helpers/keys.ts';
import { transportSuite } from '../suites/transport.ts';
import { clock, loopback, never, watch } from './tcp-fixtures.ts';
import { connectedByTls, shifted, tlsWorld } from './tls-fixtures.ts';

const shared: { dir: string } = { dir: '' };
const cleanUp: (() => unknown)[] = [];
test.before(async () => {
  const keys = await testKeys({ teardown: (act) => void cleanUp.push(act) });
  await keys.device('attic');
  shared.dir = keys.dir;
});
test.after.always(async () => {
  for (const act of cleanUp) await act();
});
const both = () => ({ cloud: { dir: shared.dir }, edge: { dir: shared.dir }, edgeName: 'attic' });

transportSuite(test, 'TLS', async (t) => {
  const { gate, identity, close } = await tlsWorld(both());
  t.teardown(close);
  const secure = { ...gate.secure, ...identity.secure };
  return {
    transport: createTcpTransport({ clock, secure }),
    capped(caps) {
      const turnedAway: string[] = [];
      const transport = createTcpTransport({
        clock,
        caps,
        secure,
        turnedAway: (_, why) => void turnedAway.push(why),
      });
      return { transport, turnedAway };
    },
    settle: (promise) => promise,
  };
});

test('the cloud knows an edge by its certificate, and the edge a cloud by its name', async (t) => {
  const { world, far, near } = await connectedByTls(both());
  t.like(far.peer, { name: 'attic', problem: null });
  t.regex(far.peer!.serial!, /^[0-9A-F]{32}$/);
  t.is(world.gate.refuses(far.peer), null);
  near.destroy();
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

test('a cloud of another authority is not trusted, and the edge says so', async (t) => {
  const others = await testKeys(t);
  await others.device('attic');
  const world = await tlsWorld({ ...both(), edge: { dir: others.dir } });
  await t.throwsAsync(world.dial(), {
    code: 'certificate-untrusted',
    message: /not from the authority that this side trusts/,
  });
  await world.close();
});

test('an edge of another authority is told, and does not get in', async (t) => {
  const others = await testKeys(t);
  const folder = await others.device('attic');
  // It trusts this cloud, and shows what another authority made.
  const mixed = await temporaryDirectory(t);
  await copyFile(join(shared.dir, names.ca), join(mixed, names.ca));
  for (const name of [names.deviceCert, names.deviceKey])
    await copyFile(join(folder, name), join(mixed, name));
  const { world, far, near } = await connectedByTls({ ...both(), edge: { dir: mixed } });
  t.is(world.gate.refuses(far.peer)?.code, 'certificate-untrusted');
  near.destroy();
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

test('a cloud under a name that is not in its certificate is refused, with the names that are', async (t) => {
  const world = await tlsWorld({ ...both(), edge: { dir: shared.dir, 'server-name': 'cloud.example' } });
  const error = await t.throwsAsync(world.dial(), {
    code: 'certificate-name',
    message: /is for localhost, 127\.0\.0\.1, ::1.*, not for cloud\.example$/,
  });
  t.regex((error as unknown as Problem).advice, /fogrun keys renew server cloud\.example/);
  await world.close();
});

test('an edge whose clock is wrong says what the clock says and when the certificate begins', async (t) => {
  const now = Date.now();
  const past = await testKeys(t, () => now + 30 * dayMs);
  await past.device('attic');
  const world = await tlsWorld({ cloud: { dir: past.dir }, edge: { dir: past.dir }, edgeName: 'attic' });
  const error = await t.throwsAsync(world.dial(), {
    code: 'certificate-time',
    message: /is valid from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, and the clock of this machine says \d{4}-/,
  });
  t.regex((error as unknown as Problem).advice, /Set the clock/);
  await world.close();
});

test('a cloud whose certificate has expired is refused with the date, and shows an alarm itself', async (t) => {
  const then = Date.now() - 500 * dayMs;
  const keys = await testKeys(t, () => then);
  await keys.deviceMadeAt('attic', Date.now());
  const world = await tlsWorld({ cloud: { dir: keys.dir }, edge: { dir: keys.dir }, edgeName: 'attic' });
  await t.throwsAsync(world.dial(), {
    code: 'certificate-time',
    message: /the certificate of the cloud at .* expired on /,
  });
  t.true(
    world.said.some(
      (report) => report.type === 'alarm' && /of this cloud expired on/.test(report.text ?? ''),
    ),
  );
  await world.close();
});

for (const [what, shift, words] of [
  ['expired', -500 * dayMs, /the certificate of attic expired on .*; the clock of the cloud says/],
  ['not valid yet', 30 * dayMs, /the certificate of attic is valid from .*, and the clock of the cloud says/],
] as const) {
  test(`a certificate that is ${what} gets as far as a reason`, async (t) => {
    const keys = await testKeys(t);
    await keys.deviceMadeAt('attic', Date.now() + shift);
    const { world, far, near } = await connectedByTls({
      cloud: { dir: keys.dir },
      edge: { dir: keys.dir },
      edgeName: 'attic',
    });
    const fault = world.gate.refuses(far.peer);
    t.is(fault?.code, 'certificate-time');
    t.regex(fault!.message, words);
    near.destroy();
    await world.close();
  });
}

test('a certificate that is revoked counts no longer, within a second and for those who are in', async (t) => {
  const keys = await testKeys(t);
  await keys.device('attic');
  const { world, far, near } = await connectedByTls({
    cloud: { dir: keys.dir },
    edge: { dir: keys.dir },
    edgeName: 'attic',
  });
  const admitted = world.gate.admit(far.peer, { edge: 'attic' } as never, far.remote);
  t.is(admitted.fault(), null);
  const changed = new Promise<void>((resolve) => world.gate.onChange(resolve));
  const from = performance.now();
  await keys.book.revoke('attic');
  await changed;
  t.true(performance.now() - from < 1_000);
  t.is(admitted.fault()?.code, 'certificate-revoked');
  t.regex(admitted.fault()!.message, /the certificate of attic was revoked on \d{4}-/);
  t.is(world.gate.refuses(far.peer)?.code, 'certificate-revoked');
  near.destroy();
  await world.close();
});

test('a revoked certificate stays revoked when the list vanishes or cannot be read', async (t) => {
  const keys = await testKeys(t);
  await keys.device('attic');
  await keys.book.revoke('attic');
  const world = await tlsWorld({ cloud: { dir: keys.dir }, edge: { dir: keys.dir }, edgeName: 'attic' });
  const next = world.next();
  const near = await world.dial();
  const far = await next;
  t.is(world.gate.refuses(far.peer)?.code, 'certificate-revoked');
  await writeFile(join(keys.dir, names.revoked), 'not JSON');
  const alarm = () => world.said.some((report) => report.type === 'alarm' && report.about === 'keys');
  while (!alarm()) await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(world.gate.refuses(far.peer)?.code, 'certificate-revoked');
  near.destroy();
  await world.close();
});

test('a renewed certificate of the cloud is shown to the next edge, without a new listener', async (t) => {
  const keys = await testKeys(t);
  await keys.device('attic');
  const world = await tlsWorld({
    cloud: { dir: keys.dir },
    edge: { dir: keys.dir, 'server-name': 'later.example' },
    edgeName: 'attic',
  });
  await t.throwsAsync(world.dial(), { code: 'certificate-name' });
  const changed = new Promise<void>((resolve) => world.gate.onChange(resolve));
  await keys.book.renewServer(['later.example']);
  await changed;
  const near = await world.dial();
  near.destroy();
  await world.close();
  t.pass();
});

test('an edge takes its renewed certificate at the next connection', async (t) => {
  const keys = await testKeys(t);
  await keys.device('attic');
  const world = await tlsWorld({ cloud: { dir: keys.dir }, edge: { dir: keys.dir }, edgeName: 'attic' });
  const serials: (string | null | undefined)[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const next = world.next();
    const near = await world.dial();
    serials.push((await next).peer?.serial);
    near.destroy();
    await keys.device('attic');
  }
  t.not(serials[0], serials[1]);
  await world.close();
});

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
  const fast = {
    ...clock,
    setTimeout: (run: () => void, ms: number) => clock.setTimeout(run, ms === 10_000 ? 200 : ms),
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
  const next = world.next();
  const near = await world.dial();
  t.is((await next).peer?.name, 'attic');
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

test('an edge dials under no other name than its own', async (t) => {
  const world = await tlsWorld({
    ...both(),
    edge: { dir: join(shared.dir, names.devices, 'attic') },
    edgeName: 'other',
  });
  await t.throwsAsync(world.dial(), {
    code: 'identity-mismatch',
    message: /is that of attic, and this edge is other/,
  });
  await world.close();
});

test('an edge says early that its certificate ends', async (t) => {
  const world = await tlsWorld({ ...both(), edgeClock: shifted(380 * dayMs) });
  const near = await world.dial();
  t.true(
    world.said.some(
      (report) => report.type === 'alarm' && /of this edge ends in 1\d days/.test(report.text ?? ''),
    ),
  );
  near.destroy();
  await world.close();
});
