// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import { check } from './fixtures.ts';

const file = (config: string) => `fogrun: 1\npipeline: p\nactors: { g: { kind: guarded, ${config} } }\n`;

test('a secret in the file is allowed, with a warning', (t) => {
  const { plan, warningLines } = check(file('token: hunter2-hunter2'));
  t.truthy(plan);
  t.deepEqual(warningLines, [
    'a.yaml:3:38: actors.g.token: a secret stands in the file (take it from the environment: "${TOKEN}")',
  ]);
});

test('a secret from the environment draws no warning, a default or text beside it does', (t) => {
  const variables = { TOKEN: 'from-outside' };
  t.is(check(file('token: "${TOKEN}"'), variables).warnings.length, 0);
  t.is(check(file('token: "${TOKEN:-}"'), variables).warnings.length, 0);
  t.is(check(file('token: "${TOKEN:-hunter2-hunter2}"'), variables).warnings.length, 1);
  t.is(check(file('token: "pre-${TOKEN}"'), variables).warnings.length, 1);
  t.is(check(file('token: "${TOKEN}", more: { key: x }'), variables).warnings.length, 1);
});

test('no message prints the value of a secret', (t) => {
  const wrong = [
    'hunter2',
    '[hunter2]',
    '{ hunter2: hunter2 }',
    '7777777',
    '"${TOKEN}"',
    'hunter2, more: hunter2',
  ];
  const broken = [
    '!hunter2',
    '*hunter2',
    '|hunter2',
    '"\\hunter2"',
    '"${hunter2 }"',
    '"${A:-${hunter2}"',
    '[a] hunter2',
  ];
  for (const value of [...wrong, ...broken]) {
    const { lines, warningLines } = check(file(`token: ${value}`), { TOKEN: 'hunter2' });
    t.true(lines.length > 0, value);
    t.notRegex([...lines, ...warningLines].join('\n'), /hunter2|7777777/, value);
  }
});
