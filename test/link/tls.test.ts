import { rmSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import { names } from '../../src/link/keys/layout.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';
import { dayMs, testKeys } from '../helpers/keys.ts';
import { transportSuite } from '../suites/transport.ts';
import { clock } from './tcp-fixtures.ts';
import { connectedByTls, shifted, tlsWorld } from './tls-fixtures.ts';

const shared: { dir: string } = { dir: '' };
test.before(async () => {
  // Until the very end: a connection that nobody waits for may still read its keys when the last test is over.
  const keys = await testKeys({ teardown() {} });
  process.once('exit', () => rmSync(dirname(keys.dir), { recursive: true, force: true }));
  await keys.device('attic');
  shared.dir = keys.dir;
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
        turnedAway: (remote, why) => void turnedAway.push(`${remote} ${why}`),
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
  t.true(performance.now() - from < 3_000);
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
  await keys.book.renewServer(['later.example']);
  const isRead = () => world.said.some((report) => report.type === 'note' && /read again/.test(report.text));
  while (!isRead()) await new Promise((resolve) => setTimeout(resolve, 20));
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
