// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import { check, edge } from './fixtures.ts';

const configOf = (config: string, variables: Record<string, string | undefined> = {}) => {
  const { plan, lines } = check(edge(config), variables);
  return {
    config: plan?.actors.find(({ name }) => name === 'barometer')?.config as Record<string, unknown>,
    lines,
  };
};

test('a variable is put in, quoted or not, also inside braces', (t) => {
  for (const written of ['"${HOST}"', "'${HOST}'", '${HOST}', '${HOST:-x, y: z}', '${HOST:?say: #1, [it]}']) {
    t.is(configOf(`host: ${written}`, { HOST: 'h' }).config?.host, 'h', written);
  }
});

test('the default stands in for a variable that is unset or empty', (t) => {
  t.is(configOf('host: "${HOST:-d}"').config.host, 'd');
  t.is(configOf('host: "${HOST:-d}"', { HOST: '' }).config.host, 'd');
  t.is(configOf('host: ${HOST:-d e}', { HOST: undefined }).config.host, 'd e');
  t.is(configOf('uid: "${UID:-}"').config.uid, '');
  t.is(configOf('uid: "${UID}"', { UID: '' }).config.uid, '');
});

test('several variables and text make one value', (t) => {
  t.is(configOf('host: ${A}-${B:-b}.${A}', { A: '1' }).config.host, '1-b.1');
});

test('a doubled dollar sign keeps the text as it is', (t) => {
  t.is(configOf('host: "$${A} $x $"').config.host, '${A} $x $');
  t.is(configOf('host: $${A}').config.host, '${A}');
});

test('numbers, booleans, durations and choices may come from variables', (t) => {
  const variables = { PORT: '99', EVERY: '2s', EXACT: 'true', TYPE: 'thermometer' };
  const { config } = configOf('port: ${PORT}, every: ${EVERY}, exact: ${EXACT}, type: ${TYPE}', variables);
  t.like(config, { port: 99, every: 2_000, exact: true, type: 'thermometer' });
});

test('what is put in stays text and never becomes structure', (t) => {
  const value = 'x, port: 1 }\n  evil: { kind: emulator } # "\'${A}';
  t.is(configOf('host: ${HOST}', { HOST: value }).config.host, value);
  t.is(configOf('host: "${HOST}"', { HOST: value }).config.host, value);
});

test('keys and comments are left alone', (t) => {
  const { lines } = check(`${edge()}# \${NOPE} {\n"\${KEY}": 1\n`);
  t.is(lines.length, 1);
  t.true(lines[0]!.startsWith('a.yaml:10:1: "${KEY}": unknown key'));
});

test('each variable that is missing is told at its own place', (t) => {
  t.deepEqual(configOf('host: "a-${HOST}-${B:?name the host}-${HOST}"').lines, [
    'a.yaml:5:52: actors.barometer.host: the variable `HOST` is not set (set it, or write ${HOST:-default})',
    'a.yaml:5:60: actors.barometer.host: the variable `B` is not set: name the host',
    'a.yaml:5:80: actors.barometer.host: the variable `HOST` is not set (set it, or write ${HOST:-default})',
  ]);
});

test('an empty variable does not do where a message was written', (t) => {
  t.deepEqual(configOf('host: "${B:?name it}"', { B: '' }).lines, [
    'a.yaml:5:50: actors.barometer.host: the variable `B` is not set: name it',
  ]);
});

test('what is no variable is told', (t) => {
  t.deepEqual(configOf('host: "${1X} ${A:-${B}} ${open"').lines, [
    'a.yaml:5:50: actors.barometer.host: not a variable (such as ${NAME}, ${NAME:-default} or ${NAME:?message}; write $${ for a plain ${)',
    'a.yaml:5:56: actors.barometer.host: the text after `:-` cannot hold another variable',
    'a.yaml:5:67: actors.barometer.host: a `${` without its closing brace (write `$${` for a plain `${`)',
  ]);
});

test('a wrong value names the variable that it came from', (t) => {
  t.deepEqual(configOf('port: ${PORT}', { PORT: 'abc' }).lines, [
    'a.yaml:5:49: actors.barometer.port: expected a whole number, got `abc` (the value came from the variable `PORT`)',
  ]);
  t.deepEqual(configOf('every: "${EVERY:-soon}"').lines, [
    'a.yaml:5:50: actors.barometer.every: `soon` is not a duration (such as 250ms, 1s, 15m, 2h) (the value came from the default of `EVERY`)',
  ]);
});

test('names of the object prototype are no variables', (t) => {
  t.is(configOf('host: "${constructor}"').lines.length, 1);
  t.is(configOf('host: "${toString:-d}"').config.host, 'd');
});

test('the store and the names take variables too', (t) => {
  const text = edge()
    .replace('path: state/edge', 'path: "${STATE:-.fogrun}/edge"')
    .replace('pipeline: edge', 'pipeline: ${P}');
  const { plan } = check(text, { P: 'north', STATE: '/data' });
  t.is(plan?.name, 'north');
  t.is(plan?.store?.path, '/data/edge');
});
