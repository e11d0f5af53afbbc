// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import { check } from './fixtures.ts';

const file = (config: string) =>
  `fogrun: 1\npipeline: p\nconsole: ${config}\nactors: { g: { kind: guarded, token: "\${T}" } }\n`;
const variables = { T: 'from-the-environment' };

test('a file that asks for no console has none, and one that asks gets it on this machine', (t) => {
  const none = check('fogrun: 1\npipeline: p\nactors: { g: { kind: guarded, token: "${T}" } }\n', variables);
  t.is(none.plan!.console, undefined);
  t.deepEqual(check(file('{}'), variables).plan!.console, {
    ...{ host: '127.0.0.1', port: 7_800, token: '', 'allow-hosts': [], origins: [] },
    tls: { dir: '', cert: '', key: '' },
  });
  t.is(check(file('{ port: "${PORT}" }'), { ...variables, PORT: '8000' }).plan!.console!.port, 8_000);
});

test('a console that others could reach needs a token and TLS, which is told at the line', (t) => {
  const open = 'is open to everybody who can reach this machine, without';
  const { lines } = check(file('{ host: 0.0.0.0 }'), variables);
  t.deepEqual(lines, [`a.yaml:3:18: console.host: \`0.0.0.0\` ${open} \`token\` and \`tls\``]);
  const token = 'token: "${T}"';
  t.regex(check(file(`{ host: 0.0.0.0, ${token} }`), variables).lines[0]!, /without `tls`$/);
  t.truthy(check(file(`{ host: 0.0.0.0, ${token}, tls: { dir: keys } }`), variables).plan);
  t.truthy(check(file(`{ host: localhost }`), variables).plan);
});

test('a token that can be guessed is refused, one in the file draws a warning, and none is printed', (t) => {
  const short = check(file('{ token: hunter2 }'), variables);
  t.regex(short.lines[0]!, /^a\.yaml:3:19: console\.token: too short: a token has at least 16 characters/);
  const literal = check(file('{ token: hunter2-hunter2-hunter2 }'), variables);
  t.truthy(literal.plan);
  t.regex(literal.warningLines[0]!, /^a\.yaml:3:19: console\.token: a secret stands in the file/);
  t.false(JSON.stringify([short.lines, short.warningLines, literal.warningLines]).includes('hunter2'));
  t.deepEqual(check(file('{ token: "${T}" }'), variables).warningLines, []);
});

test('what is misspelt or does not fit is told with what was meant', (t) => {
  const told = (config: string) => check(file(config), variables).lines.join('\n');
  t.regex(told('{ prot: 1 }'), /console\.prot: unknown key .*port/);
  t.regex(told('{ port: 70000 }'), /console\.port/);
  t.regex(told('{ tls: { cert: a.crt } }'), /console\.tls\.key: `cert` and `key` belong together/);
  t.regex(told('{ tls: { dir: keys, cert: a.crt, key: a.key } }'), /console\.tls\.dir: .*exclude each other/);
  t.regex(told('{ origins: [fog.example.org] }'), /console\.origins.*expected an origin such as/);
  t.regex(told('{ allow-hosts: ["a b"] }'), /console\.allow-hosts/);
});
