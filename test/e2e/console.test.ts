import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { openPage } from '../console/served.ts';
import {
  type Fogrun,
  freePort,
  moved,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { testKeys } from '../helpers/keys.ts';

const json = ['--log', 'json'];
const secret = 'not-to-be-seen-by-anybody';

/** Resolves to the address that it prints. */
async function addressOf(fogrun: Fogrun): Promise<URL> {
  const { text } = await fogrun.line(
    ({ type, actor, text }) => type === 'note' && actor === 'console' && /^in the browser: /.test(text),
  );
  return new URL(String(text).slice('in the browser: '.length));
}

test('one page shows both pipelines, and a child that is killed is shown as gone until it is back', async (t) => {
  const env = await world(t);
  const files = [shipped('cloud.yaml'), shipped('edge.yaml')];
  const fogrun = startFogrun(t, [...files, '--console', '0', ...json], env);
  const { port } = await addressOf(fogrun);
  const page = await openPage(Number(port));
  const attached = (pipeline: string, is: boolean, from = 0) =>
    page.event(
      (event) =>
        event.type === 'pipeline' && event.pipeline === pipeline && event.attached === is && event.id > from,
    );
  const { id: expected } = await attached('edge', false, -1);
  await attached('edge', true, expected);
  await attached('cloud', true, -1);
  const told = await page.event((event) => event.type === 'status' && event.status.pipeline === 'edge');
  process.kill((told as { status: { pid: number } }).status.pid, 'SIGKILL');
  const lost = await attached('edge', false, Math.max(told.id, 1));
  t.is((lost as { cause?: { code: string } }).cause?.code, 'control-lost');
  t.true((lost as unknown as { actors: { name: string }[] }).actors.some(({ name }) => name === 'uploader'));
  await attached('edge', true, lost.id);
  const startedMs = performance.now();
  t.is((await fogrun.end()).code, 0);
  t.true(performance.now() - startedMs < 15_000);
  await page.ended;
});

test('a pause from the page is done and stands in the audit log; no answer shows a secret of the file', async (t) => {
  const secrets = { FOGRUN_SECRET: secret, FOGRUN_TOKEN: `${secret}-1`, TINKERFORGE_SECRET: `${secret}-2` };
  const env = await world(t, secrets);
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'edge.yaml');
  const text = await readFile(shipped('edge.yaml'), 'utf8');
  await writeFile(file, `${text}\nconsole: { port: 0, token: "\${FOGRUN_SECRET}" }\n`);
  const fogrun = startFogrun(t, [file, ...json], env);
  const url = await addressOf(fogrun);
  const headers = { authorization: `Bearer ${secret}` };
  t.is((await fetch(new URL('api/hello', url))).status, 401);
  const hello = (await (await fetch(new URL('api/hello', url), { headers })).json()) as { key: string };
  const page = await openPage(Number(url.port), headers);
  await page.event((event) => event.type === 'status');
  const done = await fetch(new URL('api/act', url), {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'x-fogrun-key': hello.key },
    body: JSON.stringify({ pipeline: 'edge', actor: 'uploader', action: 'pause' }),
  });
  t.is(done.status, 200, await done.clone().text());
  await page.event(
    (event) =>
      event.type === 'entries' &&
      event.entries.some(({ report }) => report.type === 'transition' && report.to === 'paused'),
  );
  const asked = [
    '',
    'api/hello',
    'api/letters?pipeline=edge',
    'api/fleet?pipeline=edge',
    'api/weather?pipeline=edge',
  ];
  asked.push('api/charts/uploader', 'metrics', 'healthz', 'readyz', 'sign-in', 'api/nothing', 'api/fleet');
  for (const path of asked) {
    const answer = await fetch(new URL(path, url), { headers });
    t.false((await answer.text()).includes(secret), path);
  }
  t.false(JSON.stringify([page.hello, page.events]).includes(secret));
  page.close();
  await fogrun.end();
  t.false(fogrun.lines.some((line) => JSON.stringify(line).includes(secret)));
  const audit = await readFile(join(env.FOGRUN_STATE!, 'edge', 'audit.ndjson'), 'utf8');
  const entry = JSON.parse(audit.split('\n').find((line) => line.includes('console: pause'))!);
  t.is(entry.command, 'console: pause edge/uploader');
  t.is(entry.user, "holder of the console's token at 127.0.0.1");
  t.is(entry.outcome, 'done');
  t.false(audit.includes(secret));
});

test('a port that is taken is told with advice, harms no pipeline, and is used once it is free', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const fogrun = startFogrun(t, [shipped('edge.yaml'), '--console', String(port), ...json], await world(t));
  const { code, message, advice } = await fogrun.line(
    ({ type, actor }) => type === 'problem' && actor === 'console',
  );
  t.is(code, 'address-in-use');
  t.true(message.startsWith('no console: ') && message.includes(String(port)));
  t.truthy(advice);
  await fogrun.line(moved('rotator', 'filling'));
  await new Promise((resolve) => taken.close(resolve));
  t.is(Number((await addressOf(fogrun)).port), port);
  t.is((await fogrun.end()).code, 0);
});

test('`fogrun console` shows what other processes run, also what is started later, and ends alone', async (t) => {
  const env = await world(t);
  const viewer = startFogrun(t, ['console', '--console', '0', ...json], env);
  const page = await openPage(Number((await addressOf(viewer)).port));
  await page.event(({ type }) => type === 'reset');
  const edge = startFogrun(t, [shipped('edge.yaml'), ...json], env);
  await page.event((event) => event.type === 'pipeline' && event.pipeline === 'edge' && event.attached);
  await page.event((event) => event.type === 'status' && event.status.pipeline === 'edge');
  t.is((await viewer.end()).code, 0);
  t.is((await edge.end()).code, 0);
});

test('beyond this machine it is served with a token and TLS, refused without, and nothing is started then', async (t) => {
  const { dir } = await testKeys(t);
  const env = await world(t);
  const port = String(await freePort());
  const words = [shipped('edge.yaml'), '--console', `0.0.0.0:${port}`, ...json];
  for (const lacking of [{}, { FOGRUN_TLS: dir }, { FOGRUN_CONSOLE_TOKEN: secret }]) {
    const refused = startFogrun(t, words, { ...env, ...lacking });
    t.is((await refused.ended).code, 2);
    t.regex(refused.stderr(), /open to everybody .*\(console-exposed\)\n.*FOGRUN_CONSOLE_TOKEN/);
    t.deepEqual(
      refused.lines.filter(({ type }) => type === 'transition'),
      [],
    );
  }
  const short = startFogrun(t, words, { ...env, FOGRUN_TLS: dir, FOGRUN_CONSOLE_TOKEN: 'admin' });
  t.is((await short.ended).code, 2);
  t.false(short.stderr().includes('admin'));
  const file = join(await temporaryDirectory(t), 'edge.yaml');
  const text = await readFile(shipped('edge.yaml'), 'utf8');
  const tls = `tls: { dir: ${dir} }`;
  await writeFile(file, `${text}\nconsole: { host: 0.0.0.0, port: 0, ${tls}, token: "\${CONSOLE_TOKEN}" }\n`);
  const fogrun = startFogrun(t, [file, ...json], { ...env, CONSOLE_TOKEN: secret });
  const url = await addressOf(fogrun);
  t.is(url.protocol, 'https:');
  t.not(url.hostname, '0.0.0.0', 'which nobody could open');
  const ca = await readFile(join(dir, 'ca.crt'), 'utf8');
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: url.port,
          path: '/api/hello',
          ca,
          headers,
          agent: false,
          servername: 'localhost',
        },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      );
      asked.once('error', reject);
      asked.end();
    });
  t.is(await status({ host: 'localhost' }), 401);
  t.is(await status({ host: url.host, authorization: `Bearer ${secret}` }), 200);
  t.is(await status({ host: 'localhost', authorization: `Bearer ${secret}` }), 200);
  t.is(await status({ host: 'evil.example', authorization: `Bearer ${secret}` }), 421);
  t.is((await fogrun.end()).code, 0);
});

test('without a console nothing of it is loaded', async (t) => {
  const hooks = join(await temporaryDirectory(t), 'hooks.mjs');
  await writeFile(
    hooks,
    `import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        if (/src\\/console\\/|node_modules\\/ws\\/|inspect\\/drawing\\/|node:http/.test(url)) process.stderr.write('LOADED ' + url + '\\n');
        return next(url, context);
      },
    });`,
  );
  const run = async (words: readonly string[]) => {
    const env = { ...(await world(t)), NODE_OPTIONS: `--import ${hooks}` };
    const fogrun = startFogrun(t, [shipped('edge.yaml'), ...words, ...json], env);
    await fogrun.line(moved('rotator', 'filling'));
    if (words.length > 0) await addressOf(fogrun);
    await fogrun.end();
    return fogrun
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('LOADED '));
  };
  t.deepEqual(await run([]), []);
  t.true((await run(['--console', '0'])).length > 10);
});
