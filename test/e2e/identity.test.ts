import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { uploader } from '../../machines/uploader.ts';
import { createEdgeIdentity } from '../../src/link/edge-identity.ts';
import { openEdgeLink } from '../../src/link/edge-link.ts';
import { names } from '../../src/link/keys/layout.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import {
  type Fogrun,
  filedReadings,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { dayMs, testKeys } from '../helpers/keys.ts';
import { waitedMs } from '../helpers/waited.ts';
import { hello, recorder } from '../link/fixtures.ts';
import { clock, never } from '../link/tcp-fixtures.ts';

const cloudOf = (t: ExecutionContext, env: Record<string, string>) =>
  startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
const edgeOf = (t: ExecutionContext, env: Record<string, string>) =>
  startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
const said = (words: RegExp) => (line: LogLine) => words.test(line.cause ?? line.text ?? line.message ?? '');
const listening = (line: LogLine) => moved('receiver', 'serving.listening')(line);

/** Every reading once and in order, under that name alone. */
async function assertWhole(t: ExecutionContext, env: Record<string, string>, edge: string): Promise<void> {
  for (const readings of (await filedReadings(env.FOGRUN_STATE!, edge)).values()) {
    t.true(readings.length > 0);
    t.deepEqual(
      readings.map(({ seq }) => seq),
      readings.map((_, i) => i + 1),
    );
  }
}

/** Nothing that is secret in those directories stands in anything that was printed. */
async function assertSilent(
  t: ExecutionContext,
  runs: readonly Fogrun[],
  secrets: readonly string[],
): Promise<void> {
  const printed = runs
    .map((run) => run.lines.map((line) => JSON.stringify(line)).join('\n') + run.stderr())
    .join('\n');
  for (const secret of secrets) {
    // Keys have lines; each of them counts.
    for (const part of secret.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'))) {
      t.false(printed.includes(part));
    }
  }
}

test('FOGRUN_TLS switches the shipped pipelines to TLS, and an edge is called what its certificate says', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
  const both = startFogrun(t, [shipped('cloud.yaml'), shipped('edge.yaml'), '--log', 'json'], env);
  await both.line(segment('deleted'));
  const greeted = await both.line(said(/edge hut .* greeted, .*certificate [0-9A-F]{32}/));
  t.is(greeted.pipeline, 'cloud');
  const ps = startFogrun(t, ['ps', '--json'], env);
  await ps.ended;
  t.is((await both.end()).code, 0, both.stderr());
  await assertWhole(t, env, 'hut');
  const secrets = await Promise.all(
    [names.caKey, names.serverKey, 'devices/hut/device.key'].map((name) =>
      readFile(join(keys.dir, name), 'utf8'),
    ),
  );
  await assertSilent(t, [both, ps], secrets);
});

test('another name in the file than in the certificate is an error before anything starts', async (t) => {
  const keys = await testKeys(t);
  const folder = await keys.device('hut');
  const env = await world(t, { EDGE_ID: 'attic', FOGRUN_TLS: folder });
  const edge = edgeOf(t, env);
  t.is((await edge.ended).code, 2);
  t.regex(edge.stderr(), /says `edge: attic`, but the certificate .* is that of hut \(identity-mismatch\)/);
});

test('keys that are not there are named before anything starts, on both sides', async (t) => {
  const env = await world(t, { FOGRUN_TLS: join(await temporaryDirectory(t), 'none') });
  const edge = edgeOf(t, env);
  t.is((await edge.ended).code, 2);
  t.regex(edge.stderr(), /ca\.crt is not there \(keys-unreadable\)/);
  const cloud = cloudOf(t, env);
  t.is((await cloud.ended).code, 2);
  t.true(cloud.lines.some((line) => moved('receiver', 'failed')(line) && line.code === 'keys-unreadable'));
});

test('a revoked edge is turned out within a second while it sends, told why, and delivers all once it has a new certificate', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
  const cloud = cloudOf(t, env);
  await cloud.line(listening);
  const edge = edgeOf(t, env);
  await edge.line(segment('deleted'));
  const waited = async () => (await waitedMs(edge)) + (await waitedMs(cloud));
  const waitedBefore = await waited();
  await keys.book.revoke('hut');
  const revokedMs = Date.now();
  const refused = await edge.line(moved('uploader', 'refused'));
  const othersMs = (await waited()) - waitedBefore;
  const tookMs = Date.parse(refused.time) - revokedMs;
  t.true(tookMs - othersMs < 1_000, `${tookMs} ms, ${othersMs} ms of waiting for a processor`);
  t.regex(refused.cause, /refused \(denied\): the certificate of hut was revoked on \d{4}-/);
  const lost = await cloud.line(
    (line) => line.type === 'transition' && line.to === 'lost' && line.code === 'certificate-revoked',
  );
  t.regex(lost.cause, /the certificate of hut was revoked/);
  await keys.device('hut');
  const back = edge.lines.length;
  await edge.line(segment('deleted'), back);
  await edge.line(moved('uploader', 'idle'), back);
  t.is((await edge.end()).code, 0, edge.stderr());
  t.is((await cloud.end()).code, 0, cloud.stderr());
  await assertWhole(t, env, 'hut');
});

test('renewed certificates on both sides are taken without a restart', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
  const cloud = cloudOf(t, env);
  await cloud.line(listening);
  const edge = edgeOf(t, env);
  const first = await cloud.line(said(/greeted, .*certificate/));
  await keys.book.renewServer(['later.example']);
  await keys.device('hut');
  await cloud.line(said(/the keys were read again/));
  const from = cloud.lines.length;
  const paused = startFogrun(t, ['pause', 'edge/uploader'], env);
  t.is((await paused.ended).code, 0, paused.stderr());
  const resumed = startFogrun(t, ['resume', 'edge/uploader'], env);
  t.is((await resumed.ended).code, 0, resumed.stderr());
  const second = await cloud.line(said(/greeted, .*certificate/), from);
  t.not(/certificate (\w+)/.exec(first.text)![1], /certificate (\w+)/.exec(second.text)![1]);
  t.is((await edge.end()).code, 0);
  t.is((await cloud.end()).code, 0);
  await assertWhole(t, env, 'hut');
});

for (const [what, madeAtMs, words] of [
  [
    'has expired',
    Date.now() - 500 * dayMs,
    /certificate of hut expired on \d{4}-.*; the clock of the cloud says/,
  ],
  [
    'is not valid yet',
    Date.now() + 30 * dayMs,
    /certificate of hut is valid from \d{4}-.*, and the clock of the cloud says/,
  ],
] as const) {
  test(`a certificate that ${what} is a reason on both sides, and nothing is lost until there is a better one`, async (t) => {
    const keys = await testKeys(t);
    const folder = await keys.deviceMadeAt('hut', madeAtMs);
    const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
    const cloud = cloudOf(t, env);
    await cloud.line(listening);
    const edge = edgeOf(t, { ...env, FOGRUN_TLS: folder });
    t.regex((await edge.line(moved('uploader', 'refused'))).cause, words);
    const lost = await cloud.line((line) => line.type === 'transition' && line.to === 'lost');
    t.is(lost.code, 'certificate-time');
    await edge.line((line) => segment('sealed')(line) && line.segment >= 2);
    await keys.device('hut');
    await edge.line(segment('deleted'));
    await edge.end();
    await cloud.end();
    await assertWhole(t, env, 'hut');
  });
}

test('an edge of another authority waits and says why; the cloud says so too', async (t) => {
  const [keys, others] = [await testKeys(t), await testKeys(t)];
  const folder = await others.device('hut');
  const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
  const cloud = cloudOf(t, env);
  await cloud.line(listening);
  const edge = edgeOf(t, { ...env, FOGRUN_TLS: folder });
  const waiting = await edge.line(moved('uploader', 'waitingToRetry'));
  t.is(waiting.code, 'certificate-untrusted');
  await cloud.line(said(/was turned away: .*may not trust the certificate of this cloud/));
});

test('the holder of one certificate who claims another name is denied, which log and audit log tell', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const env = await world(t, { EDGE_ID: '', FOGRUN_TLS: keys.dir });
  const cloud = cloudOf(t, env);
  await cloud.line(listening);
  const identity = createEdgeIdentity(
    uploader.config.parse({ tls: { dir: join(keys.dir, 'devices/hut') } }),
    {
      clock,
      report: () => {},
      edge: () => 'hut',
    },
  );
  const connection = await createTcpTransport({ clock, secure: identity.secure }).dial({
    host: '127.0.0.1',
    port: Number(env.CLOUD_PORT),
    timeoutMs: 10_000,
    signal: never,
  });
  const link = openEdgeLink(connection, { clock, hello: { ...hello, edge: 'attic' }, on: recorder().on });
  await t.throwsAsync(link.greeting, { message: /refused \(denied\): .*says it is the edge attic: refused/ });
  await cloud.line((line) => line.type === 'transition' && line.code === 'identity-denied');
  await cloud.end();
  const audit = await readFile(join(env.FOGRUN_STATE!, 'cloud', 'audit.ndjson'), 'utf8');
  t.like(JSON.parse(audit.trim().split('\n')[0]!), {
    action: 'greet',
    target: 'cloud/receiver',
    outcome: 'identity-denied',
    user: 'the holder of the certificate of hut',
  });
});

test('a token lets its own edge in without a certificate, and a stolen one opens no other stream', async (t) => {
  const keys = await testKeys(t);
  const token = await keys.book.token('quay');
  const folder = join(await temporaryDirectory(t), 'device');
  await mkdir(folder);
  await copyFile(join(keys.dir, names.ca), join(folder, names.ca));
  const env = await world(t, { EDGE_ID: 'quay', FOGRUN_TLS: keys.dir });
  const cloud = cloudOf(t, env);
  await cloud.line(listening);
  const edge = edgeOf(t, { ...env, FOGRUN_TLS: folder, FOGRUN_TOKEN: token });
  await edge.line(segment('deleted'));
  t.is((await edge.end()).code, 0);

  const elsewhere = await world(t, { ...env, FOGRUN_STATE: await temporaryDirectory(t), EDGE_ID: 'attic' });
  const port = { CLOUD_PORT: env.CLOUD_PORT! };
  const thief = edgeOf(t, { ...elsewhere, ...port, FOGRUN_TLS: folder, FOGRUN_TOKEN: token });
  const refused = await thief.line(moved('uploader', 'refused'));
  t.regex(refused.cause, /the holder of the token of quay .* says it is the edge attic: refused/);
  await thief.end();

  // From the file beside the authority's certificate, and then revoked.
  await writeFile(join(folder, names.token), `${token}\n`);
  const again = edgeOf(t, { ...env, FOGRUN_TLS: folder });
  await again.line(segment('deleted'));
  await keys.book.revoke('quay');
  t.regex((await again.line(moved('uploader', 'refused'))).cause, /the token of quay was revoked on/);
  await again.end();
  const ps = startFogrun(t, ['ps', '--json'], env);
  await ps.ended;
  await cloud.end();
  await assertWhole(t, env, 'quay');
  await assertSilent(t, [cloud, edge, thief, again, ps], [token]);
});

test('plain TCP to a TLS port, and TLS to a plain port, say what is wrong on both sides', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const env = await world(t, { EDGE_ID: '' });
  const secure = cloudOf(t, { ...env, FOGRUN_TLS: keys.dir });
  await secure.line(listening);
  const plain = edgeOf(t, env);
  t.regex(
    (await plain.line(moved('uploader', 'refused'))).cause,
    /this cloud speaks TLS only: set `tls` \(FOGRUN_TLS\)/,
  );
  await secure.line(said(/was turned away: it does not speak TLS/));
  await plain.end();
  await secure.end();

  const open = cloudOf(t, env);
  await open.line(listening);
  const other = await world(t, { EDGE_ID: '', CLOUD_PORT: env.CLOUD_PORT!, FOGRUN_TLS: keys.dir });
  const edge = edgeOf(t, { ...other, CLOUD_PORT: env.CLOUD_PORT! });
  t.is((await edge.line(moved('uploader', 'waitingToRetry'))).code, 'tls-mismatch');
  await open.line(said(/it speaks TLS, and this side does not/));
});

test('plain TCP beyond this machine refuses to start and says how to mend it; asked for by name, it is an alarm', async (t) => {
  const env = await world(t, { CLOUD_BIND: '0.0.0.0' });
  const refused = cloudOf(t, env);
  t.is((await refused.ended).code, 2);
  t.regex(
    refused.stderr(),
    /`0\.0\.0\.0` is open to everybody.*FOGRUN_TLS=DIR.*`fogrun keys init`.*`insecure: true`/,
  );
  const dialling = edgeOf(t, { ...env, CLOUD_HOST: 'cloud.example' });
  t.is((await dialling.ended).code, 2);
  t.regex(dialling.stderr(), /`cloud\.example` would be dialled without TLS/);
  const lines = startFogrun(t, [shipped('ingest.yaml')], { ...env, INGEST_BIND: '::' });
  t.is((await lines.ended).code, 2);
  t.regex(lines.stderr(), /`::` is open to everybody/);

  const insecure = { ...env, FOGRUN_INSECURE: 'true' };
  const cloud = cloudOf(t, insecure);
  const alarm = await cloud.line((line) => line.type === 'alarm');
  t.is(alarm.level, 'warn');
  t.regex(alarm.text, /^insecure: listens on 0\.0\.0\.0:\d+ in plain TCP/);
  await cloud.line(listening);
  const ps = startFogrun(t, ['ps'], { ...env, FORCE_COLOR: '1' });
  await ps.ended;
  t.true(ps.lines.some(({ text }) => /^ +! insecure: listens on 0\.0\.0\.0/.test(text ?? '')));
});
