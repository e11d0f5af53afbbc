// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { kinds } from '../../machines/index.ts';
import { identityChecks } from '../../src/cli/doctor/identity.ts';
import { rereadPlan } from '../../src/cli/reread.ts';
import type { Plan } from '../../src/contract/plan.ts';
import { checkPipeline, formatProblem } from '../../src/pipeline/check.ts';
import { dayMs, testKeys } from '../helpers/keys.ts';
import { clock } from '../link/tcp-fixtures.ts';
import { shifted } from '../link/tls-fixtures.ts';

const edge = (uploader: string) => `fogrun: 1
pipeline: edge
store: { path: s }
actors:
  sensor: { kind: simulated-sensor, device: d, sensor: s, unit: K, every: 1s, to: rotator }
  rotator: { kind: file-rotator, to: up }
  up: { kind: uploader, ${uploader}, to: acks }
  acks: { kind: ack-handler }
`;
const check = (text: string, variables: Record<string, string> = {}) =>
  checkPipeline({ file: 'edge.yaml', text }, { kinds, variables, cwd: '/' });

async function found(text: string, now = clock) {
  const { plan } = check(text);
  const findings = await Promise.all(identityChecks([plan!], now).map((one) => one.run()));
  return findings.flat();
}

test('a token that is written into the file draws a warning that does not repeat it', (t) => {
  const { warnings, problems } = check(edge('token: hunter2hunter2'));
  t.is(problems.length, 0);
  t.is(warnings.length, 1);
  t.regex(formatProblem(warnings[0]!), /actors\.up\.token: a secret stands in the file/);
  t.notRegex(formatProblem(warnings[0]!), /hunter2/);
  t.is(check(edge('token: "${FOGRUN_TOKEN:-}"'), { FOGRUN_TOKEN: 'hunter2' }).warnings.length, 0);
  const wrong = check(edge('token: "hunter2 hunter2"'));
  t.is(wrong.problems.length, 1);
  t.notRegex(wrong.problems.map(formatProblem).join('\n'), /hunter2/);
});

test('doctor says whose certificate it is and how long it lasts, and warns early', async (t) => {
  const keys = await testKeys(t);
  await keys.device('hut');
  const text = edge(`tls: { dir: "${keys.dir}" }`);
  t.like(await found(text), [
    { grade: 'good', text: 'the certificate of edge/up is that of hut and lasts 396 more days' },
  ]);
  t.like(await found(text, shifted(380 * dayMs)), [{ grade: 'warning' }]);
  const [ended] = await found(text, shifted(400 * dayMs));
  t.is(ended!.grade, 'failure');
  t.regex(ended!.text, /the certificate of edge\/up expired on/);
  const [missing] = await found(edge(`tls: { dir: "${keys.dir}/none" }`));
  t.is(missing!.grade, 'failure');
  t.regex(missing!.text, /ca\.crt is not there/);
});

test('doctor warns of a private key that others on the machine can read', async (t) => {
  const keys = await testKeys(t);
  const folder = await keys.device('hut');
  await chmod(join(folder, 'device.key'), 0o640);
  const [, exposed, ...more] = await found(edge(`tls: { dir: "${folder}" }`));
  t.is(more.length, 0);
  t.is(exposed!.grade, 'warning');
  t.regex(exposed!.text, /device\.key can be read by others on this machine/);
});

test('doctor looks at the keys of a console as at those of the link, and says the same of them', async (t) => {
  const keys = await testKeys(t);
  const text = (tls: string) =>
    `${edge('insecure: true')}console: { host: 0.0.0.0, token: "a-token-that-nobody-guesses", tls: { ${tls} } }\n`;
  const [server, ca] = [join(keys.dir, 'server'), join(keys.dir, 'ca.crt')];
  t.like(await found(text(`dir: "${keys.dir}"`)), [
    { grade: 'good', text: 'the certificate of the console of edge lasts 396 more days' },
  ]);
  t.like(await found(text(`dir: "${keys.dir}"`), shifted(380 * dayMs)), [{ grade: 'warning' }]);
  t.like(await found(text(`dir: "${keys.dir}"`), shifted(400 * dayMs)), [{ grade: 'failure' }]);
  const [missing, ...more] = await found(text(`dir: "${keys.dir}/none"`));
  t.is(more.length, 0);
  t.is(missing!.grade, 'failure');
  t.regex(missing!.text, /^the console of edge: .*none\/server\/server\.crt is not there$/);
  t.regex(missing!.advice, /fogrun keys/);
  const [foreign] = await found(text(`cert: "${ca}", key: "${server}/server.key"`));
  t.regex(foreign!.text, /^the console of edge: .*server\.key is not the key of the certificate/);
  await chmod(join(server, 'server.key'), 0o644);
  const [, exposed] = await found(text(`cert: "${server}/server.crt", key: "${server}/server.key"`));
  t.is(exposed!.grade, 'warning');
  t.regex(exposed!.text, /server\.key can be read by others on this machine/);
  t.deepEqual(await found(`${edge('insecure: true')}console: {}\n`), []);
});

test('doctor warns of plain TCP that was asked for', async (t) => {
  const [plain, ...more] = await found(edge('cloud: { host: cloud.example }, insecure: true'));
  t.is(more.length, 0);
  t.is(plain!.grade, 'warning');
  t.regex(plain!.text, /^edge\/up: insecure: dials cloud\.example:7070 in plain TCP/);
  t.deepEqual(await found(edge('insecure: true')), []);
});

test('a reload onto keys of the cloud that are not there, or a list that cannot be read, is refused', async (t) => {
  const { dir } = await testKeys(t);
  const file = join(dir, 'cloud.yaml');
  const reread = async (tls: string) => {
    const receiver = `{ kind: cloud-receiver, tls: { dir: ${JSON.stringify(tls)} } }`;
    await writeFile(
      file,
      `fogrun: 1\npipeline: cloud\nstore: { path: s }\nactors: { receiver: ${receiver} }\n`,
    );
    return rereadPlan({ file } as Plan, () => Promise.reject(new Error('no process is asked for')));
  };
  t.is((await reread(dir)).plan.name, 'cloud');
  const missing = await t.throwsAsync(reread(join(dir, 'nokeys')), { code: 'keys-unreadable' });
  t.regex(missing!.message, /nokeys\/ca\.crt is not there/);
  await writeFile(join(dir, 'revoked.json'), '{');
  await t.throwsAsync(reread(dir), { code: 'keys-unreadable' });
});
