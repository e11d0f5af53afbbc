import test from 'ava';
import { formatProblem } from '../../src/pipeline/check.ts';
import { check, edge } from './fixtures.ts';

const head = 'fogrun: 1\npipeline: p\n';
const emulator = 'actors: { a: { kind: emulator } }\n';
const allKinds =
  'known: poller, file-rotator, uploader, ack-handler, cloud-receiver, forecaster, smoother, emulator, guarded';
const nameRule = '1 to 64 letters, digits, `.`, `_` or `-`, the first and last a letter or digit';

/** What is wrong, the text, and every line that it must give. */
const syntax: readonly (readonly [string, string, readonly string[]])[] = [
  ['an empty file', '', ['1:1: the file is empty; expected a pipeline (it begins with `fogrun: 1`)']],
  [
    'only a comment',
    '# soon\n',
    ['1:1: the file is empty; expected a pipeline (it begins with `fogrun: 1`)'],
  ],
  ['a list', '- a\n', ['1:1: expected a mapping with `fogrun: 1`, `pipeline:` and `actors:`, got a list']],
  ['a word', 'hi', ['1:1: expected a mapping with `fogrun: 1`, `pipeline:` and `actors:`, got `hi`']],
  [
    'two documents',
    `${head}${emulator}---\nx: 1\n`,
    ['4:1: a second YAML document; a pipeline file holds one'],
  ],
  ['a tab', 'actors:\n\ta: 1\n', ['2:1: a tab stands where indentation is expected (indent with spaces)']],
  ['an open brace', 'a: { b: 1\n', ['2:1: a `{` without its `}` (close it, and indent what is in it)']],
  ['an open quote', 'a: "p\n', ['2:1: a quote " that is not closed']],
  [
    'a second colon',
    'a: b: c\n',
    ['1:4: a second `:` in one value (put the value in quotes, or align the next line with the keys)'],
  ],
  [
    'misaligned keys',
    'a:\n  b: 1\n c: 2\n',
    ['3:1: the indentation does not fit the lines before it (align it with its neighbours)'],
  ],
  [
    'a tag',
    'a: !!js/function x\n',
    ['1:4: a tag that is not known (leave it out, or put text that begins with `!` in quotes)'],
  ],
  ['an old YAML', '%YAML 1.1\n---\na: yes\n', ['1:1: YAML version 1.1 is not understood; expected 1.2']],
  [
    'an alias of nothing',
    'a: *b\n',
    ['1:4: a: an alias that names no anchor before it (put text that begins with `*` in quotes)'],
  ],
  [
    'an alias of itself',
    'a: &b [*b]\n',
    ['1:8: a[0]: an alias that stands inside what it names (put text that begins with `*` in quotes)'],
  ],
  ['a list as key', '[a]: 1\n', ['1:1: a key must be text']],
  ['a key twice', 'a: 1\na: 2\n', ['2:1: a: the key is there twice (leave one of them)']],
  ['a NUL', 'a: \0\n', ['1:4: the control character U+0000 is not allowed']],
  ['another format version', 'fogrun: 2\nx: 1\n', ['1:9: fogrun: the file has format version 2; expected 1']],
];

const values: typeof syntax = [
  ['__proto__', `${head}__proto__: { x: 1 }\n${emulator}`, ['3:1: __proto__: unknown key']],
  [
    'missing keys',
    emulator,
    ['1:1: fogrun: is missing; expected the number 1', '1:1: pipeline: is missing; expected text'],
  ],
  [
    'a misspelt key at the top',
    `${head}actor: {}\n${emulator}`,
    ['3:1: actor: unknown key (did you mean `actors`?)'],
  ],
  [
    'bad names',
    'fogrun: 1\npipeline: ../x\nedge: "a b"\nactors: { "a b": { kind: emulator } }\n',
    [
      `2:11: pipeline: \`../x\` is not a name: ${nameRule}`,
      `3:7: edge: \`a b\` is not a name: ${nameRule}`,
      `4:11: actors."a b": \`a b\` is not a name: ${nameRule}`,
    ],
  ],
  [
    'a bad store',
    `${head}store: { path: "", max: 1MiB, when-full: drop, x: 1 }\nactors: { a: { kind: ack-handler }, b: { kind: file-rotatr, to: a } }\n`,
    [
      '3:16: store.path: expected at least 1 character, got an empty text',
      '3:25: store.max: `1MiB` is not between 4MiB and 4096TiB',
      '3:42: store.when-full: expected `block`, `drop-oldest` or `drop-newest`, got `drop`',
      '3:48: store.x: unknown key (known: path, max, when-full)',
      '4:48: actors.b.kind: unknown kind `file-rotatr` (did you mean `file-rotator`?)',
    ],
  ],
  [
    'a cloud that is to drop',
    `${head}store: { path: "/s", when-full: drop-newest }\nactors: { a: { kind: cloud-receiver } }\n`,
    [
      '3:33: store.when-full: expected `block`, got `drop-newest`: a cloud holds edges back and drops nothing (say it in the pipelines of the edges)',
    ],
  ],
  [
    'kinds',
    `${head}actors: { a: { kind: zzz }, b: {}, c: { kind: 7 }, d: 1 }\n`,
    [
      `3:22: actors.a.kind: unknown kind \`zzz\` (${allKinds})`,
      `3:32: actors.b.kind: is missing; expected the name of a kind (${allKinds})`,
      '3:47: actors.c.kind: expected the name of a kind, got a number',
      '3:55: actors.d: expected a mapping with `kind`, got a number',
    ],
  ],
  ['no actors', `${head}actors: {}\n`, ['3:1: actors: no actors; a pipeline needs at least one']],
  ['empty actors', `${head}actors:\n`, ['3:1: actors: no actors; a pipeline needs at least one']],
  ['no actors key', head, ['1:1: actors: is missing; expected a mapping of names to actors']],
];

/** The same for the config of one poller, which begins at line 5, column 43. */
const configs: typeof syntax = [
  ['a misspelt key', 'evry: 5s', ['43: .evry: unknown key (did you mean `every`?)']],
  [
    'a misspelt key further in',
    'retry: { evry: 1s }',
    ['52: .retry.evry: unknown key (did you mean `every`?)'],
  ],
  [
    'a key like none',
    'zzzzzzz: 1',
    [
      '43: .zzzzzzz: unknown key (known: host, port, secret, every, type, exact, shape, labels, window, uid, retry, kind, to, unless, process)',
    ],
  ],
  [
    'a number for a duration',
    'every: 5',
    ['50: .every: expected a duration such as 250ms, got a number (give it a unit, such as 5s)'],
  ],
  [
    'a word for a duration',
    'every: soon',
    ['50: .every: `soon` is not a duration (such as 250ms, 1s, 15m, 2h)'],
  ],
  ['a list for a duration', 'every: [1s]', ['50: .every: expected a duration such as 250ms, got a list']],
  ['a duration out of bounds', 'every: 2d', ['50: .every: `2d` is not between 10ms and 1d']],
  ['a port out of bounds', 'port: 70000', ['49: .port: expected at most 65535, got 70000']],
  ['a word for a port', 'port: abc', ['49: .port: expected a whole number, got `abc`']],
  ['a fraction for a port', 'port: 1.5', ['49: .port: expected a whole number, got 1.5']],
  ['nothing for a port', 'port:', ['49: .port: expected a whole number, got nothing']],
  ['NaN', 'window: .nan', ['51: .window: expected a number or `none`, got NaN']],
  [
    'an unknown choice',
    'type: barometr',
    ['49: .type: expected `barometer` or `thermometer`, got `barometr` (did you mean `barometer`?)'],
  ],
  ['yes', 'exact: yes', ['50: .exact: expected `true` or `false`, got `yes`']],
  ['digits for text', 'uid: 0123', ['48: .uid: expected text, got a number (put it in quotes: `"0123"`)']],
  ['a mapping in a list of texts', 'labels: [a, {}]', ['55: .labels[1]: expected text, got a mapping']],
  ['nothing for a mapping', 'retry: ', ['51: .retry: expected a mapping, got nothing']],
  [
    'a branch that does not exist',
    'shape: { shape: sin }',
    ['59: .shape.shape: expected `sine` or `steps`, got `sin` (did you mean `sine`?)'],
  ],
  [
    'mistakes in a branch',
    'shape: { shape: sine, amplitude: -1 }',
    [
      '50: .shape.period: is missing; expected a duration such as 250ms',
      '76: .shape.amplitude: expected at least 0, got -1',
    ],
  ],
  ['no branch', 'shape: { amplitude: 1 }', ['50: .shape.shape: is missing; expected `sine` or `steps`']],
  [
    'too few',
    'shape: { shape: steps, values: [1] }',
    ['74: .shape.values: expected at least 2 entries, got 1'],
  ],
  ['a union', 'window: non', ['51: .window: expected a number or `none`, got `non` (did you mean `none`?)']],
  ['a union with one branch that fits', 'window: 0', ['51: .window: expected at least 1, got 0']],
];

for (const [what, text, lines] of [...syntax, ...values]) {
  test(`${what} is told with its place`, (t) => {
    const { plan, lines: got } = check(text);
    t.deepEqual(
      got,
      lines.map((line) => `a.yaml:${line}`),
    );
    t.is(plan, null);
  });
}

for (const [what, config, lines] of configs) {
  test(`in a config, ${what} is told with its place`, (t) => {
    const { plan, lines: got } = check(edge(config));
    t.deepEqual(
      got,
      lines.map((line) => `a.yaml:5:${line.replace(': .', ': actors.barometer.')}`),
    );
    t.is(plan, null);
  });
}

test('all problems come at once, in the order of the text', (t) => {
  const { problems } = check(
    'fogrun: 1\nactors:\n  b: { kind: x }\n  a: { kind: poller, every: 1, port: x }\nextra: 1\n',
  );
  t.deepEqual(
    problems.map(({ line, column, path }) => [line, column, path]),
    [
      [1, 1, 'pipeline'],
      [3, 14, 'actors.b.kind'],
      [4, 6, 'actors.a.to'],
      [4, 29, 'actors.a.every'],
      [4, 38, 'actors.a.port'],
      [5, 1, 'extra'],
    ],
  );
});

test('a hundred problems are listed and the rest counted', (t) => {
  const keys = Array.from({ length: 150 }, (_, i) => `x${i}: 1`).join('\n');
  const { lines } = check(`${head}${emulator}${keys}\n`);
  t.is(lines.length, 101);
  t.regex(lines.at(-1)!, /: and 50 more problems$/);
});

test('places are right behind a byte order mark and CRLF', (t) => {
  const { lines } = check('\ufefffogrun: 1\r\npipeline: p\r\nactors:\r\n  a: { kind: emulater }\r\n');
  t.deepEqual(lines, ['a.yaml:4:14: actors.a.kind: unknown kind `emulater` (did you mean `emulator`?)']);
});

test('foreign text cannot steer the terminal', (t) => {
  const { lines } = check(`${head}actors: { "a\\e[31m": { kind: "\\e[2J\\u202ered" } }\n`);
  t.is(lines.length, 2);
  for (const line of lines) t.notRegex(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  t.true(lines[1]!.includes('unknown kind `\\u001b[2J\\u202ered`'));
});

test('a problem without path or hint leaves no punctuation behind', (t) => {
  const place = { file: 'x\n.yaml', line: 3, column: 4 };
  t.is(formatProblem({ ...place, path: '', message: 'm', hint: '' }), 'x\\n.yaml:3:4: m');
  t.is(formatProblem({ ...place, path: 'a.b', message: 'm', hint: 'h' }), 'x\\n.yaml:3:4: a.b: m (h)');
});

test('words of a schema are made safe as well', (t) => {
  const { lines } = check(edge('every: "\\e[2J"'));
  t.deepEqual(lines, [
    'a.yaml:5:50: actors.barometer.every: `\\u001b[2J` is not a duration (such as 250ms, 1s, 15m, 2h)',
  ]);
});
