// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import fc from 'fast-check';
import { check, edge } from './fixtures.ts';

const mebibyte = 2 ** 20;
const repeat = (text: string) => text.repeat(Math.floor((mebibyte - 1_000) / text.length));

const laughs = `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefgh']
  .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join(', ')}]\n`)
  .join('')}`;

const oneLine: readonly (readonly [string, string, RegExp])[] = [
  ['20,000 brackets', '['.repeat(20_000), /^a.yaml:1:65: nested deeper than 64 levels$/],
  ['a megabyte of brackets', repeat('['), /nested deeper than 64 levels$/],
  ['a megabyte of dashes', repeat('- '), /nested deeper than 64 levels$/],
  ['a megabyte of question marks', repeat('? '), /nested deeper than 64 levels$/],
  [
    'deep indentation',
    Array.from({ length: 1_000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    /nested deeper/,
  ],
  ['a file of 100 MB', 'x'.repeat(100 * mebibyte), /^a.yaml:1:1: the file is larger than 1MiB$/],
  ['a billion laughs', laughs, /more than 20000 values \(aliases count in full\)$/],
  [
    'a megabyte of different keys',
    Array.from({ length: 90_000 }, (_, i) => `k${i}: 1\n`).join(''),
    /more than 2/,
  ],
  ['a megabyte of quotes', repeat('"'), /more than 200000 words and signs$/],
  ['a megabyte of documents', repeat('---\n'), /more than 200000 words and signs$|a second YAML document/],
  [
    '10,000 actors',
    `fogrun: 1\npipeline: p\nactors: {${Array.from({ length: 10_000 }, (_, i) => `a${i}`)}}`,
    /: more than/,
  ],
];

for (const [what, text, line] of oneLine) {
  test(`${what} get one clear error, soon`, (t) => {
    const started = performance.now();
    const { lines } = check(text);
    t.is(lines.length, 1);
    t.regex(lines[0]!, line);
    // Far above what it takes; a quadratic walk over a megabyte takes minutes.
    t.true(performance.now() - started < 20_000);
  });
}

test('a thousand misspelt actors are told soon', (t) => {
  const actors = Array.from({ length: 1_000 }, (_, i) => `a${i}: { kind: smother, to: b${i} }`).join(', ');
  t.is(check(`fogrun: 1\npipeline: p\nactors: { ${actors} }\n`).lines.length, 101);
});

test('keys named like parts of the prototype do no harm', (t) => {
  for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
    const { plan, lines } = check(edge(`retry: { ${key}: { polluted: 1 } }`));
    t.is(plan, null);
    t.true(lines[0]!.includes(`actors.barometer.retry.${key}: unknown key`), lines[0]);
    t.true(
      check(`fogrun: 1\npipeline: p\nactors: { a: { kind: ${key} } }`).lines[0]!.includes('unknown kind'),
    );
  }
  t.is(({} as { polluted?: number }).polluted, undefined);
});

/** A plan or problems, never both, and every line fit for a terminal. */
function sound(text: string, variables: Record<string, string> = {}): void {
  const { plan, problems, lines } = check(text, variables);
  if ((plan === null) !== problems.length > 0) throw new Error('neither plan nor problems, or both');
  const lineCount = text.split('\n').length;
  for (const { line, column } of problems) {
    if (!(line >= 1 && line <= lineCount && column >= 1)) throw new Error(`no such place ${line}:${column}`);
  }
  for (const line of lines)
    if (/[\u0000-\u001f\u007f-\u009f\u202e]/.test(line)) throw new Error('control character');
}

const runs = { numRuns: 500 };

test('any text gives a plan or problems', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => sound(text)),
    runs,
  );
  const signs = fc.constantFrom(
    ...'{}[]:,-?&*!|>\'"%@`#$ \n\t~'.split(''),
    'a',
    '1',
    '${',
    '}',
    '<<',
    '---',
    '!!',
    '\r\n',
  );
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 60 }), (parts) => sound(parts.join(''))),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('any damage to a valid file gives a plan or problems', (t) => {
  const valid = edge(
    'every: ${EVERY:-1s}, retry: { every: 1s }, labels: [a, b], shape: { shape: steps, values: [1, 2] }',
  );
  const damage = fc.tuple(
    fc.nat(valid.length),
    fc.nat(12),
    fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('${', '}', '{', '[', '\n', ': ', '- ', '*a', '&a ', '"', '!!x '),
    ),
  );
  fc.assert(
    fc.property(fc.array(damage, { maxLength: 4 }), fc.string(), (damages, value) => {
      let text = valid;
      for (const [at, cut, put] of damages) text = text.slice(0, at) + put + text.slice(at + cut);
      sound(text, { EVERY: value });
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('any JSON value in any place gives a plan or problems', (t) => {
  const places = ['fogrun', 'pipeline', 'edge', 'store', 'actors'];
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue(), fc.jsonValue(), (place, value, config) => {
      const actor =
        typeof config === 'object' && !Array.isArray(config) ? config : { shape: config, retry: config };
      const file = { fogrun: 1, pipeline: 'p', actors: { a: { kind: 'poller', ...actor } }, [place]: value };
      sound(JSON.stringify(file));
    }),
    runs,
  );
  t.pass();
});
