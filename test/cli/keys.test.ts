import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { KeyBook } from '../../src/cli/keys/book.ts';
import { keys } from '../../src/cli/keys/keys.ts';
import { factsOf } from '../../src/link/keys/certificate.ts';
import { edgeNameOf } from '../../src/link/keys/edge-keys.ts';
import { names } from '../../src/link/keys/layout.ts';
import { temporaryDirectory } from '../helpers/fogrun.ts';
import { dayMs, testKeys } from '../helpers/keys.ts';

/** `fogrun keys` in a directory of its own; what it says is kept. */
async function shell(t: ExecutionContext, now: () => number = Date.now) {
  const dir = join(await temporaryDirectory(t), 'keys');
  const said: string[] = [];
  const told: string[] = [];
  const run = (...words: string[]) =>
    keys(words, {
      dir,
      json: false,
      hosts: undefined,
      say: (line) => void said.push(line),
      tell: (line) => void told.push(line),
      now,
    });
  const certificate = async (place: string) => new X509Certificate(await readFile(join(dir, place)));
  return { dir, said, told, run, certificate };
}

test('an authority, a server and a device: certificates that Node.js takes without exception', async (t) => {
  const { dir, run, certificate } = await shell(t);
  await run('init', 'cloud.example', '2001:db8::7', '192.0.2.9');
  await run('device', 'attic');
  const ca = await certificate(names.ca);
  t.true(ca.ca);
  t.true(ca.verify(ca.publicKey));
  const server = await certificate(names.serverCert);
  const device = await certificate('devices/attic/device.crt');
  for (const one of [server, device]) {
    t.true(one.checkIssued(ca));
    t.true(one.verify(ca.publicKey));
    t.false(one.ca);
    t.is(one.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  }
  t.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  t.deepEqual(device.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  for (const host of ['cloud.example', 'localhost']) t.is(server.checkHost(host), host);
  for (const address of ['2001:db8::7', '192.0.2.9', '127.0.0.1', '::1'])
    t.is(server.checkIP(address), address);
  t.is(factsOf(device).name, 'attic');
  t.is(
    await readFile(join(dir, 'devices/attic/ca.crt'), 'utf8'),
    await readFile(join(dir, names.ca), 'utf8'),
  );
});

test('lifetimes are sane: an hour back for late clocks, a year for devices and server, ten for the authority', async (t) => {
  const now = Date.UTC(2026, 5, 1, 12);
  const { run, certificate } = await shell(t, () => now);
  await run('init');
  await run('device', 'attic');
  for (const [place, days] of [
    [names.ca, 3_650],
    [names.serverCert, 397],
    ['devices/attic/device.crt', 397],
  ] as const) {
    const facts = factsOf(await certificate(place));
    t.is(now - facts.fromMs, 3_600_000);
    t.is(facts.toMs - now, days * dayMs);
  }
});

test('a certificate never outlives its authority', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const { run, certificate } = await shell(t, () => now);
  await run('init');
  now += 3_600 * dayMs;
  await run('device', 'attic');
  t.is(
    factsOf(await certificate('devices/attic/device.crt')).toMs,
    factsOf(await certificate(names.ca)).toMs,
  );
});

test('files are for their owner alone, also below a loose umask and in a directory that was open', async (t) => {
  const { dir, run } = await shell(t);
  await run('init');
  await chmod(dir, 0o755);
  await run('device', 'attic');
  await run('token', 'quay');
  await run('revoke', 'attic');
  const entries = await readdir(dir, { recursive: true });
  t.true(entries.length >= 12);
  for (const entry of ['.', ...entries]) {
    const found = await stat(join(dir, entry));
    t.is(found.mode & 0o777, found.isDirectory() ? 0o700 : 0o600, entry);
  }
  t.deepEqual(
    entries.filter((entry) => /tmp|lock/.test(entry)),
    [],
  );
});

test('an authority is never written over', async (t) => {
  const { dir, run } = await shell(t);
  await run('init');
  const before = await readFile(join(dir, names.caKey), 'utf8');
  await t.throwsAsync(run('init'), { code: 'keys-exist' });
  t.is(await readFile(join(dir, names.caKey), 'utf8'), before);
});

test('a token is printed once and alone on stdout, with 256 bits in it, and only its hash stays', async (t) => {
  const { dir, run, said, told } = await shell(t);
  await run('token', 'quay');
  await run('token', 'quay');
  const [one, two] = said as [string, string];
  t.regex(one, /^fog_[A-Za-z0-9_-]{43}$/);
  t.not(one, two);
  t.is(said.length, 2);
  t.regex(told[0]!, /FOGRUN_TOKEN.*EDGE_ID=quay/);
  const file = await readFile(join(dir, names.tokens), 'utf8');
  t.false(file.includes(one) || file.includes(one.slice(4)));
  await run('list');
  t.false(said.slice(2).join('\n').includes(one));
});

test('`list` says who is there, until when, and warns early', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const { run, said } = await shell(t, () => now);
  await run('init');
  await run('device', 'attic');
  await run('token', 'quay');
  const list = async () => {
    said.splice(0);
    await run('list');
    return said.join('\n');
  };
  t.regex(await list(), /^attic +device +valid +2027-02-02 \(397 days\)$/m);
  t.regex(await list(), /^quay +token +valid/m);
  now += 370 * dayMs;
  t.regex(await list(), /^attic +device +ends soon +2027-02-02 \(27 days\)$/m);
  now += 30 * dayMs;
  t.regex(await list(), /^server +server +expired/m);
  t.regex(await list(), /^ca +authority +valid/m);
  await run('revoke', 'quay');
  t.regex(await list(), /^quay +token +revoked/m);
});

test('a second certificate for a device says that the first one stays valid', async (t) => {
  const { run, said } = await shell(t);
  await run('init');
  await run('device', 'attic');
  t.notRegex(said.join('\n'), /stays valid/);
  await run('device', 'attic');
  t.regex(said.join('\n'), /^attic had one before: it stays valid until it ends or is revoked\.$/m);
});

test('`renew` makes a new key and keeps the hosts; what was there before is revoked with the name', async (t) => {
  const { dir, run, certificate } = await shell(t);
  await run('init', 'cloud.example');
  await run('device', 'attic');
  const serials = [(await certificate('devices/attic/device.crt')).serialNumber];
  const key = await readFile(join(dir, 'devices/attic/device.key'), 'utf8');
  await run('renew', 'attic');
  serials.push((await certificate('devices/attic/device.crt')).serialNumber);
  t.not(serials[0], serials[1]);
  t.not(await readFile(join(dir, 'devices/attic/device.key'), 'utf8'), key);
  await run('renew', 'server', 'other.example');
  await run('renew');
  const server = await certificate(names.serverCert);
  for (const host of ['cloud.example', 'other.example', 'localhost']) t.is(server.checkHost(host), host);
  await run('revoke', 'attic');
  const { revoked } = JSON.parse(await readFile(join(dir, names.revoked), 'utf8'));
  t.deepEqual(revoked.map(({ serial }: { serial: string }) => serial).sort(), serials.sort());
  await run('device', 'attic');
  t.false(serials.includes((await certificate('devices/attic/device.crt')).serialNumber));
});

test('what is not there is named, with what makes it', async (t) => {
  const { run, dir } = await shell(t);
  await t.throwsAsync(run('list'), { code: 'keys-unreadable', message: /is no keys directory/ });
  await t.throwsAsync(run('device', 'attic'), { code: 'keys-unreadable', message: /ca\.crt is not there/ });
  await run('init');
  await t.throwsAsync(run('revoke', 'attic'), { code: 'key-unknown' });
  await t.throwsAsync(run('renew', 'attic'), { code: 'key-unknown' });
  await writeFile(join(dir, names.caKey), 'no key');
  await t.throwsAsync(run('device', 'attic'), {
    code: 'keys-unreadable',
    message: /not the key of `ca\.crt`/,
  });
  await rm(join(dir, names.caKey));
  await t.throwsAsync(run('device', 'attic'), { code: 'keys-unreadable', message: /ca\.key is not there/ });
});

test('names and words that cannot be are refused before anything is written', async (t) => {
  const { run, dir } = await shell(t);
  await run('init');
  for (const words of [
    ['device', '../../etc/x'],
    ['device', 'a\0b'],
    ['device', ''],
    ['device'],
    ['device', 'server'],
    ['device', 'a', 'b'],
    ['token', '.hidden'],
    ['revoke', 'server'],
    ['renew', 'server', 'http://x'],
    ['erase'],
    [],
  ]) {
    await t.throwsAsync(run(...words), { code: 'usage' }, words.join(' '));
  }
  t.deepEqual((await readdir(dir)).sort(), ['ca.crt', 'ca.key', 'issued.json', 'server']);
});

test('two at once in one directory do not forget each other', async (t) => {
  const { dir, run } = await shell(t);
  await run('init');
  const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => run('token', name)));
  const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
  t.true(done >= 1);
  t.is((await new KeyBook(dir, Date.now).tokens()).length, done);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.is(outcome.reason.code, 'keys-unwritable');
  }
});

test('an edge is called what its certificate says, and another name in the file is an error', async (t) => {
  const made = await testKeys(t);
  const tls = (dir: string) => ({ dir, ca: '', cert: '', key: '' });
  await t.throwsAsync(edgeNameOf(tls(made.dir), { edge: '', token: '' }), {
    code: 'keys-unreadable',
    message: /has none/,
  });
  const folder = await made.device('attic');
  t.is(await edgeNameOf(tls(folder), { edge: '', token: '' }), 'attic');
  t.is(await edgeNameOf(tls(made.dir), { edge: '', token: '' }), 'attic', 'the only one');
  t.is(await edgeNameOf(tls(folder), { edge: 'attic', token: '' }), 'attic');
  await t.throwsAsync(edgeNameOf(tls(folder), { edge: 'cellar', token: '' }), {
    code: 'identity-mismatch',
    message: /says `edge: cellar`, but the certificate .* is that of attic$/,
  });
  await made.device('cellar');
  t.is(await edgeNameOf(tls(made.dir), { edge: 'cellar', token: '' }), 'cellar');
  await t.throwsAsync(edgeNameOf(tls(made.dir), { edge: '', token: '' }), {
    message: /one device, but has attic, cellar/,
  });
  await t.throwsAsync(edgeNameOf(tls(made.dir), { edge: 'quay', token: '' }), {
    message: /no certificate for the edge quay/,
  });
  t.is(await edgeNameOf(tls(made.dir), { edge: 'quay', token: 'fog_x' }), 'quay', 'it has a token instead');
});
